"""A PostgreSQL with PostGIS, as Debian has it, that keeps the events of a data set in one table, with all their parts."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.engine import make_url

from bench.datasets import SETTINGS, Data

DEBIAN = Path("/usr/share/postgresql")
_ACCOUNT = "postgres"  # PostgreSQL is never root; Debian's packages make this user
_SETTINGS = SETTINGS | {
    "listen_addresses": "",
    "work_mem": "32MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # starting one takes longer than the whole of a query
}
_TABLE = """
CREATE EXTENSION postgis;
CREATE TABLE event (
 id text PRIMARY KEY, type text, status text, title text, summary text, date_start date, date_end date, place text,
 geometry geometry(Point, 4326), countries jsonb, actors jsonb, sources jsonb)"""
_EVENTS = """
SELECT e.id, e.type, e.status, e.title, e.summary, e.date_start, e.date_end, e.place_name,
 'SRID=4326;POINT(' || e.longitude || ' ' || e.latitude || ')',
 (SELECT json_agg(json_build_object('code', c.code, 'name', c.name, 'role', l.role))
  FROM event_country l JOIN country c ON c.code = l.country_code WHERE l.event_id = e.id),
 (SELECT json_agg(json_build_object('id', a.id, 'name', a.name, 'role', l.role))
  FROM event_actor l JOIN actor a ON a.id = l.actor_id WHERE l.event_id = e.id),
 (SELECT json_agg(json_build_object('id', s.id, 'title', s.title, 'publisher', s.publisher,
   'language', s.language, 'published', s.published, 'url', s.url))
  FROM evidence l JOIN source s ON s.id = l.source_id WHERE l.event_id = e.id)
FROM event e WHERE e.withdrawn IS NULL"""
# An index by days would do harm: PostgreSQL would go through most of it for every box.
_READY = (
    "CREATE INDEX event_geometry ON event USING gist (geometry)",
    "CLUSTER event USING event_geometry",  # what is in one box lies together
    "VACUUM ANALYZE event",
    "CHECKPOINT",
)


class Place(NamedTuple):
    """Where the table `event` is: a folder with the socket, and a database."""

    host: Path
    database: str


@contextmanager
def served(data: Data, folder: Path) -> Iterator[Place]:
    """The events in PostGIS, filled in once; RuntimeError where PostGIS is not installed or does not start."""
    cluster = _Cluster(folder)
    cluster.start()
    try:
        yield Place(cluster.place, _filled(data, cluster.place))
    except psycopg.Error as error:
        raise RuntimeError(f"PostGIS cannot be filled: {error}") from error
    finally:
        cluster.stop()


class _Cluster:
    """A server's data and its socket, in the scratch folder."""

    def __init__(self, folder: Path) -> None:
        version = _version()
        self.place = folder / f"postgis-{version}"
        self._commands = Path(f"/usr/lib/postgresql/{version}/bin")

    def start(self) -> None:
        """Make it where there is none, and start it, anew where an earlier run has left it behind."""
        if not (self.place / "PG_VERSION").exists():
            self.place.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(self.place, _ACCOUNT)
            self._run("initdb", "--locale=C", "--encoding=UTF8", "--auth=trust", f"--username={_ACCOUNT}")
        with suppress(RuntimeError):
            self.stop()
        settings = _SETTINGS | {"unix_socket_directories": str(self.place)}
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        self._run("pg_ctl", "start", "--wait", f"--log={self.place / 'log'}", f"--options={options}")

    def stop(self) -> None:
        """End it."""
        self._run("pg_ctl", "stop", "--wait", "--mode=fast")

    def _run(self, command: str, *words: str) -> None:
        account: dict[str, Any] = {"user": _ACCOUNT, "group": _ACCOUNT} if os.geteuid() == 0 else {}
        whole = [str(self._commands / command), "-D", str(self.place), *words]
        try:
            subprocess.run(whole, check=True, capture_output=True, text=True, cwd=self.place, **account)  # noqa: S603
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"{command} failed: {(error.stderr or error.stdout)[-300:]}") from error


def _version() -> str:
    """Of the newest PostgreSQL that has PostGIS."""
    found = DEBIAN.glob("*/extension/postgis.control")
    versions = sorted((file.parts[-3] for file in found), key=int)
    if not versions:
        raise RuntimeError("PostGIS is missing: 'apt-get install postgresql-15-postgis-3 postgresql-15'")
    return versions[-1]


def _filled(data: Data, host: Path) -> str:
    """The name of the database with the events of `data`."""
    name = str(make_url(data.url).database)
    partial = f"{name}_partial"
    with _connected(host, "postgres") as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        server.execute(f"DROP DATABASE IF EXISTS {partial} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {partial}")
        with _connected(host, partial) as target, psycopg.connect(data.url) as source:
            target.execute(_TABLE)
            _copy(source, target)
            for statement in _READY:
                target.execute(statement)
        server.execute(f"ALTER DATABASE {partial} RENAME TO {name}")
    return name


def _copy(source: psycopg.Connection, target: psycopg.Connection) -> None:
    with (
        source.cursor().copy(f"COPY ({_EVENTS}) TO STDOUT") as given,
        target.cursor().copy("COPY event FROM STDIN") as taken,
    ):
        for part in given:
            taken.write(part)


def _connected(host: Path, database: str) -> psycopg.Connection:
    return psycopg.connect(host=str(host), user=_ACCOUNT, dbname=database, autocommit=True)

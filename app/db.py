"""One way to read and one way to write, on either database."""

import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

from app import postgres_reads
from app.postgres_reads import PostgresReads
from app.settings import Settings
from app.snapshots import Readable
from app.sqlite import sqlite3
from app.sqlite_reads import SqliteReads

_PATIENCE = 30  # seconds for a lock of SQLite


def reads(settings: Settings) -> Readable:
    """Where a server reads from; opens nothing before the first snapshot."""
    return SqliteReads(settings) if _is_sqlite(settings) else PostgresReads(settings)


def writer(settings: Settings) -> Engine:
    """The engine for migrations and imports; a SQLite file is made when it is missing."""
    if not _is_sqlite(settings):
        return create_engine(postgres_reads.address(settings), connect_args=postgres_reads.options(0))
    path = make_url(settings.database_url).database
    if path and path != ":memory:":
        folder = Path(path).absolute().parent
        folder.mkdir(parents=True, exist_ok=True)
        # An import sorts what it adds; where the database grows by as much, there is room for it.
        os.environ.setdefault("SQLITE_TMPDIR", str(folder))
    engine = create_engine(
        settings.database_url,
        module=sqlite3,
        connect_args={"timeout": _PATIENCE, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    # The lock is taken at once: one that is taken half-way fails instead of waiting.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _is_sqlite(settings: Settings) -> bool:
    return settings.database_url.startswith("sqlite")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # An event with its documents takes some 2 kB: of SQLite's usual pages, each would have one to itself.
    connection.execute("PRAGMA page_size = 16384")
    _write_ahead(connection)
    for pragma in (
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",
        "secure_delete = OFF",  # some builds write zeros over all that an import has sorted
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Give a new file its journal. Where several come to do so, SQLite fails at once instead of waiting."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return

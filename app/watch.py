"""What the data's state is called, looked up so cheaply that every request can."""

import asyncio
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import make_url

from app.arrivals import Connection
from app.settings import Settings
from app.snapshots import NOW, named
from app.sqlite import sqlite3
from app.sqlite_reads import Which


class Watch(Protocol):
    """A connection of its own that looks whether something was committed."""

    async def version(self) -> str | None:
        """What a snapshot begun now is called by; None when the database does not answer at once."""

    async def close(self) -> None: ...


def watch(settings: Settings) -> Watch:
    """What looks at the database of these settings; opens nothing before the first look."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        return _SqliteWatch(Path(url.database or "").absolute())
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return _PostgresWatch(address, settings.pool_timeout)


class _SqliteWatch:
    """SQLite tells a connection by a number whether another one, of any process, has committed since.

    One look serves all requests that have come by then: those of a round of the event loop.
    """

    def __init__(self, path: Path) -> None:
        self._which, self._address = Which(path), f"{path.as_uri()}?mode=ro"
        self._connection: sqlite3.Connection | None = None
        self._file = self._which.file()
        self._seen: int | None = None
        self._version: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # which to ask for takes a system call
        self._has_looked = False

    async def version(self) -> str | None:
        if not self._has_looked:
            self._has_looked = True
            self._loop = self._loop or asyncio.get_running_loop()
            self._loop.call_soon(self._end_round)
            try:
                self._look(self._opened())
            except sqlite3.Error:
                await self.close()
        return self._version

    def _end_round(self) -> None:
        self._has_looked = False

    def _opened(self) -> sqlite3.Connection:
        file = self._which.file()
        if self._connection is None or file != self._file:
            self._close()
            self._connection = sqlite3.connect(
                self._address, uri=True, timeout=0, isolation_level=None, check_same_thread=False
            )
            self._file = file
        return self._connection

    def _look(self, connection: sqlite3.Connection) -> None:
        (seen,) = connection.execute("PRAGMA data_version").fetchone()
        if seen != self._seen:
            self._seen, self._version = seen, named(connection.execute(NOW).fetchone())

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = self._version = None

    async def close(self) -> None:
        self._close()


class _PostgresWatch:
    """One look at a time serves all who asked before it began."""

    def __init__(self, address: str, patience: float) -> None:
        self._address, self._patience = address, patience
        self._connection: Connection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[str | None] | None = None

    async def version(self) -> str | None:
        if self._next is None:
            self._next = asyncio.create_task(self._after_the_one_before())
        return await asyncio.shield(self._next)

    async def _after_the_one_before(self) -> str | None:
        async with self._one_at_a_time:
            self._next = None  # who asks from here on must see what is committed from here on
            try:
                async with asyncio.timeout(self._patience):
                    return await self._look()
            except (psycopg.Error, TimeoutError):
                await self.close()
                return None

    async def _look(self) -> str | None:
        if self._connection is None:
            self._connection = await Connection.connect(self._address, autocommit=True)
        cursor = await self._connection.execute(NOW)
        return named(await cursor.fetchone())

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        self._connection = None


__all__ = ["Watch", "watch"]

"""Views of a SQLite file: short queries run in the event loop, long ones in a thread."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Connection, NullPool, Row, create_engine, exc
from sqlalchemy.engine import make_url

from app.prepared import Statement, Statements
from app.settings import Settings
from app.snapshots import NOW, TOO_LONG, Reader, View, meaning, named, sliced
from app.sqlite import sqlite3
from app.turns import Turns, Use

# A query runs in the event loop for this long, since a thread hop costs more than a page does; one that takes longer
# is begun again in a thread.
_INLINE_SECONDS = 0.02
_MAPPED = 1 << 40  # all of the file, as far as SQLite was built to map
# SQLite instructions between two looks at the clock: some 50 microseconds in the event loop, and in a thread so
# many that it does not ask for the interpreter all the time, which the event loop needs.
_STEPS_INLINE, _STEPS_IN_THREAD = 5_000, 200_000
_LOOK_SECONDS = 0.1  # to look where a path leads costs as much as a short query

T = TypeVar("T")
_File: TypeAlias = tuple[int, int]  # device and number


class Which:
    """Which file a path leads to now: a restored copy may take the place of another. Looks ten times a second."""

    def __init__(self, path: Path) -> None:
        self._path, self._looked = str(path), float("-inf")
        self._found: _File | None = None

    def file(self) -> _File | None:
        """None where there is none."""
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked, self._found = now, self._look()
        return self._found

    def _look(self) -> _File | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - which costs half
        except OSError:
            return None
        return found.st_dev, found.st_ino


class _Held(NamedTuple):
    """A connection of SQLAlchemy's, the driver's own in it, and the file that it was opened on."""

    file: _File | None
    connection: Connection
    driver: sqlite3.Connection


class _Reader:
    """A view: a transaction that begins with it."""

    def __init__(self, held: _Held, reads: "SqliteReads") -> None:
        self._held, self._reads = held, reads
        self._driver, self._statements = held.driver, reads.statements
        self._driver.execute("BEGIN")
        self.version = named(self._driver.execute(NOW).fetchone())

    async def end(self) -> None:
        self._driver.execute("ROLLBACK")
        self._reads.idle.append(self._held)

    async def drop(self) -> None:
        self._held.connection.close()

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        return await self._soon(lambda: self._held.connection.execute(statement).all())

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        return await self._soon(self._found(key, make, values), key)

    def _found(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Callable[[], Sequence[tuple[Any, ...]]]:
        statement, bound = self._statements.get(key, make, values)
        return lambda: self._driver.execute(statement.text, bound).fetchall()

    async def in_pieces(
        self,
        key: Hashable,
        make: Callable[[str], Statement],
        values: Mapping[str, Any],
        size: Callable[[], int],
    ) -> AsyncGenerator[Sequence[tuple[Any, ...]], None]:
        """A piece that takes long to find is found in a thread, with all that follow."""
        given = 0
        if key not in self._statements.slow:
            try:
                for rows in self._pieces(key, make, values, size):
                    yield rows
                    given += len(rows)
            except sqlite3.OperationalError as error:
                if meaning(error) != TOO_LONG:
                    raise
            else:
                return
        left = (await self._in_thread(self._found(key, make, values), key))[given:]
        for rows in sliced(left, size):
            yield rows

    def _pieces(
        self,
        key: Hashable,
        make: Callable[[str], Statement],
        values: Mapping[str, Any],
        size: Callable[[], int],
    ) -> Iterator[Sequence[tuple[Any, ...]]]:
        statement, bound = self._statements.get(key, make, values)
        with closing(self._driver.cursor()) as cursor:
            self._inline(lambda: cursor.execute(statement.text, bound))
            while rows := self._inline(lambda: cursor.fetchmany(size())):
                yield rows

    async def _soon(self, query: Callable[[], T], key: Hashable = None) -> T:
        if key not in self._statements.slow:
            try:
                return self._inline(query)
            except (exc.OperationalError, sqlite3.OperationalError) as error:
                if meaning(error) != TOO_LONG:
                    raise
        return await self._in_thread(query, key)

    async def _in_thread(self, query: Callable[[], T], key: Hashable) -> T:
        """Remembers which queries are slow, so that the next does not begin in the event loop."""
        began, loop, slow = time.monotonic(), asyncio.get_running_loop(), self._statements.slow
        work = partial(self._within, query, self._reads.timeout, _STEPS_IN_THREAD)
        try:
            return await loop.run_in_executor(self._reads.threads, work)
        except asyncio.CancelledError:
            self._driver.interrupt()  # nobody waits for it any more, and to close the connection would
            raise
        finally:
            if time.monotonic() - began < _INLINE_SECONDS:
                slow.discard(key)
            elif key is not None:
                slow.add(key)

    def _inline(self, query: Callable[[], T]) -> T:
        return self._within(query, _INLINE_SECONDS, _STEPS_INLINE)

    def _within(self, query: Callable[[], T], seconds: float, steps: int) -> T:
        deadline = time.monotonic() + seconds
        self._driver.set_progress_handler(lambda: time.monotonic() > deadline, steps)
        try:
            return query()
        finally:
            self._driver.set_progress_handler(None, 0)  # the next statement has a deadline of its own


class SqliteReads:
    """Views through connections that cannot write."""

    def __init__(self, settings: Settings) -> None:
        path = Path(make_url(settings.database_url).database or "").absolute()
        self._which, uri = Which(path), f"{path.as_uri()}?mode=ro"

        def connect() -> sqlite3.Connection:
            made = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            made.execute(f"PRAGMA mmap_size = {_MAPPED}")
            return made

        self._engine = create_engine("sqlite://", module=sqlite3, creator=connect, poolclass=NullPool)
        self._turns = Turns.by_use(settings)
        self.statements, self.timeout = Statements(self._engine.dialect), settings.statement_timeout
        # One for each connection: a query that has its turn never waits for a thread.
        self.threads = ThreadPoolExecutor(sum(turns.many for turns in self._turns.values()), "dateline-sql")
        self.idle: list[_Held] = []  # the pool of SQLAlchemy costs as much as a query

    async def answer(self, make: Callable[[Reader], Awaitable[T]]) -> tuple[T, str]:
        async with self.snapshot() as reader:
            return await make(reader), reader.version

    def snapshot(self, use: Use = "answer") -> View[_Reader]:
        return View(self._turns[use], self._begun)

    async def _begun(self) -> _Reader:
        held = self._connected(self._which.file())
        try:
            return _Reader(held, self)
        except BaseException:
            held.connection.close()
            raise

    def _connected(self, file: _File | None) -> _Held:
        """A connection to this file, which may have been used before."""
        while self.idle:
            held = self.idle.pop()
            if held.file == file:
                return held
            held.connection.close()
        connection = self._engine.connect()
        driver: Any = connection.connection.driver_connection
        return _Held(file, connection, driver)

    async def close(self) -> None:
        for held in self.idle:
            held.connection.close()
        self.idle.clear()
        self.threads.shutdown(wait=False, cancel_futures=True)

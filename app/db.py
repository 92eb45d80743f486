"""Engines for both databases: one way to read, one way to write, with timeouts on both."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, NullPool, Row, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app import prepared
from app.errors import Unavailable
from app.prepared import Statements
from app.settings import Settings
from app.turns import TOO_BUSY, Turns, Use

# A SQLite query runs in the event loop for this long, since a thread hop costs more than a page does;
# one that takes longer is begun again in a thread.
_INLINE_SECONDS = 0.02
_MAPPED = 1 << 40  # all of the file, as far as SQLite was built to map
# SQLite instructions between two looks at the clock: some 50 microseconds in the event loop, and in a thread so
# many that it does not ask for the interpreter all the time, which the event loop needs.
_STEPS_INLINE, _STEPS_IN_THREAD = 5_000, 200_000

T = TypeVar("T")
Statement: TypeAlias = prepared.Statement
_File: TypeAlias = tuple[int, int]  # which file a path leads to: device and number

AWAY = "The database is away; try again shortly"
NOT_MIGRATED = "The database lacks a table: run 'dateline migrate'"
TOO_LONG = "The query took longer than this server allows; narrow its filters"
LOCKED = "Another import or migration is running; try again when it is done"


class Reader(Protocol):
    """One consistent view of the database, for as long as one answer needs it."""

    @property
    def version(self) -> str:
        """What the state of the data is called: another whenever a load has finished."""

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        """All rows of `statement`; Unavailable when the database is away or the time is up."""

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """All rows of the statement that `make` gives for a dialect, as the driver has them, with `values` bound by name.

        It is made and compiled once for all calls with the same `key`.
        """


NOW = "SELECT generation, seq FROM clock"


def named(now: tuple[Any, ...] | None) -> str:
    """What the state of the data is called by which `NOW` gives this."""
    generation, seq = now or (None, None)
    return f"{generation}.{seq}"


class Readable(Protocol):
    """Where snapshots come from."""

    def snapshot(self, use: Use = "answer") -> AbstractAsyncContextManager[Reader]: ...
    async def close(self) -> None: ...


def meaning(error: Exception) -> str | None:
    """What a failure of the database says to whoever asked; None when it is a mistake of ours."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    text, kind = str(cause), type(cause).__name__
    if "database is locked" in text or kind == "LockNotAvailable":
        return LOCKED
    if "no such table" in text or kind == "UndefinedTable":
        return NOT_MIGRATED
    if "interrupted" in text or kind == "QueryCanceled":
        return TOO_LONG
    away = exc.OperationalError | exc.InterfaceError | sqlite3.OperationalError | psycopg.OperationalError
    return AWAY if isinstance(error, away) else None


@contextmanager
def _explained() -> Iterator[None]:
    """Failures of the database as what they mean for a client."""
    try:
        yield
    except exc.TimeoutError as error:
        raise Unavailable(TOO_BUSY) from error
    except (exc.DBAPIError, sqlite3.Error, psycopg.Error) as error:
        reason = meaning(error)
        if reason is None:
            raise
        raise Unavailable(reason) from error


class _SqliteReader:
    def __init__(
        self, connection: Connection, timeout: float, statements: Statements, threads: Executor
    ) -> None:
        self._connection, self._timeout, self._statements = connection, timeout, statements
        self._threads = threads
        self._driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        self.version = named(self._driver.execute(NOW).fetchone())

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        return await self._soon(lambda: self._connection.execute(statement).all())

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        statement, bound = self._statements.get(key, make, values)
        return await self._soon(lambda: self._driver.execute(statement.text, bound).fetchall(), key)

    async def _soon(self, query: Callable[[], T], key: Hashable = None) -> T:
        if key not in self._statements.slow:
            try:
                return self._within(query, _INLINE_SECONDS, _STEPS_INLINE)
            except (exc.OperationalError, sqlite3.OperationalError) as error:
                if meaning(error) != TOO_LONG:
                    raise
        try:
            return await self._in_thread(query, key)
        except asyncio.CancelledError:
            self._driver.interrupt()  # nobody waits for it any more, and to close the connection would
            raise

    async def _in_thread(self, query: Callable[[], T], key: Hashable) -> T:
        """Remembers which queries are slow, so that the next does not begin in the event loop."""
        began, loop, slow = time.monotonic(), asyncio.get_running_loop(), self._statements.slow
        work = partial(self._within, query, self._timeout, _STEPS_IN_THREAD)
        try:
            return await loop.run_in_executor(self._threads, work)
        finally:
            if time.monotonic() - began < _INLINE_SECONDS:
                slow.discard(key)
            elif key is not None:
                slow.add(key)

    def _within(self, query: Callable[[], T], seconds: float, steps: int) -> T:
        deadline = time.monotonic() + seconds
        self._driver.set_progress_handler(lambda: time.monotonic() > deadline, steps)
        try:
            return query()
        finally:
            self._driver.set_progress_handler(None, 0)  # the next statement has a deadline of its own


class SqliteReads:
    """Snapshots of a SQLite file, through connections that cannot write."""

    def __init__(self, settings: Settings) -> None:
        path = Path(make_url(settings.database_url).database or "").absolute()
        self._path, uri = str(path), f"{path.as_uri()}?mode=ro"

        def connect() -> sqlite3.Connection:
            made = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            made.execute(f"PRAGMA mmap_size = {_MAPPED}")
            return made

        self._engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        self._statements = Statements(self._engine.dialect)
        self._turns = Turns.by_use(settings)
        # One for each connection: a query that has its turn never waits for a thread.
        self._threads = ThreadPoolExecutor(sum(turns.many for turns in self._turns.values()), "dateline-sql")
        # The pool of SQLAlchemy costs as much as a query.
        self._idle: list[tuple[_File | None, Connection]] = []
        self._settings = settings

    @asynccontextmanager
    async def snapshot(self, use: Use = "answer") -> AsyncIterator[Reader]:
        await self._turns[use].take()
        try:
            with _explained(), self._connection() as connection:
                timeout = self._settings.statement_timeout
                yield _SqliteReader(connection, timeout, self._statements, self._threads)
        finally:
            self._turns[use].give_back()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection in a transaction; it is kept for the next one unless something went wrong."""
        file = self._file()
        opened_on, connection = self._idle.pop() if self._idle else (file, None)
        if connection is not None and opened_on != file:
            connection.close()  # another file has taken the place of this one, such as a restored copy
            connection = None
        connection = connection or self._engine.connect()
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("BEGIN")
            yield connection
            driver.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        self._idle.append((file, connection))

    def _file(self) -> "_File | None":
        try:
            now = os.stat(self._path)  # noqa: PTH116 - which costs half
        except OSError:
            return None
        return now.st_dev, now.st_ino

    async def close(self) -> None:
        for _, connection in self._idle:
            connection.close()
        self._idle.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Held(NamedTuple):
    """A connection of SQLAlchemy's, and cursors of the driver's: to make one takes a tenth of a query's time."""

    connection: AsyncConnection
    control: psycopg.AsyncCursor
    cursor: psycopg.AsyncCursor

    async def begin(self) -> str:
        """Begin a transaction; returns what the state of the data is called that it sees."""
        await self.control.execute(_BEGIN)  # in one message
        self.control.nextset()
        return named(await self.control.fetchone())


class _PostgresReader:
    def __init__(self, held: _Held, version: str, statements: Statements) -> None:
        self._held, self.version, self._statements = held, version, statements

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        return (await self._held.connection.execute(statement)).all()

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        statement, bound = self._statements.get(key, make, values)
        cursor = self._held.cursor
        await cursor.execute(statement.text, bound, prepare=statement.prepare)
        return await cursor.fetchall()


# To start workers takes longer than most answers do, and others would wait for the processors.
_READING = "-c max_parallel_workers_per_gather=0"
_BEGIN = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {NOW}"


class PostgresReads:
    """Snapshots of a PostgreSQL database, through psycopg's asynchronous connections."""

    def __init__(self, settings: Settings) -> None:
        self._engine = create_async_engine(
            _postgres_url(settings),
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended here, in as few messages as can be
            poolclass=NullPool,
            connect_args=_postgres_options(settings.statement_timeout, _READING),
        )
        self._statements = Statements(self._engine.dialect)
        self._turns = Turns.by_use(settings)
        self._idle: list[_Held] = []

    @asynccontextmanager
    async def snapshot(self, use: Use = "answer") -> AsyncIterator[Reader]:
        await self._turns[use].take()
        try:
            with _explained():
                held, version = await self._begun()
                try:
                    yield _PostgresReader(held, version, self._statements)
                    await held.control.execute("COMMIT")
                except BaseException:
                    await held.connection.close()
                    raise
                self._idle.append(held)
        finally:
            self._turns[use].give_back()

    async def _begun(self) -> tuple[_Held, str]:
        while self._idle:
            held = self._idle.pop()
            try:
                return held, await held.begin()
            except psycopg.OperationalError:  # the server has gone since, and may be back
                await held.connection.close()
            except BaseException:
                await held.connection.close()
                raise
        connection = await self._engine.connect()
        try:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            held = _Held(connection, driver.cursor(), driver.cursor(binary=True))
            return held, await held.begin()
        except BaseException:
            await connection.close()
            raise

    async def close(self) -> None:
        for held in self._idle:
            await held.connection.close()
        self._idle.clear()
        await self._engine.dispose()


def reads(settings: Settings) -> Readable:
    """Where a server reads from; opens nothing before the first snapshot."""
    return SqliteReads(settings) if _is_sqlite(settings) else PostgresReads(settings)


def writer(settings: Settings) -> Engine:
    """The engine for migrations and imports; a SQLite file is made when it is missing."""
    if not _is_sqlite(settings):
        return create_engine(_postgres_url(settings), connect_args=_postgres_options(0))
    path = make_url(settings.database_url).database
    if path and path != ":memory:":
        folder = Path(path).absolute().parent
        folder.mkdir(parents=True, exist_ok=True)
        # An import sorts what it adds; where the database grows by as much, there is room for it.
        os.environ.setdefault("SQLITE_TMPDIR", str(folder))
    engine = create_engine(settings.database_url, connect_args={"timeout": 30, "isolation_level": None})
    event.listen(engine, "connect", _prepare_sqlite)
    # The lock is taken at once: one that is taken half-way fails instead of waiting.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _is_sqlite(settings: Settings) -> bool:
    return settings.database_url.startswith("sqlite")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # An event with its documents takes some 2 kB: of SQLite's usual pages, each would have one to itself.
    for pragma in (
        "page_size = 16384",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",
        "secure_delete = OFF",  # some builds write zeros over all that an import has sorted
    ):
        connection.execute(f"PRAGMA {pragma}")


def _postgres_url(settings: Settings) -> URL:
    return make_url(settings.database_url).set(drivername="postgresql+psycopg")


def _postgres_options(statement_timeout: float, more: str = "") -> dict[str, Any]:
    """Connection arguments; a statement_timeout of 0 seconds means none."""
    return {
        "connect_timeout": 5,
        "options": f"-c timezone=UTC -c statement_timeout={int(statement_timeout * 1000)} {more}",
    }

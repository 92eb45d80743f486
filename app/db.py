"""Engines for both databases: one way to read, one way to write, with timeouts on both."""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import psycopg
from sqlalchemy import Connection, Dialect, Engine, NullPool, Row, Select, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.errors import Unavailable
from app.settings import Settings

log = logging.getLogger("dateline.sql")

# A SQLite query runs in the event loop for this long, since a thread hop costs more than a page does;
# one that takes longer is begun again in a thread.
_INLINE_SECONDS = 0.02
_MAPPED = 1 << 40  # all of the file, as far as SQLite was built to map
_STEPS_BETWEEN_LOOKS = 5_000  # SQLite instructions, about 50 microseconds

T = TypeVar("T")
_File: TypeAlias = tuple[int, int]  # which file a path leads to: device and number
Statement: TypeAlias = Select[*tuple[Any, ...]]

# What an execution option is called that makes PostgreSQL plan a statement for its values, each time anew:
# where a plan that suits a rare word is a hundred times too slow for a common one, and the other way round.
REPLANNED = "replanned"

AWAY = "The database is away; try again shortly"
NOT_MIGRATED = "The database lacks a table: run 'dateline migrate'"
TOO_LONG = "The query took longer than this server allows; narrow its filters"
LOCKED = "Another import or migration is running; try again when it is done"
TOO_BUSY = "All database connections are in use; try again shortly"


class Reader(Protocol):
    """One consistent view of the database, for as long as one answer needs it."""

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        """All rows of `statement`; Unavailable when the database is away or the time is up."""

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """All rows of the statement that `make` gives for a dialect, as the driver has them, with `values` bound by name.

        It is made and compiled once for all calls with the same `key`.
        """


class Readable(Protocol):
    """Where snapshots come from."""

    def snapshot(self) -> AbstractAsyncContextManager[Reader]: ...
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


@asynccontextmanager
async def _one_of_few(free: asyncio.Semaphore, patience: float) -> AsyncIterator[None]:
    """Waits for a connection to be free, no longer than `patience` seconds."""
    if free.locked():
        try:
            await asyncio.wait_for(free.acquire(), patience)
        except TimeoutError:
            raise Unavailable(TOO_BUSY) from None
    else:
        await free.acquire()
    try:
        yield
    finally:
        free.release()


class _Compiled:
    """A statement as text, with what turns values into what the driver takes."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self.prepare = (
            False if statement.get_execution_options().get(REPLANNED) else None
        )  # None: when used often
        self._own = compiled.params
        self._names: Sequence[str] | None = compiled.positiontup
        self._encode = {name: encode for name, encode in compiled._bind_processors.items() if encode}  # noqa: SLF001

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The parameters in the driver's form; each value is there."""
        bound = {name: values.get(name, own) for name, own in self._own.items()}
        for name, encode in self._encode.items():
            bound[name] = encode(bound[name])
        return bound if self._names is None else tuple([bound[name] for name in self._names])


_MOST_SHAPES = 1_000


class _Statements:
    """The statements that were compiled, by key."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._held: dict[Hashable, _Compiled] = {}

    def get(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> tuple["_Compiled", Any]:
        """The statement of this key, compiled when it is new, and the values as the driver takes them."""
        found = self._held.get(key)
        if found is None:
            if len(self._held) >= _MOST_SHAPES:
                self._held.clear()
            found = self._held[key] = _Compiled(make(self._dialect.name), self._dialect)
        bound = found.bind(values)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("statement", extra={"statement": found.text, "parameters": str(bound)})
        return found, bound


class _SqliteReader:
    def __init__(self, connection: Connection, timeout: float, statements: _Statements) -> None:
        self._connection, self._timeout, self._statements = connection, timeout, statements
        self._driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        return await self._soon(lambda: self._connection.execute(statement).all())

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        statement, bound = self._statements.get(key, make, values)
        return await self._soon(lambda: self._driver.execute(statement.text, bound).fetchall())

    async def _soon(self, query: Callable[[], T]) -> T:
        try:
            return self._within(query, _INLINE_SECONDS)
        except (exc.OperationalError, sqlite3.OperationalError) as error:
            if meaning(error) != TOO_LONG:
                raise
        return await asyncio.to_thread(self._within, query, self._timeout)

    def _within(self, query: Callable[[], T], seconds: float) -> T:
        deadline = time.monotonic() + seconds
        self._driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        try:
            return query()
        finally:
            self._driver.set_progress_handler(None, 0)  # the next statement has a deadline of its own


class SqliteReads:
    """Snapshots of a SQLite file, through connections that cannot write."""

    def __init__(self, settings: Settings) -> None:
        self._path = Path(make_url(settings.database_url).database or "").absolute()
        uri = f"{self._path.as_uri()}?mode=ro"

        def connect() -> sqlite3.Connection:
            made = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            made.execute(f"PRAGMA mmap_size = {_MAPPED}")
            return made

        self._engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        self._statements = _Statements(self._engine.dialect)
        self._free = asyncio.Semaphore(settings.pool_size)
        self._idle: list[
            tuple[_File | None, Connection]
        ] = []  # the pool of SQLAlchemy costs as much as a query
        self._settings = settings

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        async with _one_of_few(self._free, self._settings.pool_timeout):
            with _explained(), self._connection() as connection:
                yield _SqliteReader(connection, self._settings.statement_timeout, self._statements)

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
            now = self._path.stat()
        except OSError:
            return None
        return now.st_dev, now.st_ino

    async def close(self) -> None:
        for _, connection in self._idle:
            connection.close()
        self._idle.clear()


class _PostgresReader:
    def __init__(
        self, connection: AsyncConnection, driver: psycopg.AsyncConnection, held: _Statements
    ) -> None:
        self._connection, self._driver, self._statements = connection, driver, held

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        return (await self._connection.execute(statement)).all()

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        statement, bound = self._statements.get(key, make, values)
        async with self._driver.cursor(binary=True) as cursor:
            await cursor.execute(statement.text, bound, prepare=statement.prepare)
            return await cursor.fetchall()


# To start workers takes longer than most answers do, and others would wait for the processors.
_READING = "-c max_parallel_workers_per_gather=0"
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresReads:
    """Snapshots of a PostgreSQL database, through psycopg's asynchronous connections."""

    def __init__(self, settings: Settings) -> None:
        self._engine = create_async_engine(
            _postgres_url(settings),
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended here, in as few messages as can be
            poolclass=NullPool,
            connect_args=_postgres_options(settings.statement_timeout, _READING),
        )
        self._statements = _Statements(self._engine.dialect)
        self._free = asyncio.Semaphore(settings.pool_size)
        self._idle: list[tuple[AsyncConnection, psycopg.AsyncConnection]] = []
        self._settings = settings

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        async with _one_of_few(self._free, self._settings.pool_timeout):
            with _explained():
                connection, driver = await self._begun()
                try:
                    yield _PostgresReader(connection, driver, self._statements)
                    await driver.execute("COMMIT")
                except BaseException:
                    await connection.close()
                    raise
                self._idle.append((connection, driver))

    async def _begun(self) -> tuple[AsyncConnection, psycopg.AsyncConnection]:
        while self._idle:
            connection, driver = self._idle.pop()
            try:
                await driver.execute(_BEGIN)
            except psycopg.OperationalError:  # the server has gone since, and may be back
                await connection.close()
                continue
            return connection, driver
        connection = await self._engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection  # type: ignore[assignment]
        await driver.execute(_BEGIN)
        return connection, driver

    async def close(self) -> None:
        for connection, _ in self._idle:
            await connection.close()
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

"""Views of a PostgreSQL database, in as few messages as can be: each takes as long as a short query."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import psycopg
from sqlalchemy import NullPool, Row, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.arrivals import Connection
from app.errors import ApiError
from app.prepared import Statement, Statements
from app.settings import Settings
from app.snapshots import NOW, Reader, View, named, sliced
from app.tables import TABLES
from app.turns import Turns, Use

# To start workers takes longer than most answers do, and others would wait for the processors. PostgreSQL would plan half
# of all lists for their values each time, with the same plan; what is better planned so says it (see `prepared`).
_READING = "-c max_parallel_workers_per_gather=0 -c plan_cache_mode=force_generic_plan"
_BEGIN = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = auto; {NOW}"
T = TypeVar("T")


class _Held(NamedTuple):
    """A connection of SQLAlchemy's, and cursors of the driver's: to make one takes a tenth of a query's time."""

    connection: AsyncConnection
    control: psycopg.AsyncCursor
    cursor: psycopg.AsyncCursor
    writes: psycopg.AsyncClientCursor  # values into a statement's text

    def is_gone(self) -> bool:
        """The server has closed the connection; it may be back for another."""
        return self.control.connection.closed


class _Again(Exception):
    """An answer has to be made anew, in a transaction: the data has moved on, or the connection was gone."""


class _Reader:
    """A view.

    It is a transaction, or statements that run by themselves and tell the state that they saw, which is the same for
    all: that takes fewer messages. _Again when one saw another state.
    """

    def __init__(self, held: _Held, reads: "PostgresReads") -> None:
        self._held, self._reads = held, reads
        self._has_begun = False
        self.version = ""  # not known yet

    async def rows(self, statement: Statement) -> Sequence[Row[Any]]:
        await self.begin()
        return (await self._held.connection.execute(statement)).all()

    async def prepared(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        if not self._has_begun:
            found = await self._alone(key, make, values)
            if self.version:
                return found
        await self.begin()
        return await self._rows(self._reads.whole, key, make, values)

    async def in_pieces(
        self,
        key: Hashable,
        make: Callable[[str], Statement],
        values: Mapping[str, Any],
        size: Callable[[], int],
    ) -> AsyncGenerator[Sequence[tuple[Any, ...]], None]:
        found = await self.prepared(key, make, values)
        for rows in sliced(found, size):
            yield rows

    async def _alone(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """What a statement finds that is no part of a transaction.

        Where that is nothing, it tells nothing either: the state must then be the same before and after.
        """
        try:
            found = await self._rows(self._reads.telling, key, make, values)
            if found:
                self._agree(found[0][-1])
            elif self.version:
                control = await self._held.control.execute(NOW)
                self._agree(named(await control.fetchone()))
        except psycopg.OperationalError as error:
            if self._held.is_gone():
                raise _Again from error
            raise
        return [row[:-1] for row in found]

    def _agree(self, version: str) -> None:
        if self.version not in {"", version}:
            raise _Again
        self.version = version

    async def _rows(
        self,
        statements: Statements,
        key: Hashable,
        make: Callable[[str], Statement],
        values: Mapping[str, Any],
    ) -> Sequence[tuple[Any, ...]]:
        statement, bound = statements.get(key, make, values)
        if statement.is_replanned:  # which takes values that stand in it
            text = self._held.writes.mogrify(statement.text, bound)
            await self._held.cursor.execute(text.encode(), prepare=False)
        else:
            await self._held.cursor.execute(statement.text, bound)
        return await self._held.cursor.fetchall()

    async def begin(self) -> None:
        """Begin the transaction, if it has not begun."""
        if self._has_begun:
            return
        control = self._held.control
        await control.execute(_BEGIN)  # in one message
        self._has_begun = True
        while control.nextset():
            pass
        self._agree(named(await control.fetchone()))

    async def end(self) -> None:
        if self._has_begun:
            await self._held.control.execute("COMMIT")
        self._reads.idle.append(self._held)

    async def drop(self) -> None:
        await self._held.connection.close()


def _telling(statement: Statement) -> Statement:
    """The statement, with what the state of the data is called in its last column."""
    clock = TABLES["clock"].c
    state = select(func.concat(clock.generation, ".", clock.seq)).correlate(None).scalar_subquery()
    return statement.add_columns(state)


class PostgresReads:
    """Views through psycopg's asynchronous connections."""

    def __init__(self, settings: Settings) -> None:
        self._engine = create_async_engine(
            address(settings),
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended here
            poolclass=NullPool,
            connect_args=options(settings.statement_timeout, _READING)
            | {"async_creator_fn": Connection.connect},
        )
        self.whole = Statements(self._engine.dialect)
        self.telling = Statements(self._engine.dialect, _telling)
        self._turns = Turns.by_use(settings)
        self.idle: list[_Held] = []

    async def answer(self, make: Callable[[Reader], Awaitable[T]]) -> tuple[T, str]:
        try:
            async with View(self._turns["answer"], self._connected, (ApiError, _Again)) as reader:
                made = await make(reader)
                if not reader.version:
                    await reader.begin()
                return made, reader.version
        except _Again:
            async with self.snapshot() as reader:
                return await make(reader), reader.version

    def snapshot(self, use: Use = "answer") -> View[_Reader]:
        return View(self._turns[use], self._begun)

    async def _begun(self) -> _Reader:
        while True:
            is_new = not self.idle
            reader = await self._connected()
            try:
                await reader.begin()
            except BaseException as error:
                await reader.drop()
                # Of one that was held, the server may have gone since, and be back.
                if is_new or not isinstance(error, psycopg.OperationalError):
                    raise
            else:
                return reader

    async def _connected(self) -> _Reader:
        if self.idle:
            return _Reader(self.idle.pop(), self)
        connection = await self._engine.connect()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        writes = psycopg.AsyncClientCursor(driver)
        held = _Held(connection, driver.cursor(), driver.cursor(binary=True), writes)
        return _Reader(held, self)

    async def close(self) -> None:
        for held in self.idle:
            await held.connection.close()
        self.idle.clear()
        await self._engine.dispose()


def address(settings: Settings) -> URL:
    """Where the database is, for SQLAlchemy and psycopg."""
    return make_url(settings.database_url).set(drivername="postgresql+psycopg")


def options(statement_timeout: float, more: str = "") -> dict[str, Any]:
    """Connection arguments; a statement_timeout of 0 seconds means none."""
    return {
        "connect_timeout": 5,
        "options": f"-c timezone=UTC -c statement_timeout={int(statement_timeout * 1000)} {more}",
    }

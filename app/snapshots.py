"""What it is to read, on either database: one consistent view in its turn, what its state is called, and what failures mean."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

import psycopg
from sqlalchemy import Row, exc

from app.errors import ApiError, Unavailable
from app.prepared import Statement
from app.sqlite import sqlite3
from app.turns import Turns, Use

T = TypeVar("T")

AWAY = "The database is away; try again shortly"
NOT_MIGRATED = "The database lacks a table: run 'dateline migrate'"
TOO_LONG = "The query took longer than this server allows; narrow its filters"
LOCKED = "Another import or migration is running; try again when it is done"

NOW = "SELECT generation, seq FROM clock"


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


class Snapshot(Reader, Protocol):
    """A view whose state is known from the start."""

    @property
    def version(self) -> str:
        """What the state of the data is called: another whenever a load has finished."""

    def in_pieces(
        self,
        key: Hashable,
        make: Callable[[str], Statement],
        values: Mapping[str, Any],
        size: Callable[[], int],
    ) -> AsyncGenerator[Sequence[tuple[Any, ...]], None]:
        """The rows of `prepared`, at most `size()` at once, between which others have their turn; to be closed."""


def sliced(rows: Sequence[T], size: Callable[[], int]) -> Iterator[Sequence[T]]:
    """All of `rows`, at most `size()` at once."""
    given = 0
    while given < len(rows):
        piece = rows[given : given + size()]
        yield piece
        given += len(piece)


class Readable(Protocol):
    """Where views come from."""

    async def answer(self, make: Callable[[Reader], Awaitable[T]]) -> tuple[T, str]:
        """What `make` makes of one view, and what the state of the data is called; it may be called twice."""

    def snapshot(self, use: Use = "answer") -> AbstractAsyncContextManager[Snapshot]:
        """A view that lasts."""

    async def close(self) -> None: ...


class Held(Protocol):
    """A connection that one reader has."""

    async def end(self) -> None:
        """End what it reads, and keep the connection for the next."""

    async def drop(self) -> None:
        """Close the connection."""


H = TypeVar("H", bound=Held)


class View(Generic[H]):
    """What `begin` gives while it is entered, in its turn. A failure that is not `harmless` drops the connection."""

    def __init__(
        self,
        turns: Turns,
        begin: Callable[[], Awaitable[H]],
        harmless: tuple[type[Exception], ...] = (ApiError,),
    ) -> None:
        self._turns, self._begin, self._harmless = turns, begin, harmless

    async def __aenter__(self) -> H:
        await self._turns.take()
        try:
            self._held = await self._begin()
        except BaseException as error:
            self._turns.give_back()
            raise_meaning(error)
            raise
        return self._held

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None or isinstance(error, self._harmless):
                await self._end()
            else:
                await self._drop(error)
        finally:
            self._turns.give_back()

    async def _end(self) -> None:
        try:
            await self._held.end()
        except BaseException as error:
            await self._drop(error)
            raise

    async def _drop(self, error: BaseException) -> None:
        await self._held.drop()
        raise_meaning(error)


def named(now: tuple[Any, ...] | None) -> str:
    """What the state of the data is called by which `NOW` gives this."""
    generation, seq = now or (None, None)
    return f"{generation}.{seq}"


def meaning(error: BaseException) -> str | None:
    """What a failure of the database says to whoever asked; None when it is a mistake of ours."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    text, kind = str(cause), type(cause).__name__
    if "database is locked" in text or kind == "LockNotAvailable":
        return LOCKED
    if "no such table" in text or kind == "UndefinedTable":
        return NOT_MIGRATED
    if "interrupted" in text or kind == "QueryCanceled":
        return TOO_LONG
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # the statement is wrong
        return None
    away = exc.OperationalError | exc.InterfaceError | sqlite3.OperationalError | psycopg.OperationalError
    return AWAY if isinstance(error, away) else None


def raise_meaning(error: BaseException) -> None:
    """Raise Unavailable when a failure is one of the database's, and means that."""
    if isinstance(error, exc.DBAPIError | sqlite3.Error | psycopg.Error) and (reason := meaning(error)):
        raise Unavailable(reason) from error

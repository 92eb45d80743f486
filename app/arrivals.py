"""How the answer of PostgreSQL is awaited: its pieces are taken from the socket in the very calls that tell of them."""

import asyncio
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.waiting import Ready, Wait

_LAST_SECONDS = 5.0  # for PostgreSQL to end a query that nobody waits for any more

# What psycopg has for whatever takes a message or its answer: it yields what it waits for, and is sent what is ready.
_Work = Generator[Any, Any, Any]


class Connection(psycopg.AsyncConnection[Any]):
    """A connection that does not ask the event loop anew for every piece of an answer, of which a page has ten."""

    async def wait(self, gen: _Work, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        """What `gen` makes of the answer; as psycopg does it where a question takes several sends, or time is short."""
        try:
            awaited = next(gen)
        except StopIteration as made:
            return made.value
        if awaited != Wait.R or timeout is not None:
            return await super().wait(_going_on(gen, awaited), interval, timeout)
        try:
            return await self._arrived(gen)
        except asyncio.CancelledError:
            await self._end(gen)
            raise

    async def _arrived(self, gen: _Work) -> Any:
        loop, socket = asyncio.get_running_loop(), self.pgconn.socket
        arrived = loop.create_future()

        def take() -> None:
            if arrived.done():  # nobody waits any more
                return
            try:
                gen.send(Ready.R)
            except StopIteration as made:
                loop.remove_reader(socket)
                arrived.set_result(made.value)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is for whoever waits
                loop.remove_reader(socket)
                arrived.set_exception(error)

        loop.add_reader(socket, take)
        try:
            return await arrived
        except asyncio.CancelledError:
            loop.remove_reader(socket)
            raise

    async def _end(self, gen: _Work) -> None:
        """Have PostgreSQL end the query, so that the connection can be asked again; or close it."""
        try:
            await self.cancel_safe(timeout=_LAST_SECONDS)
            await super().wait(_going_on(gen, Wait.R), timeout=_LAST_SECONDS)
        except psycopg.errors.QueryCanceled:
            pass
        except BaseException:  # noqa: BLE001 - nothing more can be asked of it
            self.pgconn.finish()


def _going_on(gen: _Work, awaited: Any) -> _Work:
    """What is under way, for whom it begins here."""
    try:
        while True:
            awaited = gen.send((yield awaited))
    except StopIteration as made:
        return made.value

"""Who may use one of a few connections, and when: in the order of coming, and refused rather than kept waiting."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Self, TypeAlias

from app.errors import Unavailable
from app.settings import Settings

# An answer is soon made. A stream lasts as long as its client likes, and a probe must have an answer when all others
# wait: each has connections of its own.
Use: TypeAlias = Literal["answer", "stream", "probe"]

TOO_BUSY = "All database connections are in use; try again shortly"


class Turns:
    """So many at a time. Nobody waits longer than `patience` seconds, and nobody joins a queue that is too slow.

    How slow it is shows in who has waited longest, since turns come in order: while that is more than `crowded`
    seconds, whoever comes is refused at once. So many short queries may wait, and few long ones.
    """

    def __init__(self, many: int, patience: float, crowded: float) -> None:
        self.many, self._patience, self._crowded = many, patience, crowded
        self._free = asyncio.Semaphore(many)
        self._waiting: dict[object, float] = {}  # since when, the longest first

    @classmethod
    def by_use(cls, settings: Settings) -> dict[Use, Self]:
        """Those of one process."""
        many: dict[Use, int] = {"answer": settings.pool_size, "stream": settings.streams, "probe": 1}
        return {use: cls(n, settings.pool_timeout, settings.shed_after) for use, n in many.items()}

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn, for as long as the block lasts; Unavailable where there is none in time."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        now, me = time.monotonic(), object()
        if self._waiting and now - next(iter(self._waiting.values())) > self._crowded:
            raise Unavailable(TOO_BUSY)
        self._waiting[me] = now
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(TOO_BUSY) from None
        finally:
            del self._waiting[me]

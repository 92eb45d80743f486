"""Who may use one of a few connections, and when: in the order of coming, and refused rather than kept waiting."""

import asyncio
from typing import Literal, Self, TypeAlias

from app.errors import Unavailable
from app.settings import Settings

# An answer is soon made. A stream lasts as long as its client likes, and a probe must have an answer when all others
# wait: each has connections of its own.
Use: TypeAlias = Literal["answer", "stream", "probe"]

TOO_BUSY = "All database connections are in use; try again shortly"


class Turns:
    """So many at a time; nobody waits longer than `patience` seconds."""

    def __init__(self, many: int, patience: float) -> None:
        self.many, self._patience = many, patience
        self._free = asyncio.Semaphore(many)

    @classmethod
    def by_use(cls, settings: Settings) -> dict[Use, Self]:
        """Those of one process."""
        many: dict[Use, int] = {"answer": settings.pool_size, "stream": settings.streams, "probe": 1}
        return {use: cls(n, settings.pool_timeout) for use, n in many.items()}

    async def take(self) -> None:
        """Wait for a turn, which is to be given back; Unavailable where there is none in time."""
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(TOO_BUSY) from None

    def give_back(self) -> None:
        self._free.release()

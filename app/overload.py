"""Requests for data take turns in the event loop; one whose turn does not come in time is told to try again."""

import asyncio
import time
from collections import deque

from app.errors import Unavailable

BEHIND = "The server is behind with its answers; try again shortly"
_QUEUED = ("/v1/", "/ogc", "/mcp")  # the rest costs little, and tells how the server is
_ROUND_SECONDS = 0.02  # for requests that have just come, while nobody waits
_ADMITTED = 4  # of those who wait, in a round
_FEWEST, _GROWTH, _MOST = 16, 2, 200  # events of a stream


class Queue:
    """Lets requests wait for their turn, up to `patience` seconds.

    The event loop takes all requests that have come and runs one after the other: that is a round. Short queries of
    SQLite run in it, so that no queue for connections shows how long the last has to wait. What does not fit into
    a round waits for a later one, in the order of coming; between two rounds the loop does all else that it has to.

    A refusal is not sent at once, since it costs time as well: clients that ask again as soon as they are refused
    would take it from those that are answered.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self.asked = 0  # requests that have come so far
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._round: float | None = None  # since when
        self._loop: asyncio.AbstractEventLoop | None = None  # which to ask for takes a system call

    async def turn(self, path: str) -> None:
        """Returns when a request for `path` may begin; Unavailable when that is not in time."""
        self.asked += 1
        if path.startswith(_QUEUED) and (self._waiting or not self._fits()):
            try:
                await self._turn()
            except TimeoutError:
                raise Unavailable(BEHIND) from None

    def _fits(self) -> bool:
        if self._round is None:
            self._begin_round()
        return self._round is not None and time.monotonic() - self._round < _ROUND_SECONDS

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        async with asyncio.timeout(self._patience):
            await turn

    def _begin_round(self) -> None:
        self._round = time.monotonic()
        self._loop = self._loop or asyncio.get_running_loop()
        self._loop.call_soon(self._end_round)  # after all that is ready now

    def _end_round(self) -> None:
        self._round, admitted = None, 0
        while self._waiting and admitted < _ADMITTED:
            turn = self._waiting.popleft()
            if not turn.done():  # it has waited too long
                turn.set_result(None)
                admitted += 1
        if admitted:
            self._begin_round()


class Pace:
    """How many events a stream takes at once: more each time, and few again as soon as somebody else has asked.

    To hand out a batch costs as much as some ten events do, and others wait for its end.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue, self._asked, self._size = queue, queue.asked, _FEWEST

    def __call__(self) -> int:
        if self._queue.asked == self._asked:
            self._size = min(self._size + _GROWTH, _MOST)
        else:
            self._asked, self._size = self._queue.asked, _FEWEST
        return self._size

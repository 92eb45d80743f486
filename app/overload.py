"""Requests for data take turns in the event loop; one whose turn does not come in time is told to try again."""

import asyncio
import time

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Unavailable, problem
from app.turns import Turns

BEHIND = "The server is behind with its answers; try again shortly"
_SHED = ("/v1/", "/ogc", "/mcp")  # the rest costs little, and tells how the server is
_ROUND_SECONDS = 0.02
_NEXT = 16  # requests that look at each round whether they fit; those behind them sleep


class Shedding:
    """Answers 503 to a request that has waited for `patience` seconds and was not begun.

    The event loop takes all requests that have come and runs one after the other: that is a round. Short queries of
    SQLite run in it, so that no queue for connections shows how long the last has to wait. What does not fit into
    a round waits for the next, by and large in the order of coming; between two rounds the loop does all else that it has to.

    A refusal is not sent at once, since it costs time as well: clients that ask again as soon as they are refused
    would take it from those that are answered.
    """

    def __init__(self, app: ASGIApp, patience: float) -> None:
        self.app = app
        self._next = Turns(_NEXT, patience, BEHIND)
        self._waiting = 0
        self._round: float | None = None  # since when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_SHED):
            try:
                if self._waiting or not self._fits():
                    await self._wait()
            except Unavailable as refusal:
                headers = {"Retry-After": str(refusal.retry_after)}
                answer = problem(Request(scope), refusal.status, refusal.detail, headers=headers)
                return await answer(scope, receive, send)
        await self.app(scope, receive, send)

    async def _wait(self) -> None:
        self._waiting += 1
        try:
            async with self._next.one():
                while not self._fits():  # noqa: ASYNC110 - what is waited for is that the loop has gone round
                    await asyncio.sleep(0)
        finally:
            self._waiting -= 1

    def _fits(self) -> bool:
        now = time.monotonic()
        if self._round is None:
            self._round = now
            asyncio.get_running_loop().call_soon(self._end_round)  # after all that is ready now
        return now - self._round < _ROUND_SECONDS

    def _end_round(self) -> None:
        self._round = None

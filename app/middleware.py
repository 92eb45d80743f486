"""What every request passes through before a path is looked up, in one layer."""

import logging
import time
from collections.abc import Mapping

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors
from app.bodies import Whole, given_headers
from app.errors import problem
from app.observability import request_id, tell
from app.overload import Queue
from app.routing import Direct

log = logging.getLogger("dateline.errors")

_READING = "GET, HEAD"
_ON_EVERY_ANSWER = [
    (b"access-control-allow-origin", b"*"),  # CORS for pages of any origin, which may read
    (b"access-control-expose-headers", b"Link, ETag, X-Request-ID"),
    (b"x-content-type-options", b"nosniff"),
]
Given = Mapping[bytes, bytes]


class Front:
    """Gives each request an id and each answer its headers, tells of both, and makes of any failure a problem.

    HEAD works wherever GET does: the same answer without its body. A body has at most `most_body` bytes.
    When its turn in the `queue` has come, a path of `direct` is answered at once; all else goes the way of `app`.
    """

    def __init__(self, app: ASGIApp, direct: Direct, queue: Queue, most_body: int) -> None:
        self._app, self._direct, self._queue, self._most_body = app, direct, queue, most_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started, method = time.perf_counter(), scope["method"]
        given = given_headers(scope)
        scope["request_id"] = request_id(given)
        answer = _Answer(send, scope["request_id"], is_head=method == "HEAD")
        if answer.is_head:
            scope = {**scope, "method": "GET", "head": True}  # a long body need not be made
        try:
            response = self._refused(scope, given) or await self._found(scope, receive)
            if response is None:
                await self._app(scope, _counted(receive, self._most_body), answer.send)
            elif isinstance(response, Whole):
                await answer.give(response)
            else:
                await response(scope, receive, answer.send)
        except Exception:
            log.exception("unexpected failure", extra={"request_id": scope["request_id"]})
            if answer.begun:
                raise
            detail = "An unexpected failure; the server's log has it under this request id"
            await problem(Request(scope), 500, detail)(scope, receive, answer.send)
        finally:
            tell(scope, method, answer.status, time.perf_counter() - started)

    async def _found(self, scope: Scope, receive: Receive) -> Response | None:
        """What a direct path answers, or why the request is not begun; None when the path is none."""
        route = self._direct.find(scope)
        try:
            await self._queue.turn(scope["path"])
            return None if route is None else await route.answer(scope, receive)
        except Exception as error:
            told = errors.answered(Request(scope), error)
            if told is None:
                raise
            return told

    def _refused(self, scope: Scope, given: Given) -> Response | None:
        """What is answered without a look at the path."""
        wanted = given.get(b"access-control-request-method")
        if wanted is not None and scope["method"] == "OPTIONS":
            return _preflight(scope, wanted.decode("latin-1"), given)
        declared = given.get(b"content-length")
        if declared is not None and declared.isdigit() and int(declared) > self._most_body:
            return problem(Request(scope), 413, _too_much(self._most_body))
        return None


class _Answer:
    """An answer on its way out."""

    __slots__ = ("_more", "_send", "begun", "is_head", "status")

    def __init__(self, send: Send, request_id: str, *, is_head: bool) -> None:
        self._send, self.is_head = send, is_head
        self._more = [*_ON_EVERY_ANSWER, (b"x-request-id", request_id.encode())]
        self.status, self.begun = 500, False

    async def give(self, whole: Whole) -> None:
        """All of an answer that is finished, with nothing between here and the server."""
        self.begun, self.status = True, whole.status_code
        headers = [*whole.raw_headers, *self._more]
        await self._send({"type": "http.response.start", "status": whole.status_code, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self.is_head else whole.body})

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self.status = True, message["status"]
            headers = [*message.get("headers", ()), *self._more]
            if self.status == 405:
                headers = [
                    (name, _with_head(value) if name == b"allow" else value) for name, value in headers
                ]
            message = {**message, "headers": headers}
        elif self.is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _with_head(allow: bytes) -> bytes:
    allowed = {method.strip() for method in allow.split(b",")}
    return b", ".join(sorted(allowed | {b"HEAD"})) if b"GET" in allowed else allow


def _preflight(scope: Scope, wanted: str, given: Given) -> Response:
    if wanted not in _READING.split(", "):
        return problem(Request(scope), 400, f"A page of another origin may send {_READING} only")
    allowed = {
        "Access-Control-Allow-Methods": _READING,
        "Access-Control-Allow-Headers": given.get(b"access-control-request-headers", b"*").decode("latin-1"),
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=allowed)


def _too_much(most: int) -> str:
    return f"A body may have at most {most} bytes"


def _counted(receive: Receive, most: int) -> Receive:
    """`receive`, up to so many bytes."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            # FastAPI would answer any other kind of exception here with 400.
            raise HTTPException(413, _too_much(most))
        return message

    return counted

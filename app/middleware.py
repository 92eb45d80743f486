"""What every request passes through before a path is looked up."""

import logging
from collections.abc import Sequence

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem

log = logging.getLogger("dateline.errors")


class CatchAll:
    """Answers a failure that nobody foresaw as a 500 without its text; the log has it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception:
            log.exception("unexpected failure", extra={"request_id": scope.get("request_id")})
            if begun:
                raise
            detail = "An unexpected failure; the server's log has it under this request id"
            await problem(Request(scope), 500, detail)(scope, receive, send)


class HeadAsGet:
    """HEAD works wherever GET does: the same answer without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["method"] != "HEAD":
            return await self.app(scope, receive, _allowing_head(send))

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        as_get = {**scope, "method": "GET", "head": True}  # a long body need not be made
        try:
            await self.app(as_get, receive, _allowing_head(send_head))
        finally:
            scope["route"] = as_get.get("route")  # for whoever tells of the request


def _allowing_head(send: Send) -> Send:
    async def allowing(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 405:
            headers = MutableHeaders(scope=message)
            allowed = {method.strip() for method in headers.get("allow", "").split(",")}
            if "GET" in allowed:
                headers["Allow"] = ", ".join(sorted(allowed | {"HEAD"}))
        await send(message)

    return allowing


class OpenToBrowsers:
    """CORS for pages of any origin, which may read."""

    _READING = "GET, HEAD"

    def __init__(self, app: ASGIApp, exposed: Sequence[str]) -> None:
        self.app, self.exposed = app, ", ".join(exposed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def open_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = self.exposed
            await send(message)

        wanted = Headers(scope=scope).get("access-control-request-method")
        if scope["method"] == "OPTIONS" and wanted is not None:
            return await self._preflight(scope, wanted)(scope, receive, open_send)
        await self.app(scope, receive, open_send)

    def _preflight(self, scope: Scope, wanted: str) -> Response:
        if wanted not in self._READING.split(", "):
            return problem(Request(scope), 400, f"A page of another origin may send {self._READING} only")
        allowed = {
            "Access-Control-Allow-Methods": self._READING,
            "Access-Control-Allow-Headers": Headers(scope=scope).get("access-control-request-headers", "*"),
            "Access-Control-Max-Age": "86400",
        }
        return Response(status_code=204, headers=allowed)


class BodyLimit:
    """Refuses a body larger than `most` bytes, declared or counted as it comes."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) > self.most:
            detail = f"A body may have at most {self.most} bytes"
            return await problem(Request(scope), 413, detail)(scope, receive, send)
        await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                # FastAPI would answer any other kind of exception here with 400.
                raise HTTPException(413, f"A body may have at most {self.most} bytes")
            return message

        return counted

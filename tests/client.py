"""A client of an API in this process, which asks as quickly as thousands of questions need."""

import asyncio
from typing import Any
from urllib.parse import unquote

import httpx2
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from app.main import create_app
from app.settings import Settings
from tests.operations import DOCUMENT

Said = tuple[int, list[tuple[bytes, bytes]], bytes, Exception | None]


def application(database_url: str, **settings: Any) -> FastAPI:
    """The API over a database, with these settings; its contract, which takes longest to make, is made once for all."""
    app = create_app(Settings(database_url=database_url, **settings))
    app.openapi_schema = DOCUMENT
    return app


class QuickClient(TestClient):
    """Starlette's, but a request crosses to the server's thread and back once instead of eight times.

    So it has the answer when it is whole: a stream that has to be seen as it comes needs tests.served.
    """

    def __init__(
        self, app: ASGIApp, *, raise_server_exceptions: bool = True, root_path: str = "", **more: Any
    ) -> None:
        super().__init__(app, root_path=root_path, **more)
        self._transport = _AtOnce(self, root_path, raises=raise_server_exceptions)


class _AtOnce(httpx2.BaseTransport):
    def __init__(self, client: QuickClient, root_path: str, *, raises: bool) -> None:
        self._client, self._root_path, self._raises = client, root_path, raises

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with self._client._portal_factory() as portal:
            status, headers, body, error = portal.call(self._ask, request)
        if self._raises and error is not None:
            raise error
        if request.method == "HEAD":
            body = b""  # as HTTP has it, whatever is sent
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body), request=request)

    async def _ask(self, request: httpx2.Request) -> Said:
        path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(request.url.path),
            "raw_path": path,
            "root_path": self._root_path,
            "scheme": request.url.scheme,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("testclient", 50000),
            "server": (request.url.host, request.url.port or {"http": 80, "https": 443}[request.url.scheme]),
            "state": self._client.app_state.copy(),
        }
        sent: list[Message] = [{"type": "http.request", "body": request.read()}]
        told: list[Message] = []
        faults: list[str] = []  # told at the end: an application may catch what is raised here
        whole = asyncio.Event()

        async def receive() -> Message:
            if sent:
                return sent.pop()
            await whole.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if whole.is_set():
                faults.append("something is sent after the end")
            if (message["type"] == "http.response.start") == bool(told):
                faults.append("an answer has one beginning, which comes first")
            told.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                whole.set()

        error = None
        try:
            await self._client.app(scope, receive, send)
        except Exception as raised:  # noqa: BLE001 - whatever it is, the test is told
            error = raised
        if told and error is None and not whole.is_set():
            faults.append("an answer has no end")
        assert not faults, faults
        if not told:
            return 500, [], b"", error or AssertionError("there is no answer")
        first, *rest = told
        headers = [(bytes(name), bytes(value)) for name, value in first["headers"]]
        return first["status"], headers, b"".join(bytes(part.get("body", b"")) for part in rest), error

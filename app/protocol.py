"""HTTP on one connection: as uvicorn speaks it, in fewer pieces, and with one shape of errors."""

import asyncio
from collections.abc import Collection
from typing import Any

from fastapi import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import problem
from app.observability import request_id

_NO_HTTP = (
    "The request is not HTTP. Letters beyond ASCII have to be percent-encoded in an address, as by"
    " curl --get --data-urlencode 'q=biểu tình'"
)


class Protocol(HttpToolsProtocol):
    """What a server is configured with as `http`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_Transport(transport, self.tasks))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says more
        scope = {"type": "http", "path": "/", "headers": [], "request_id": request_id({})}
        refused = problem(Request(scope), 400, _NO_HTTP, headers={"Connection": "close"})
        head = b"".join(b"%b: %b\r\n" % header for header in refused.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (head, bytes(refused.body)))
        self.transport.close()


class _Transport:
    """A transport that sends what is written in a round of the event loop together, since each time costs as much
    as a short query: the head of an answer with its body, and the answers of a round one after the other."""

    def __init__(self, transport: asyncio.Transport, tasks: Collection[Any]) -> None:
        self._transport, self._tasks = transport, tasks
        self._waiting: list[bytes] = []
        self._later = asyncio.get_running_loop().call_soon  # which to ask for takes a system call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._waiting.append(data)
        if len(self._waiting) == 1:
            self._later(self._send)
        elif len(self._tasks) == 1:  # nothing else is at work that could be waited for
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._transport.writelines(waiting)

"""The processes that serve: one, or several that share the port and are replaced when they die."""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Collection
from contextlib import ExitStack, suppress
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from app.observability import COUNTED_TOGETHER, log_json_lines
from app.settings import Settings

_NO_HTTP = (
    "The request is not HTTP. Letters beyond ASCII have to be percent-encoded in an address, as by"
    " curl --get --data-urlencode 'q=biểu tình'"
)
_LAST_SECONDS = 8  # for answers that are under way when the server is told to stop; Docker waits for 10
# uvloop takes one connection from a socket in a round, so that under load new ones would wait for seconds, and a
# probe among them. It listens several times at the same socket instead.
_TAKEN_AT_ONCE = 16


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

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._transport.writelines(waiting)

    def close(self) -> None:
        self._send()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, in fewer pieces, and with one shape of errors."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_Transport(transport, self.tasks))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says more
        from fastapi import Request

        from app.errors import problem

        refused = problem(Request({"type": "http", "path": "/", "headers": []}), 400, _NO_HTTP)
        head = b"".join(b"%b: %b\r\n" % header for header in refused.raw_headers)
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\n%bconnection: close\r\n\r\n%b" % (head, refused.body)
        )
        self.transport.close()


def run(host: str, port: int, workers: int) -> None:
    """Serve until told to stop; the settings of each process are those of the environment."""
    log_json_lines(Settings().log_level)
    config = uvicorn.Config(
        "app.serving:worker",
        factory=True,
        http=Protocol,
        workers=workers,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    with ExitStack() as stack:
        stack.enter_context(suppress(KeyboardInterrupt))
        listening = stack.enter_context(config.bind_socket())
        sockets = [stack.enter_context(listening.dup()) for _ in range(_TAKEN_AT_ONCE)]
        if workers == 1:
            return uvicorn.Server(config).run(sockets)
        # Processes begin with this environment.
        os.environ[COUNTED_TOGETHER] = stack.enter_context(TemporaryDirectory(prefix="dateline-metrics-"))
        Multiprocess(config, sockets).run()


def worker() -> FastAPI:
    """The application of one process."""
    from app.main import create_app  # what only watches over others does not need it

    settings = Settings()
    log_json_lines(settings.log_level)
    if (parent := multiprocessing.parent_process()) is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()
    app = create_app(settings)
    # All there is by now stays. To look through it for garbage again and again would cost small answers a third.
    gc.collect()
    gc.freeze()
    return app


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """Nobody would stop the workers of a server that was killed, and they would keep its port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)

"""The processes that serve: one, or several that share the port and are replaced when they die."""

import gc
import multiprocessing
import os
import signal
from contextlib import ExitStack, suppress
from tempfile import TemporaryDirectory
from threading import Thread

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from app.observability import COUNTED_TOGETHER, log_json_lines
from app.protocol import Protocol
from app.settings import Settings

_LAST_SECONDS = 8  # for answers that are under way when the server is told to stop; Docker waits for 10
# uvloop takes one connection from a socket in a round, so that under load new ones would wait for seconds, and a
# probe among them. It listens several times at the same socket instead.
_TAKEN_AT_ONCE = 16


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
    # All there is by now stays. To look through it for garbage again and again would cost small answers a third; and what
    # is new is looked through after thousands of objects, not hundreds, since hardly any of it is garbage.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    return app


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """Nobody would stop the workers of a server that was killed, and they would keep its port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)

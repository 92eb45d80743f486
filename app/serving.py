"""The processes that serve: one, or several that share the port and are replaced when they die."""

import multiprocessing
import os
import signal
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from threading import Thread

import uvicorn
from fastapi import FastAPI

from app.observability import COUNTED_TOGETHER, log_json_lines
from app.settings import Settings

_LAST_SECONDS = 8  # for answers that are under way when the server is told to stop; Docker waits for 10


def run(host: str, port: int, workers: int) -> None:
    """Serve until told to stop; the settings of each process are those of the environment."""
    log_json_lines(Settings().log_level)
    with ExitStack() as stack:
        if workers > 1:  # processes begin with this environment
            os.environ[COUNTED_TOGETHER] = stack.enter_context(TemporaryDirectory(prefix="dateline-metrics-"))
        uvicorn.run(
            "app.serving:worker",
            factory=True,
            workers=workers,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_SECONDS,
        )


def worker() -> FastAPI:
    """The application of one process."""
    from app.main import create_app  # what only watches over others does not need it

    settings = Settings()
    log_json_lines(settings.log_level)
    if (parent := multiprocessing.parent_process()) is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()
    return create_app(settings)


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """Nobody would stop the workers of a server that was killed, and they would keep its port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)

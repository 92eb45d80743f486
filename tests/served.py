"""A server that really listens, for clients that speak HTTP."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from app.protocol import Protocol
from tests.client import application


@contextmanager
def served(database_url: str, **settings: float) -> Iterator[str]:
    """The address of an API over a database, with these settings, as `dateline serve` serves it."""
    app = application(database_url, **settings)
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, http=Protocol)
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    while not server.started:  # until then it refuses connections
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)

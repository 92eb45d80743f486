"""A server that really listens, for clients that speak HTTP."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from app.main import create_app
from app.settings import Settings


@contextmanager
def served(database_url: str, **options: Any) -> Iterator[str]:
    """The address of an API over a database, served with these options of uvicorn."""
    app = create_app(Settings(database_url=database_url))
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, **options)
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    while not server.started:  # until then it refuses connections
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()

"""A really served API: uvicorn on a free port, in a thread of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from app.main import create_app
from app.settings import Settings


@contextmanager
def served(url: str, **settings: float) -> Iterator[str]:
    """The address of an API over the database at `url`."""
    app = create_app(Settings(database_url=url, **settings))  # type: ignore[arg-type]
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)

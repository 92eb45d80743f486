"""A seeded server on a port of its own and Debian's Chromium, for tests of the pages and for the screenshot."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from app import db
from app.importers import dossier
from app.importers.load import load
from app.main import create_app
from app.settings import Settings
from tests.databases import prepare

SEED = Path(__file__).parent.parent / "seed" / "niger-2024.yaml"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def seeded_server(folder: Path) -> Iterator[str]:
    """The URL of a server over the seed, whose database lives in `folder`."""
    settings = Settings(database_url=f"sqlite:///{folder / 'dateline.db'}")
    prepare(settings.database_url)
    engine = db.writer(settings)
    load(engine, dossier.parse(SEED))
    engine.dispose()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()

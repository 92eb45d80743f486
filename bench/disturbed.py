"""Requests while something else goes on: an import, an export, far too many connections."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.datasets import Data
from bench.export import fetch
from bench.load import Client, Contender, Figure, Sample, figure
from bench.servers import ROOT

CROWD = 500
IMPORTED = 100_000
_PATIENCE = 60  # seconds


class Disturbed(NamedTuple):
    """Undisturbed and disturbed."""

    alone: Figure
    beside: Figure


class Overload(NamedTuple):
    """500 connections: answers a second, the share of 503, and what comes of them when the crowd has gone."""

    before: Figure
    crowd: Sample
    after: Figure


def during_import(contender: Contender, data: Data, repeat: int, seconds: float) -> Disturbed:
    """W11: at 32 connections, while another process imports 100,000 events, for a minute at most."""
    client = Client(contender)
    alone = figure([client.run(32, seconds) for _ in range(repeat)])
    events = min(IMPORTED, data.events)
    command = [sys.executable, "-m", "bench.datasets", data.url, str(events), "imported"]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603
        try:
            return Disturbed(alone, figure(list(_while(process, client, seconds))))
        finally:
            if process.poll() is None:
                process.terminate()


def beside_export(contender: Contender, path: str, repeat: int, seconds: float) -> Disturbed:
    """Small requests on one connection, while one export after another is read."""
    client = Client(contender)
    alone = figure([client.run(1, seconds) for _ in range(repeat)])
    with _exporting(contender.base, path):
        return Disturbed(alone, figure([client.run(1, seconds) for _ in range(repeat)]))


def overload(contender: Contender, repeat: int, seconds: float) -> Overload:
    """Far more connections than are served, then, at once, one."""
    client = Client(contender)
    before = figure([client.run(1, seconds) for _ in range(repeat)])
    crowd = client.run(CROWD, max(10, seconds), counting=True)
    return Overload(before, crowd, figure([client.run(1, seconds) for _ in range(repeat)]))


def _while(importing: subprocess.Popen[bytes], client: Client, seconds: float) -> Iterator[Sample]:
    """At least one sample, and those that begin while it goes on."""
    time.sleep(1)  # an import needs a moment to begin
    end = time.monotonic() + _PATIENCE
    yield client.run(32, seconds)
    while importing.poll() is None and time.monotonic() < end:
        yield client.run(32, seconds)
    if importing.poll():
        raise RuntimeError(f"the import ended with {importing.poll()}")


@contextmanager
def _exporting(base: str, path: str) -> Iterator[None]:
    over = threading.Event()

    def export() -> None:
        while not over.is_set():
            fetch(base, path)

    thread = threading.Thread(target=export)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

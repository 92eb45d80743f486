"""Requests while something else goes on: an import, an export, far too many connections."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.datasets import Data
from bench.export import fetch
from bench.load import Contender, Figure, Sample, figure, run
from bench.servers import ROOT

CROWD = 500
IMPORTED = 100_000


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
    """W11: at 32 connections, while another process imports 100,000 events."""
    alone = figure([run(contender, 32, seconds) for _ in range(repeat)])
    events = min(IMPORTED, data.events)
    command = [sys.executable, "-m", "bench.datasets", data.url, str(events), "imported"]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603
        try:
            return Disturbed(
                alone, figure(list(_while(lambda: process.poll() is None, contender, 32, seconds)))
            )
        finally:
            if process.poll() is None:
                process.terminate()


def beside_export(contender: Contender, path: str, repeat: int, seconds: float) -> Disturbed:
    """Small requests on one connection, while one export after another is read."""
    alone = figure([run(contender, 1, seconds) for _ in range(repeat)])
    with _exporting(contender.base, path):
        return Disturbed(alone, figure([run(contender, 1, seconds) for _ in range(repeat)]))


def overload(contender: Contender, repeat: int, seconds: float) -> Overload:
    """Far more connections than are served, then, at once, one."""
    before = figure([run(contender, 1, seconds) for _ in range(repeat)])
    crowd = run(contender, CROWD, max(10, seconds), counting=True)
    return Overload(before, crowd, figure([run(contender, 1, seconds) for _ in range(repeat)]))


def _while(
    going: Callable[[], bool], contender: Contender, connections: int, seconds: float
) -> Iterator[Sample]:
    """At least one sample, and those that begin while it goes on."""
    time.sleep(1)  # an import needs a moment to begin
    yield run(contender, connections, seconds)
    while going():
        yield run(contender, connections, seconds)


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

"""W6: exports, read to their end: megabytes a second, time to the first byte, growth of the server's memory."""

import socket
import statistics
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.servers import Server, get, private_memory

_LONGEST = 20.0  # seconds that one export is read for; a slow one is not read to its end
_SLOW = 10.0  # seconds, from which on an export is measured once


class Stream(NamedTuple):
    """An export of one server."""

    name: str
    server: Server
    path: str  # with {since}
    framing: int = 0  # lines beside the events, such as a header; -1 where lines are no events
    memory: int | None = None  # held before the first export; None to look before each


class Export(NamedTuple):
    """What was measured, as medians; `events_rate` is none where an export was not read to its end."""

    events_rate: float | None
    bytes_rate: float
    first_byte_ms: float
    growth: float


class Fetched(NamedTuple):
    """Bytes, seconds to the first of them, seconds in all, and whether that was the end."""

    size: int
    first: float
    seconds: float
    whole: bool


def check(stream: Stream, since: str, events: int) -> None:
    """RuntimeError where the answer is not the one that is asked for."""
    try:
        status, _, body = get(stream.server.base, stream.path.format(since=since))
    except OSError as error:
        raise RuntimeError(f"{stream.name} gives no answer: {error}") from error
    if status != 200:
        raise RuntimeError(f"{stream.name} answers {status}: {body[:150]!r}")
    lines = body.count(b"\n") - stream.framing
    if stream.framing >= 0 and lines != events:
        raise RuntimeError(f"{stream.name} exports {lines:,} events, not {events:,}")


def measured(streams: Sequence[Stream], since: str, events: int, repeat: int) -> dict[str, Export]:
    """Every stream in turn, `repeat` times over; a slow one once."""
    runs: dict[str, list[Export]] = {}
    for _ in range(repeat):
        for stream in streams:
            earlier = runs.setdefault(stream.name, [])
            if not any(run.events_rate is None or events / run.events_rate > _SLOW for run in earlier):
                earlier.append(_run(stream, stream.path.format(since=since), events))
    return {name: _median(each) for name, each in runs.items()}


def _median(runs: Sequence[Export]) -> Export:
    rates = [run.events_rate for run in runs if run.events_rate is not None]
    others = (statistics.median(run[n] or 0 for run in runs) for n in (1, 2, 3))
    return Export(statistics.median(rates) if rates else None, *others)


def _run(stream: Stream, path: str, events: int) -> Export:
    before = private_memory(stream.server.pid) if stream.memory is None else stream.memory
    peak, over = [before], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            peak[0] = max(peak[0], private_memory(stream.server.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        found = fetch(stream.server.base, path, _LONGEST)
    finally:
        over.set()
        watcher.join()
    if not found.whole:
        stream.server.restart()
    rate = events / found.seconds if found.whole else None
    return Export(rate, found.size / found.seconds, found.first * 1000, float(peak[0] - before))


def fetch(base: str, path: str, longest: float = 600) -> Fetched:
    """Read an answer raw, so that the reader is not what is timed, to its end or for so many seconds."""
    at = urlsplit(base)
    size, first, buffer = 0, 0.0, bytearray(1 << 20)
    with socket.create_connection((at.hostname or "", at.port or 80)) as connection:
        connection.settimeout(longest)
        started = time.perf_counter()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n\r\n".encode())
        while (seconds := time.perf_counter() - started) < longest:
            try:
                received = connection.recv_into(buffer)
            except TimeoutError:
                break
            if not received:
                return Fetched(size, first, seconds, whole=True)
            first = first or time.perf_counter() - started
            size += received
    return Fetched(size, first, seconds, whole=False)

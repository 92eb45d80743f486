"""W6: exports, read to their end: megabytes a second, time to the first byte, growth of the server's memory."""

import socket
import statistics
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.servers import Server, get, private_memory


class Stream(NamedTuple):
    """An export of one server."""

    name: str
    server: Server
    path: str
    events: int  # that a right answer holds
    framing: int = 0  # lines beside the events, such as a header; -1 where lines are no events
    memory: int | None = None  # held before the first export; None to look before each


class Export(NamedTuple):
    """What was measured, as medians."""

    events_rate: float
    bytes_rate: float
    first_byte_ms: float
    growth: float


def check(stream: Stream) -> None:
    """RuntimeError where the answer is not the one that is asked for."""
    status, _, body = get(stream.server.base, stream.path)
    if status != 200:
        raise RuntimeError(f"{stream.name} answers {status}")
    lines = body.count(b"\n") - stream.framing
    if stream.framing >= 0 and lines != stream.events:
        raise RuntimeError(f"{stream.name} exports {lines:,} events, not {stream.events:,}")


def measured(streams: Sequence[Stream], repeat: int) -> dict[str, Export]:
    """Every stream in turn, `repeat` times over."""
    runs: dict[str, list[tuple[float, float, float, float]]] = {}
    for _ in range(repeat):
        for stream in streams:
            runs.setdefault(stream.name, []).append(_run(stream))
    return {name: Export(*map(statistics.median, zip(*each, strict=True))) for name, each in runs.items()}


def _run(stream: Stream) -> tuple[float, float, float, float]:
    before = private_memory(stream.server.pid) if stream.memory is None else stream.memory
    peak, over = [before], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            peak[0] = max(peak[0], private_memory(stream.server.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        size, first, seconds = fetch(stream.server.base, stream.path)
    finally:
        over.set()
        watcher.join()
    return stream.events / seconds, size / seconds, first * 1000, float(peak[0] - before)


def fetch(base: str, path: str) -> tuple[int, float, float]:
    """Bytes, seconds to the first of them, seconds to the last; read raw, so that the reader is not what is timed."""
    at = urlsplit(base)
    size, first, buffer = 0, 0.0, bytearray(1 << 20)
    with socket.create_connection((at.hostname or "", at.port or 80)) as connection:
        started = time.perf_counter()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n\r\n".encode())
        while received := connection.recv_into(buffer):
            first = first or time.perf_counter() - started
            size += received
        return size, first, time.perf_counter() - started

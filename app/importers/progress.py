"""What an import tells while it runs: a line that moves on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TextIO

from app.importers.writer import Summary

_EVERY = 0.2  # seconds between two looks of a terminal
_EVERY_LINE = 10.0  # seconds between two plain lines


class Progress:
    """Shows rows, rows a second and the time left; `done` says how much of the file is read, from 0 to 1."""

    def __init__(self, name: str, done: Callable[[], float], out: TextIO | None = None) -> None:
        self._name, self._done, self._out = name, done, out or sys.stderr
        self._moves = self._out.isatty()
        self._started = self._last = time.monotonic()

    def __call__(self, summary: Summary) -> None:
        now = time.monotonic()
        if now - self._last < (_EVERY if self._moves else _EVERY_LINE):
            return
        self._last = now
        line = f"{self._name}: {self._state(summary, now - self._started)}"
        self._out.write(f"\r{line}\x1b[K" if self._moves else f"{line}\n")
        self._out.flush()

    def end(self, summary: Summary) -> None:
        """The last line: every count, and the seconds it took."""
        seconds = time.monotonic() - self._started
        counts = ", ".join(f"{count:,} {name}" for name, count in asdict(summary).items())
        self._out.write("\r\x1b[K" if self._moves else "")
        self._out.flush()
        print(f"{self._name}: {counts}, {seconds:.1f} seconds")  # noqa: T201 (it is the output)

    def _state(self, summary: Summary, seconds: float) -> str:
        told = f"{summary.read:,} rows, {summary.read / max(seconds, 1e-9):,.0f} rows/s"
        done = self._done()
        return f"{told}, {seconds / done - seconds:,.0f} s left" if done else told

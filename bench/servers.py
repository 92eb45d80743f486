"""Processes: start a server, wait until it answers, look at its memory, stop it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
_START = 300  # seconds; roapi reads a whole file before it answers
PATIENCE = 60  # seconds that an answer may take


class Server:
    """A process that answers at `base`; started anew, it answers there again."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, told: Mapping[str, str], ready: str
    ) -> None:
        port = _free_port()
        self.name, self.base = name, f"http://127.0.0.1:{port}"
        self._command = [word.format(port=port) for word in command]
        self._log, self._told, self._ready = log, told, ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603
                self._command, stdout=out, stderr=out, cwd=ROOT, env=os.environ | dict(self._told)
            )
        _await(self.name, self.base + self._ready, self._process, self._log)

    def stop(self, patience: float = 10) -> None:
        """End it, by force where it does not end by itself."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Start anew, without what it was at work on."""
        self.stop(patience=0.5)
        self.start()


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    logs: Path,
    environment: Mapping[str, str] | None = None,
    ready: str = "/",
) -> Iterator[Server]:
    """A server of `command`, in which {port} stands for a free port, until the end of the block."""
    log = logs / f"{name}.log"
    log.unlink(missing_ok=True)
    server = Server(name, command, log, environment or {}, ready)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def dateline(
    url: str, logs: Path, name: str = "dateline", *, workers: int = 1, keeping: bool = True
) -> Iterator[Server]:
    """This project's server over the database at `url`: one process, unless more are asked for.

    Without `keeping`, it keeps no finished answers.
    """
    environment = {"DATELINE_DATABASE_URL": url, "DATELINE_LOG_LEVEL": "warning", "PYTHONPATH": str(ROOT)}
    if not keeping:
        environment["DATELINE_CACHE_BYTES"] = "0"
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "{port}"]
    if workers > 1:
        command += ["--workers", str(workers)]
    with started(name, command, logs, environment, ready="/health/ready") as server:
        yield server


def workers_known() -> bool:
    """Whether `dateline serve` can start more than one process."""
    command = [sys.executable, "-m", "app.cli", "serve", "--help"]
    told = os.environ | {"PYTHONPATH": str(ROOT)}
    return "--workers" in subprocess.run(command, capture_output=True, text=True, check=True, env=told).stdout  # noqa: S603


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(name: str, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended at its start: {log.read_text(errors='replace')[-600:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{name} did not answer within {_START} seconds")


def get(base: str, path: str, etag: str = "", body: str = "") -> tuple[int, Mapping[str, str], bytes]:
    """One answer, to a POST where there is a body: status, headers with names in lower case, body.

    OSError where none comes in time.
    """
    headers = {"If-None-Match": etag} if etag else {}
    request = urllib.request.Request(base + path, body.encode() or None, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, {k.lower(): v for k, v in answer.headers.items()}, answer.read()


def private_memory(pid: int) -> int:
    """Bytes of anonymous memory that the process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0

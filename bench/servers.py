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
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
_PATIENCE = 300  # roapi reads a whole file before it answers


class Server(NamedTuple):
    """A server that answers at `base`."""

    name: str
    base: str
    pid: int


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    logs: Path,
    environment: Mapping[str, str] | None = None,
    ready: str = "/",
) -> Iterator[Server]:
    """A server of `command`, in which {port} stands for a free port, until the end of the block."""
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    words = [word.format(port=port) for word in command]
    log = logs / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            words, stdout=out, stderr=out, cwd=ROOT, env=os.environ | dict(environment or {})
        )
        try:
            _await(name, base + ready, process, log)
            yield Server(name, base, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def dateline(url: str, logs: Path, name: str = "dateline") -> Iterator[Server]:
    """This project's server, one process, over the database at `url`."""
    environment = {"DATELINE_DATABASE_URL": url, "DATELINE_LOG_LEVEL": "warning", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "{port}"]
    with started(name, command, logs, environment, ready="/health/ready") as server:
        yield server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(name: str, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
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
    raise RuntimeError(f"{name} did not answer within {_PATIENCE} seconds")


def get(base: str, path: str, etag: str = "", body: str = "") -> tuple[int, Mapping[str, str], bytes]:
    """One answer, to a POST where there is a body: status, headers with names in lower case, body."""
    headers = {"If-None-Match": etag} if etag else {}
    request = urllib.request.Request(base + path, body.encode() or None, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, {k.lower(): v for k, v in answer.headers.items()}, answer.read()


def private_memory(pid: int) -> int:
    """Bytes of anonymous memory that the process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0

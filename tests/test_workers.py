"""`dateline serve` as a command: one process or several, on either database, which start, share, survive and stop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from sqlalchemy.engine import make_url

from tests.conftest import SEED
from tests.databases import Databases

LIMIT = 30  # seconds for what a busy machine does slowly


class Running(NamedTuple):
    """A server, and what it has logged."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line[:1] == "{"]

    def said(self, words: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if words in line["message"]]

    def pids(self) -> list[int]:
        """The processes that have served, in the order in which they began."""
        return [int(line["pid"]) for line in self.said("Started server process")]

    def answering(self) -> set[int]:
        return {int(line["pid"]) for line in self.said("request") if line["logger"] == "dateline.requests"}

    @property
    def base(self) -> str:
        return next(str(line["message"]).split()[3] for line in self.said("running on"))

    def until(self, happens: Callable[[], Any]) -> None:
        end = time.monotonic() + LIMIT
        while not happens():
            assert time.monotonic() < end, self.log.read_text("utf-8")[-2000:]
            time.sleep(0.05)


@contextmanager
def _serving(url: str, folder: Path, *options: str) -> Iterator[Running]:
    log = folder / "serve.log"
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", *options]
    environment = {**os.environ, "DATELINE_DATABASE_URL": url, "TMPDIR": str(folder)}
    environment.pop("PYTHONUNBUFFERED", None)  # which not everyone has
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stderr=out, stdout=out) as process:
        running = Running(process, log)
        try:
            running.until(lambda: running.said("startup complete") or process.poll() is not None)
            yield running
        finally:
            if process.poll() is None:
                process.kill()


def _get(base: str, path: str) -> httpx2.Response:
    # A connection of its own: whoever is free takes it. To read certificates takes longer than all else.
    return httpx2.get(f"{base}{path}", timeout=LIMIT, verify=False)


def _is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def _ask_until_all_answer(running: Running, pids: list[int]) -> int:
    """How many requests it took until each of these processes had answered one."""
    asked = 0

    def all_answered() -> bool:
        nonlocal asked
        assert _get(running.base, "/v1/events?limit=1").status_code == 200
        asked += 1
        return running.answering() >= set(pids)

    running.until(all_answered)
    return asked


# Processes begin and end alike on either database; `make test-slow` tries the other one, too.
chiefly_sqlite = pytest.mark.parametrize(
    "databases",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)],
    indirect=True,
    scope="session",
)


@chiefly_sqlite
@pytest.mark.parametrize("asked_to", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_workers_share_the_port_and_count_together_until_told_to_stop(
    seeded_url: str, tmp_path: Path, asked_to: signal.Signals
) -> None:
    with _serving(seeded_url, tmp_path, "--workers", "2") as running:
        running.until(lambda: len(running.said("startup complete")) == 2)
        pids = running.pids()
        assert len({*pids, running.process.pid}) == 3
        asked = _ask_until_all_answer(running, pids)
        for _ in range(4):  # whichever of them is asked
            told = _get(running.base, "/metrics").text
            counted = 'dateline_requests_total{method="GET",operation="list_events",status="200"}'
            assert f"{counted} {float(asked)}" in told.splitlines()
        running.process.send_signal(asked_to)
        assert running.process.wait(LIMIT) == 0
    assert all(map(_is_gone, pids))
    assert not [line for line in running.lines() if line["level"] in ("warning", "error")]
    assert not list(tmp_path.glob("dateline-*"))  # what it kept for itself


@chiefly_sqlite
def test_a_worker_that_dies_is_replaced_and_none_outlives_a_server_that_is_killed(
    seeded_url: str, tmp_path: Path
) -> None:
    with _serving(seeded_url, tmp_path, "--workers", "2") as running:
        running.until(lambda: len(running.said("startup complete")) == 2)
        first, second = running.pids()
        os.kill(first, signal.SIGKILL)
        running.until(lambda: len(running.said("startup complete")) == 3)
        _ask_until_all_answer(running, [second, running.pids()[2]])
        running.process.kill()
        running.until(lambda: all(map(_is_gone, running.pids())))


@chiefly_sqlite
@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_a_database_is_prepared_once_before_anyone_serves(
    databases: Databases, tmp_path: Path, workers: str
) -> None:
    url = databases.empty()
    if databases.server is None:
        Path(str(make_url(url).database)).unlink(missing_ok=True)
    try:
        with _serving(url, tmp_path, "--migrate", "--seed", str(SEED), "--workers", workers) as running:
            assert _get(running.base, "/health/ready").status_code == 200
            assert _get(running.base, "/v1/events?limit=1").json()["items"]
            running.process.terminate()
            assert running.process.wait(LIMIT) in (0, -signal.SIGTERM)
        assert running.log.read_text("utf-8").count("The database is at migration") == 1
    finally:
        databases.drop(url)


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_a_number_of_workers_is_a_number(workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    from app import cli

    with pytest.raises(SystemExit):
        cli.main(["serve", f"--workers={workers}"])
    assert "--workers" in capsys.readouterr().err

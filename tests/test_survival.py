"""An import that is killed leaves the old data whole and a load marked failed, and the next one just works."""

import csv
import os
import subprocess
import sys
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests import commands
from tests.client import QuickClient, application

MAPPING = """
[dataset]
id = "killed"
title = "Killed"
version = "1"
licence = "CC0-1.0"
citation = "None"
[event]
id = { column = "id" }
type = { constant = "PROTEST" }
status = { constant = "occurred" }
title = { column = "title" }
date.start = { column = "date" }
"""


def _write(path: Path, title: str, rows: int = 1_000) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "title", "date"])
        out.writerows([n, f"{title} {n}", f"2024-{n % 12 + 1:02}"] for n in range(rows))


def _start(url: str, folder: Path, name: str) -> ForkServerProcess:
    return commands.start(url, "import", "csv", folder / name, "--mapping", folder / "m.toml")


def _import(url: str, folder: Path, name: str) -> None:
    commands.run(url, "import", "csv", folder / name, "--mapping", folder / "m.toml")


def _titles(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT title FROM event ORDER BY id")).scalars())


def _whole(engine: Engine) -> None:
    """Every event has all that hangs on it, and is found once."""
    counts = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM evidence), (SELECT count(*) FROM event_search)"
    with engine.connect() as connection:
        (events, evidence, found) = connection.execute(text(counts)).one()
    assert events == evidence == found


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment(engine: Engine, url: str, tmp_path: Path, times: int) -> None:
    (tmp_path / "m.toml").write_text(MAPPING)
    _write(tmp_path / "old.csv", "Old")
    _write(tmp_path / "new.csv", "New")
    started = time.monotonic()
    _import(url, tmp_path, "old.csv")
    whole = time.monotonic() - started
    old, random = _titles(engine), Random(7)
    for _ in range(times):
        running = _start(url, tmp_path, "new.csv")
        time.sleep(whole * random.uniform(0.2, 0.95))
        running.kill()
        running.join()
        assert len({title.split()[0] for title in _titles(engine)}) == 1, "half of an import was kept"
        _whole(engine)
        if _titles(engine) != old:  # it had finished before the signal came
            _import(url, tmp_path, "old.csv")
            assert _titles(engine) == old
    _import(url, tmp_path, "new.csv")
    assert {title.split()[0] for title in _titles(engine)} == {"New"}
    _whole(engine)
    with engine.connect() as connection:
        loads = connection.execute(text("SELECT outcome, error FROM load ORDER BY id")).all()
    assert {tuple(load) for load in loads} <= {("succeeded", None), ("failed", "did not finish")}
    assert loads[-1].outcome == "succeeded"


def test_a_reader_sees_the_old_data_until_the_new_is_whole(url: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING)
    _write(tmp_path / "old.csv", "Old")
    _write(tmp_path / "new.csv", "New")
    _import(url, tmp_path, "old.csv")
    seen: list[set[str]] = []
    with QuickClient(application(url)) as client:
        running = _start(url, tmp_path, "new.csv")
        while running.is_alive():
            seen.append(_kinds(client))
        assert running.exitcode == 0
        assert _kinds(client) == {"New"}
    assert seen[0] == {"Old"}
    assert all(len(kinds) == 1 for kinds in seen), "half of an import was seen"


def _kinds(client: TestClient) -> set[str]:
    return {event["title"].split()[0] for event in client.get("/v1/events?limit=1000").json()["items"]}


@pytest.mark.slow
def test_memory_stays_flat(url: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING)
    _write(tmp_path / "old.csv", "Old", 40_000)
    script = "import resource, sys; from app import cli; status = cli.main(sys.argv[1:]);"
    script += " print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024); sys.exit(status)"
    command = [
        sys.executable,
        "-c",
        script,
        "import",
        "csv",
        str(tmp_path / "old.csv"),
        "--mapping",
        str(tmp_path / "m.toml"),
    ]
    environment = {**os.environ, "DATELINE_DATABASE_URL": url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 400, "megabytes"

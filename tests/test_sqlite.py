"""With the SQLite that comes with Python, all is as with the one of the extra `sqlite`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SEED

_LISTS = (
    "country=NE&limit=5",
    "q=agreement&count=exact",
    "bbox=-180,-90,180,90&count=exact",
    "type=AGREE,CONSULT&context=military,diplomatic&sort=date&count=capped",
)
_ASK = """
import json, sys
without, url, seed, *lists = sys.argv[1:]
if without:
    sys.modules[without] = None
from starlette.testclient import TestClient
from app import cli
from app.main import create_app
from app.sqlite import sqlite3
assert cli.main(["migrate"]) == 0 and cli.main(["import", "dossier", seed]) == 0
with TestClient(create_app()) as client:
    answers = [client.get(f"/v1/events?{asked}").json() for asked in lists]
print(json.dumps([sqlite3.__name__, [(a["total"], [event["id"] for event in a["items"]]) for a in answers]]))
"""


def _asked(without: str, file: Path) -> tuple[str, list[tuple[int | None, list[str]]]]:
    """The library, and of each list how many it has and which."""
    url = f"sqlite:///{file}"
    command = [sys.executable, "-c", _ASK, without, url, str(SEED), *_LISTS]
    told = os.environ | {"DATELINE_DATABASE_URL": url}
    out = subprocess.run(command, capture_output=True, text=True, check=True, env=told).stdout
    library, lists = json.loads(out.splitlines()[-1])
    return library, lists


@pytest.mark.slow
def test_either_library_finds_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pysqlite3")
    (its, found), (pythons, also) = _asked("", tmp_path / "a.db"), _asked("pysqlite3", tmp_path / "b.db")
    assert (its, pythons) == ("pysqlite3.dbapi2", "sqlite3")
    assert found == also
    assert all(events for _, events in found)

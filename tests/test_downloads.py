"""The Parquet file of a dataset: the same events as the list, cached until the data changes, in ranges too."""

import io
import sys
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.importers.load import load
from tests import make
from tests.operations import check_problem, walk


def _path(dataset: str) -> str:
    return f"/v1/datasets/{dataset}/events.parquet"


def test_it_holds_the_events_of_the_dataset(world: TestClient) -> None:
    answer = world.get(_path("alpha"))
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    events = walk(world, "/v1/events", dataset="alpha", limit=1000)
    assert [row["id"] for row in rows] == [event["id"] for event in events]


def test_a_range_and_a_tag(world: TestClient) -> None:
    whole = world.get(_path("alpha"))
    part = world.get(_path("alpha"), headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    assert part.headers["etag"] == whole.headers["etag"]
    again = world.get(_path("alpha"), headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_load_makes_it_anew(client: TestClient, engine: Engine) -> None:
    load(engine, make.release(make.event("made.a", "2024-04-19")))
    before = client.get(_path("made"))
    load(engine, make.release(*(make.event(f"made.{name}", "2024-04-20") for name in "ab")))
    after = client.get(_path("made"))
    assert before.headers["etag"] != after.headers["etag"]
    assert pq.read_table(io.BytesIO(before.content))["id"].to_pylist() == ["made.a"]
    assert "made.b" in pq.read_table(io.BytesIO(after.content))["id"].to_pylist()


def test_a_dataset_that_is_not_there(world: TestClient) -> None:
    check_problem(world.get(_path("nothing")), 404)


def test_a_server_without_the_library_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    load(engine, make.release(make.event("made.a", "2024-04-19")))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "dateline[parquet]" in check_problem(client.get(_path("made")), 501)["detail"]

"""The change feed: a mirror that follows it holds exactly what the server holds, whatever has happened."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app import db
from app.importers.load import load
from app.records import (
    ActorRecord,
    DatasetRecord,
    EventFacts,
    EventRecord,
    EvidenceRecord,
    Item,
    Release,
    SourceRecord,
)
from app.settings import Settings
from tests.client import QuickClient, application
from tests.databases import Databases
from tests.derived import check_derived

IDS = "abcdef"


def release(versions: dict[str, int], actor_name: str = "Somebody", *, whole: bool = True) -> Release:
    """A release whose events are told apart by their version."""
    dataset = DatasetRecord("d", "csv", "D", {"en": "D"}, "1", "CC0-1.0", "none")
    items: list[Item] = [
        SourceRecord("s", "article", "A source"),
        ActorRecord("x", "person", actor_name, {"en": actor_name}),
    ]
    items += [_event(key, version) for key, version in versions.items()]
    return Release(dataset=dataset, file="f", file_sha256="0" * 64, items=items, whole=whole)


def _event(key: str, version: int) -> EventRecord:
    day = date(2024, 1, 1 + version)
    facts = EventFacts("CONSULT", "occurred", f"Version {version}", day.isoformat(), day, day, "day")
    return EventRecord(f"d.{key}", facts, actors=[("x", "initiator")], evidence=[EvidenceRecord("s")])


class Mirror:
    """A client that keeps a copy by the feed alone."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.held, self.token = client, dict[str, Any](), None

    def follow(self, limit: int, pages: int = 1_000) -> None:
        for _ in range(pages):
            query = {"limit": limit} | ({"since": self.token} if self.token else {})
            page = self.client.get("/v1/changes", params=query).json()
            for change in page["items"]:
                self.held.pop(change["id"], None)
                if change["kind"] == "event":
                    self.held[change["id"]] = change["event"]
            self.token = page["token"]
            if page["next"] is None:
                return

    def agrees(self) -> bool:
        events = self.client.get("/v1/events?limit=1000").json()["items"]
        return self.held == {event["id"]: event for event in events}


@pytest.fixture
def served(url: str) -> Iterator[tuple[Engine, TestClient]]:
    engine = db.writer(Settings(database_url=url))
    with QuickClient(application(url)) as client:
        yield engine, client
    engine.dispose()


def empty(engine: Engine) -> None:
    """Take all events away, as if the database were new; sequences go on."""
    with engine.begin() as connection:
        for table in (
            "event_search",
            "event_document",
            "event_tally",
            "event",
            "load",
            "dataset",
            "source",
            "actor",
        ):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE clock SET seq = seq + 1"))  # as whoever writes does


VERSIONS = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3))
STEPS = st.one_of(
    st.tuples(st.just("release"), VERSIONS),
    st.tuples(st.just("add"), VERSIONS),
    st.tuples(st.just("rename"), st.sampled_from(("Anna", "Binh", "Chi"))),
    st.tuples(st.just("follow"), st.integers(1, 3)),
    st.tuples(st.just("one page"), st.integers(1, 3)),
    st.tuples(st.just("new mirror"), st.integers(1, 3)),
)


@given(history=st.lists(STEPS, max_size=12))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_mirror_ends_with_what_the_server_holds(
    served: tuple[Engine, TestClient], history: list[tuple[str, Any]]
) -> None:
    engine, client = served
    empty(engine)
    mirrors = [Mirror(client)]
    for step, value in history:
        match step:
            case "release":
                load(engine, release(value))
            case "add":
                load(engine, release(value, whole=False))
            case "rename":
                load(engine, release({}, value, whole=False))
            case "follow":
                mirrors[-1].follow(value)
            case "one page":
                mirrors[-1].follow(value, pages=1)
            case "new mirror":
                mirrors.append(Mirror(client))
    for mirror in mirrors:
        mirror.follow(2)
        assert mirror.agrees()
    check_derived(engine)


def test_each_event_once_in_the_order_of_its_last_change(served: tuple[Engine, TestClient]) -> None:
    engine, client = served
    load(engine, release({"a": 0, "b": 0, "c": 0}))
    load(engine, release({"a": 1, "b": 0, "c": 0}))
    page = client.get("/v1/changes").json()
    assert [change["id"] for change in page["items"]] == ["d.b", "d.c", "d.a"]
    assert page["next"] is None
    later = client.get("/v1/changes", params={"since": page["token"]}).json()
    assert later["items"] == []
    assert later["token"] == page["token"]


def test_a_withdrawn_event_is_a_tombstone(served: tuple[Engine, TestClient]) -> None:
    engine, client = served
    load(engine, release({"a": 0, "b": 0}))
    load(engine, release({"b": 0}))
    (stone,) = (c for c in client.get("/v1/changes").json()["items"] if c["id"] == "d.a")
    assert (stone["kind"], stone["event"], stone["reason"]) == ("withdrawn", None, "not in version 1")
    answer = client.get("/v1/events/d.a")
    assert answer.status_code == 410
    assert answer.json()["reason"] == "not in version 1"


def test_history_says_what_changed(served: tuple[Engine, TestClient]) -> None:
    engine, client = served
    for versions in ({"a": 0}, {"a": 1}, {}, {"a": 1}):
        load(engine, release(versions))
    told = client.get("/v1/events/d.a/history").json()["revisions"]
    assert [entry["revision"] for entry in told] == [1, 2, 3, 4]
    assert [[change["field"] for change in entry["changes"]] for entry in told] == [
        [],
        ["title", "date"],
        ["withdrawn"],
        ["withdrawn"],
    ]
    assert told[1]["changes"][0] == {"field": "title", "old": "Version 0", "new": "Version 1"}
    assert client.get("/v1/events/d.a").json()["revision"] == 4


def test_history_of_nothing_is_not_found(served: tuple[Engine, TestClient]) -> None:
    assert served[1].get("/v1/events/d.a/history").status_code == 404


@pytest.mark.parametrize("since", ["x", "W10", "WyJ4Il0", "bnVsbA", "WyJ4Iiw1XQ"])
def test_a_token_that_is_none_is_refused(served: tuple[Engine, TestClient], since: str) -> None:
    answer = served[1].get("/v1/changes", params={"since": since})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "since"


def test_a_token_of_another_database_is_refused(databases: Databases) -> None:
    tokens = []
    urls = [databases.migrated(), databases.migrated()]
    prepared = db.writer(Settings(database_url=urls[1]))
    with prepared.begin() as connection:
        connection.execute(text("UPDATE clock SET generation = 'another'"))
    prepared.dispose()
    for url in urls:
        with QuickClient(application(url)) as client:
            tokens.append(client.get("/v1/changes").json()["token"])
            answer = client.get("/v1/changes", params={"since": tokens[0]})
            assert answer.status_code == (200 if url == urls[0] else 400)
        databases.drop(url)

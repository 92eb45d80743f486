"""Feeds: feed readers understand them, and they tell what `/v1/events` tells, what changed last first."""

from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import feeds
from app.importers.load import load
from tests import make
from tests.operations import walk

PATHS = ("/v1/events.atom", "/v1/events.feed.json")
both = pytest.mark.parametrize("path", PATHS)


def _read(answer: Any) -> Any:
    read = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not read.bozo, read.get("bozo_exception")
    return read


def _titles(answer: Any) -> dict[str, str]:
    """The title of each entry by its id."""
    assert answer.status_code == 200
    if answer.headers["content-type"] == feeds.ATOM:
        return {entry.id: entry.title for entry in _read(answer).entries}
    return {item["id"]: item["title"] for item in answer.json()["items"]}


@pytest.mark.parametrize("query", [{}, {"country": "NE", "type": "CONSULT,RETREAT"}, {"q": "quân đội"}])
def test_both_feeds_tell_the_events_that_changed_last(seeded: TestClient, query: dict[str, str]) -> None:
    events = walk(seeded, "/v1/events", sort="-updated", **query)
    atom = _read(seeded.get(PATHS[0], params=query))
    told = seeded.get(PATHS[1], params=query).json()
    assert atom.version == "atom10" and told["version"] == "https://jsonfeed.org/version/1.1"
    addresses = [f"http://testserver/v1/events/{event['id']}" for event in events]
    assert [entry.link for entry in atom.entries] == [item["url"] for item in told["items"]] == addresses
    assert len({entry.id for entry in atom.entries}) == len(events) > 0
    assert [entry.id for entry in atom.entries] == [item["id"] for item in told["items"]]
    for entry, item, event in zip(atom.entries, told["items"], events, strict=True):
        assert entry.title == item["title"] == event["title"]
        assert entry.updated == item["date_modified"] == event["updated"]
        assert entry.summary == item["content_text"]
        assert event["summary"] in entry.summary and event["date"]["edtf"] in entry.summary
        assert [tag.term for tag in entry.tags] == item["tags"]
        assert {event["type"], *(c["code"] for c in event["countries"])} <= set(item["tags"])
        assert seeded.get(entry.link).status_code == 200
    assert atom.feed.updated == events[0]["updated"]
    assert seeded.get(told["feed_url"]).json() == told
    assert str(seeded.get(PATHS[0], params=query).url) == atom.feed.links[0].href


@both
def test_a_feed_of_nothing_is_a_feed(seeded: TestClient, path: str) -> None:
    assert _titles(seeded.get(path, params={"q": "nowherenever"})) == {}


@both
def test_a_feed_holds_as_many_as_asked_for(world: TestClient, path: str) -> None:
    for query, most in (({}, 100), ({"limit": 3}, 3), ({"limit": 1000}, 282)):
        assert len(_titles(world.get(path, params=query))) == most


@both
def test_an_edit_keeps_the_id(client: TestClient, engine: Engine, path: str) -> None:
    load(engine, make.release(make.event("made.one"), make.event("made.two")))
    first = client.get(path)
    held = {"If-None-Match": first.headers["etag"]}
    assert client.get(path, headers=held).status_code == 304
    title = "Another <b>title</b> & \x0bmore"
    load(engine, make.release(make.event("made.one", title=title), make.event("made.two")))
    before, after = _titles(first), _titles(client.get(path, headers=held))
    assert set(before) == set(after)
    (edited,) = (key for key in before if before[key] != after[key])
    assert edited.endswith("/made.one") and after[edited].startswith("Another")

"""Both databases give the same answers to the same questions, and they are those of the oracle."""

from functools import cache
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from app import queries
from tests import make, oracle
from tests.operations import OPERATIONS, check_problem, walk
from tests.parts import events_of

PARTS, PART = range(10), 50  # so many questions each; `make test-slow` asks the second half
COUNTRIES = ("NE", "NER", "562", "ne", "us", "RUS", "250", "Ng", "VN", "FJ", "XK", "XKX", "DE")


@pytest.fixture(scope="module")
def told(worlds: dict[str, TestClient]) -> oracle.World:
    client = worlds["sqlite"]
    return oracle.World(
        events=walk(client, "/v1/events", limit=1000),
        actors={actor["id"]: actor for actor in walk(client, "/v1/actors")},
        countries={
            country[name].lower(): country["code"]
            for country in walk(client, "/v1/countries", limit=1000)
            for name in ("numeric", "alpha3", "code")
            if country[name] and not country["valid_to"]
        },
    )


@cache
def _values() -> dict[str, list[str]]:
    """Values of the filters that take several: the contract's codes, and ids of the world."""
    (events,) = (operation for operation in OPERATIONS if operation.id == "list_events")
    listed = {p.name: p.schema["items"].get("enum", []) for p in events.parameters if p.repeatable}
    return listed | {
        "type": [*listed["type"], "retreat"],
        "context": ["military", "diplomatic", "economic", "terrorism", "cyber", "gender"],
        "country": list(COUNTRIES),
        "actor": [actor.id for actor in make.ACTORS],
        "source": [source.id for source in make.SOURCES],
        "dataset": ["alpha", "beta"],
    }


def test_the_world_is_whole(worlds: dict[str, TestClient], told: oracle.World) -> None:
    alpha, beta = make.world(1, 180, "alpha"), make.world(2, 120, "beta")
    gone = {event.id for event in events_of(alpha)} - {event["id"] for event in told.events}
    assert len(gone) == 18
    assert {event["id"] for event in told.events} == {
        e.id for e in (*events_of(alpha), *events_of(beta))
    } - gone
    for client in worlds.values():
        assert all(client.get(f"/v1/events/{event_id}").status_code == 410 for event_id in gone)
    assert {len(told.answer([(name, value)])) > 0 for name, value in _every_kind()} == {True}


def _every_kind() -> list[tuple[str, str]]:
    values = _values()
    return [(name, value) for name in ("type", "mode", "status", "country_role") for value in values[name]]


@pytest.mark.parametrize("part", [*PARTS[:5], *(pytest.param(n, marks=pytest.mark.slow) for n in PARTS[5:])])
def test_both_databases_and_the_oracle_agree(
    worlds: dict[str, TestClient], told: oracle.World, part: int
) -> None:
    random = Random(part)
    for _ in range(PART):
        asked = oracle.question(random, _values())
        one, other = (client.get(f"/v1/events?{urlencode(asked)}") for client in worlds.values())
        assert one.status_code == 200, (asked, one.text)
        assert one.content == other.content, asked
        page, found, query = one.json(), told.answer(asked), dict(asked)
        limit = int(str(query.get("limit", 100)))
        assert _ids(page["items"]) == _ids(found[:limit]), asked
        assert page["items"] == found[:limit], asked
        assert (page["next"] is None) == (len(found) <= limit), asked
        counted = query.get("count", "none") != "none"
        assert page["total"] == (len(found) if counted else None), asked
        assert page["total_is_exact"] == (True if counted else None), asked


def _ids(events: list[dict[str, Any]]) -> list[str]:
    return [f"{event['id']} {event['date']['edtf']}" for event in events]


@pytest.mark.parametrize("part", range(5))
def test_pages_are_the_oracles_list_cut_up(
    worlds: dict[str, TestClient], told: oracle.World, part: int
) -> None:
    random = Random(100 + part)
    for _ in range(5):
        asked = [(name, value) for name, value in oracle.question(random, _values()) if name != "limit"]
        found = told.answer(asked)
        size = ("limit", "1" if len(found) < 20 else "19")
        for client in worlds.values():
            assert _ids(_walked(client, [*asked, size])) == _ids(found), asked


def _walked(client: TestClient, asked: oracle.Asked) -> list[dict[str, Any]]:
    page = client.get(f"/v1/events?{urlencode(asked)}").json()
    items, total = page["items"], page["total"]
    while page["next"]:
        page = client.get(page["next"]).json()
        assert page["total"] == total, "a total is that of the whole list"
        items += page["items"]
    return list(items)


@pytest.mark.parametrize(
    "address",
    [
        "/v1/countries?limit=1000",
        "/v1/countries?region=Western+Africa",
        "/v1/countries?q=cong",
        "/v1/actors",
        "/v1/actors?q=quan+doi",
        "/v1/actors?country=NE,VN&kind=state,person",
        "/v1/actors?parent=niger",
        "/v1/sources?limit=1000&count=exact",
        "/v1/sources?dataset=beta",
        "/v1/sources?language=vi&kind=article",
        "/v1/datasets?count=exact",
        "/v1/datasets/alpha",
        "/v1/codes",
        "/v1/countries/CSHH",
        *(f"/v1/events/alpha.e{n}" for n in range(20)),
    ],
)
def test_both_databases_agree_on_all_else(worlds: dict[str, TestClient], address: str) -> None:
    one, other = (client.get(address).json() for client in worlds.values())
    assert one | {"request_id": None} == other | {"request_id": None}


@pytest.mark.parametrize(
    "address",
    [
        "/v1/events?actor=nigerr",
        "/v1/events?source=wir,wire,dayli",
        "/v1/events?dataset=Alpha",
        "/v1/actors?parent=niger-gov",
        "/v1/sources?dataset=gamma",
    ],
)
def test_both_databases_refuse_alike(worlds: dict[str, TestClient], address: str) -> None:
    one, other = (check_problem(client.get(address), 400) for client in worlds.values())
    assert one["errors"] == other["errors"]
    assert all(error["did_you_mean"] for error in one["errors"] if error["parameter"] != "dataset")


def test_a_count_says_when_it_stops(world: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for cap, shown in ((281, (281, False)), (282, (282, True)), (283, (282, True)), (10, (10, False))):
        monkeypatch.setattr(queries, "COUNT_CAP", cap)
        world.app.state.bodies.clear()  # type: ignore[attr-defined]
        page = world.get("/v1/events", params={"count": "capped", "limit": 3}).json()
        assert (page["total"], page["total_is_exact"]) == shown
        exact = world.get("/v1/events", params={"count": "exact", "limit": 3}).json()
        assert (exact["total"], exact["total_is_exact"]) == (282, True)

"""A list and its count are the same whether the events that a filter leaves are few, and looked up, or found in page order."""

from datetime import datetime, tzinfo
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import rare_lists, word_lists
from app.importers import writer
from app.importers.load import load
from tests import make
from tests.operations import total_of, walk
from tests.test_lists import KEYS

OTHERS: tuple[dict[str, str], ...] = (
    {},
    {"country": "NE"},
    {"country": "NE,ML", "country_role": "location"},
    {"date_from": "2010", "date_to": "2023"},
    {"date_from": "2010", "date_match": "certain", "context": "military,economic"},
    {"bbox": "-20,-20,60,60", "date_from": "2000"},
    {"q": "talks"},
    {"q": "talks", "country": "NE,ML"},
    {"q": "talks", "bbox": "-20,-20,60,60"},
    {"dataset": "later"},
    {"country_role": "mentioned"},
    {"status": "planned,alleged"},
    {"mode": "ceasefire", "type": "AGREE"},
    {"q": "talks", "context": "military", "date_from": "2010"},
    {"type": "AID,PROTEST", "status": "occurred"},
    {"updated_since": "1999-01-01T00:00:00Z"},
    {"updated_since": "2031-01-01T00:00:00Z", "context": "military"},
    {"fatalities_min": "10", "country": "NE,ML"},
    {"source": "wire,daily", "updated_since": "2031-01-01T00:00:00Z"},
)
SORTS = ("-date", "date", "-updated", "updated", "-fatalities")


class _Later(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_Later":
        return cls(2031, 2, 3, 4, 5, 6, tzinfo=tz)


@pytest.fixture
def lists(client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A world that was loaded at two times."""
    load(engine, make.world(1, 60))
    monkeypatch.setattr(writer, "datetime", _Later)
    load(engine, make.world(2, 30, "later"))
    return client


def _passes(event: dict[str, Any], name: str, bound: str) -> bool:
    if name == "updated_since":
        return bool(event["updated"] >= bound)
    best = event["fatalities"] and event["fatalities"]["best"]
    return best is not None and best >= int(bound)


@pytest.mark.parametrize("few", [0, 4, 1_000])
def test_a_filter_leaves_the_same_events_in_the_same_order(
    lists: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    if engine.dialect.name == "postgresql" and few:
        pytest.skip("PostgreSQL decides by itself what is few")
    for module, name in (
        (rare_lists, "_FEW"),
        (rare_lists, "_FEW_OF_SEVERAL"),
        (word_lists, "_COVERED"),
        (word_lists, "_LOOKED_UP"),
    ):
        monkeypatch.setattr(module, name, few)  # before any statement is made
    times = sorted({event["updated"] for event in walk(lists, "/v1/events")})
    assert len(times) > 1
    bounds = [("updated_since", times[-1]), ("updated_since", "2999-01-01T00:00:00Z")]
    bounds += [("fatalities_min", "0"), ("fatalities_min", "30"), ("fatalities_min", "9999999")]
    found, random = 0, Random(few)
    for other in OTHERS:
        sort = random.choice(SORTS)
        every = walk(lists, "/v1/events", **other, sort=sort)
        assert every == sorted(every, key=KEYS[sort.lstrip("-")], reverse=sort.startswith("-"))
        by_date = walk(lists, "/v1/events", **other)
        page = lists.get("/v1/events", params={**other, "count": "exact", "limit": 1})
        assert total_of(page.json()) == (len(by_date), True), other
        assert {event["id"] for event in every} == {event["id"] for event in by_date}, (other, sort)
        for name, bound in bounds:
            if name in other:
                continue
            left = walk(lists, "/v1/events", **other, sort=sort, limit=23, **{name: bound})
            assert left == [event for event in every if _passes(event, name, bound)], (other, sort, name)
            found += 0 < len(left) < len(every)
            for count in ("capped", "exact"):
                page = lists.get("/v1/events", params={**other, name: bound, "count": count, "limit": 1})
                assert total_of(page.json()) == (len(left), True), (other, name)
    assert found > 25

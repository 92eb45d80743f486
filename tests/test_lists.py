"""Every list walks to its end exactly once, in one total order, whatever the page size and whoever writes meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.importers.load import load
from app.records import ActorRecord, Release, SourceRecord
from tests import make
from tests.operations import LISTS, check_problem, items_of, key_of, name_of, next_of, total_of, walk
from tests.parts import part, replace

ORDERS = [
    (operation.path, sort)
    for operation in LISTS
    for sort in next((p.schema["enum"] for p in operation.parameters if p.name == "sort"), [None])
]


def _flat(event: dict[str, Any], *path: str) -> Any:
    """A field of an event's JSON, or the property of a feature that says the same."""
    if "properties" in event:
        return event["properties"]["_".join(path)]
    for name in path:
        event = event[name] if event is not None else None
    return event


def _rank(event: dict[str, Any]) -> int:
    best = _flat(event, "fatalities", "best")
    return -1 if best is None else int(best)


KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "": key_of,
    "date": lambda event: (_flat(event, "date", "start") or "", event["id"]),
    "updated": lambda event: (_flat(event, "updated"), event["id"]),
    "fatalities": lambda event: (_rank(event), event["id"]),
}


@pytest.mark.parametrize(("path", "sort"), ORDERS, ids=name_of)
def test_pages_of_every_size_are_one_list(world: TestClient, path: str, sort: str | None) -> None:
    whole = walk(world, path, sort=sort, limit=1000)
    count = len(whole)
    assert len({key_of(item) for item in whole}) == count > 1
    key, descending = KEYS[(sort or "").lstrip("-")], (sort or "").startswith("-")
    assert whole == sorted(whole, key=key, reverse=descending)
    for limit in (count + 1, count, count - 1, None, *((1, 2, 7) if count < 50 else (13, 64))):
        assert walk(world, path, sort=sort, limit=limit) == whole, limit


@pytest.mark.parametrize("operation", LISTS, ids=name_of)
def test_a_total_is_the_number_of_items(world: TestClient, operation: Any) -> None:
    whole = walk(world, operation.path, limit=1000)
    for count in ("capped", "exact"):
        page = world.get(operation.path, params={"count": count, "limit": 1}).json()
        assert total_of(page) == (len(whole), True)


@pytest.mark.parametrize("operation", LISTS, ids=name_of)
def test_a_page_holds_one_to_a_thousand(world: TestClient, operation: Any) -> None:
    clamps = operation.id == "list_features"  # as its standard wants
    for limit in ("0", *(() if clamps else ("1001",)), "-1", "+1", "1.0", "1e2", "٣", "x", "9" * 5000):
        check_problem(world.get(operation.path, params={"limit": limit}), 400, "limit")
    assert world.get(operation.path, params={"limit": "0001"}).status_code == 200


def test_what_is_added_meanwhile_neither_hides_nor_repeats_a_row(client: TestClient, engine: Engine) -> None:
    load(engine, make.world(1, 40))
    before = [[key_of(row) for row in walk(client, path, sort=sort, limit=1000)] for path, sort in ORDERS]
    walks = [_Walk(client, path, sort) for path, sort in ORDERS]
    for n in range(6):
        for walked in walks:
            walked.step()
        load(engine, _more(n))
    for held, walked in zip(before, walks, strict=True):
        while walked.next:
            walked.step()
        assert len(set(walked.keys)) == len(walked.keys)
        assert [key for key in walked.keys if key in held] == held


class _Walk:
    """A walk through a list that stops after every page."""

    def __init__(self, client: TestClient, path: str, sort: str | None) -> None:
        limit = {"/v1/countries": 40}.get(path, 6 if "/events" in path else 1)
        self.client, self.keys = client, list[str]()
        self.next: str | None = f"{path}?limit={limit}" + (f"&sort={sort}" if sort else "")

    def step(self) -> None:
        if self.next:
            page = self.client.get(self.next).json()
            self.keys += [key_of(item) for item in items_of(page)]
            self.next = next_of(page)


def _more(n: int) -> Release:
    """A dataset whose events, actor and source come before, among and behind those of the world."""
    name = f"{'awz'[n % 3]}-late-{n}"
    more = make.world(n + 10, 5, name)
    return replace(
        more,
        actors=[*part(more, ActorRecord), make.actor(name)],
        sources=[*part(more, SourceRecord), make.source(name)],
    )

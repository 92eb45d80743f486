"""Boxes find exactly the points that lie in them, in the order of days, whatever cells they touch."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from app import db, places
from app.importers.load import load
from app.settings import Settings
from tests import make
from tests.client import QuickClient, application
from tests.databases import Databases
from tests.operations import walk

# Where cells, the map and the globe have their edges, and right beside them.
_XS = [-180.0, -179.9999, -175.0, -0.0001, 0.0, 5.0, 9.9999, 10.0, 179.9999, 180.0]
_YS = [-90.0, -89.9999, -85.0, -0.0001, 0.0, 5.0, 9.9999, 85.0, 90.0]
_DATES = ["2019-03-01", "2020-05", "2020", "2018/2021-06-01", "2020-05-01", "2021-01-31"]
_LOW, _HIGH = "2020-05-01", "2020-12-31"


class _Point(NamedTuple):
    id: str
    x: float
    y: float
    date: str
    type: str


def _coordinate(random: Random, edges: list[float]) -> float:
    if random.random() < 0.4:
        return random.choice(edges)
    return round(random.uniform(edges[0], edges[-1]), random.choice((0, 4)))


def _points() -> list[_Point]:
    random = Random(5)
    return [
        _Point(
            f"made.{n:03}",
            _coordinate(random, _XS),
            _coordinate(random, _YS),
            random.choice(_DATES),
            random.choice(("CONSULT", "ASSAULT")),
        )
        for n in range(400)
    ]


POINTS = _points()


@pytest.fixture(scope="module")
def points(databases: Databases) -> Iterator[TestClient]:
    """A client of all points, with events that are nowhere and points that are withdrawn."""
    url = databases.migrated()
    engine = db.writer(Settings(database_url=url))
    events = [
        make.event(
            p.id, p.date, type=p.type, latitude=p.y, longitude=p.x, place_precision="site",
            countries=[("NE" if n % 2 else "FR", "location")], actors=[("someone", "initiator")] if n % 3 else [],
        )
        for n, p in enumerate(POINTS)
    ]  # fmt: skip
    gone = [
        make.event(f"gone.{n}", latitude=float(n), longitude=2.0, place_precision="site") for n in range(9)
    ]
    mirror: dict[str, Any] = {"dataset": make.dataset("gone", kind="csv")}
    load(engine, make.release(*events, make.event("made.nowhere"), actors=[make.actor()]))
    load(engine, make.release(*gone, **mirror))
    load(engine, make.release(file_sha256="1" * 64, **mirror))
    engine.dispose()
    with QuickClient(application(url), raise_server_exceptions=False) as client:
        yield client
    databases.drop(url)


def _box(random: Random) -> tuple[float, float, float, float]:
    west, south = _coordinate(random, _XS), _coordinate(random, _YS)
    if random.random() < 0.3:  # a narrow one, which may lie across the antimeridian
        east = (west + random.choice((0, 0.5, 5, 12, 30)) + 180) % 360 - 180
        north = min(90.0, south + random.choice((0, 0.5, 5, 12, 30)))
    else:
        east, north = _coordinate(random, _XS), _coordinate(random, _YS)
    south, north = sorted((south, north))
    return west, south, round(east, 4), round(north, 4)


def _lies_in(box: tuple[float, float, float, float], p: _Point) -> bool:
    west, south, east, north = box
    across = west <= p.x <= east if west <= east else p.x >= west or p.x <= east
    return south <= p.y <= north and (across or (abs(p.x) == 180 and (west == -180 or east == 180)))


@pytest.mark.parametrize(
    "seed", [*range(20), *(pytest.param(n, marks=pytest.mark.slow) for n in range(20, 40))]
)
def test_a_random_box_finds_what_lies_in_it(points: TestClient, seed: int) -> None:
    random = Random(seed)
    box = _box(random)
    asked = {"bbox": ",".join(map(str, box)), "limit": random.choice(("3", "50", "1000"))}
    expected = [p for p in POINTS if _lies_in(box, p)]
    if random.random() < 0.3:
        asked["type"] = "ASSAULT"
        expected = [p for p in expected if p.type == "ASSAULT"]
    if random.random() < 0.3:
        asked["country"] = "NE"
        expected = [p for p in expected if int(p.id[-3:]) % 2]
    if random.random() < 0.2:
        asked["actor"] = "someone"
        expected = [p for p in expected if int(p.id[-3:]) % 3]
    if random.random() < 0.5:
        asked |= {"date_from": _LOW, "date_to": _HIGH}
        expected = [p for p in expected if p.date not in ("2019-03-01", "2021-01-31")]
    for sort in ("-date", "date", "-updated"):
        found = [event["id"] for event in walk(points, "/v1/events", sort=sort, **asked)]
        assert sorted(found) == sorted(p.id for p in expected)
        if sort != "-updated":
            starts = {p.id: p.date.split("/")[0].ljust(10, "-") for p in POINTS}
            days = [starts[key].replace("------", "-01-01").replace("---", "-01") for key in found]
            keys = list(zip(days, found, strict=True))
            assert keys == sorted(keys, reverse=sort == "-date")
    counted = points.get("/v1/events", params=asked | {"count": "exact"}).json()
    assert counted["total"] == len(expected)


@pytest.mark.parametrize("seed", range(20))
def test_the_cells_of_a_box_hold_all_its_points(seed: int) -> None:
    random = Random(seed)
    for box in (_box(random) for _ in range(50)):
        cells = set(map(int, places.cells(box).split(",")))
        for p in POINTS:
            cell = math.floor((p.y + 90) / places.SIZE) * 100 + math.floor((p.x + 180) / places.SIZE)
            assert cell in cells or not _lies_in(box, p)


def test_the_breadth_of_boxes() -> None:
    for breadth, boxes in {
        places.SMALL: [(5, 5, 5, 90), (180, -90, -180, 90), (0, 0, 10, 10), (175, 0, -175, 60)],
        places.NARROW: [(0, 0, 30, 30), (170, -15, -160, 15)],
        places.BROAD: [(0, 0, 60, 60)],
        places.WIDE: [(-180, -90, 180, 90), (1, -90, 0, 90)],
    }.items():
        assert {places.breadth(box) for box in boxes} == {breadth}

"""The outlines are GeoJSON that any map takes, with every country of today."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import codes, rendering

BODY = rendering.outlines_json()
FEATURES: list[dict[str, Any]] = json.loads(BODY)["features"]
BY_CODE = {feature["id"]: feature["geometry"] for feature in FEATURES}


def polygons(geometry: dict[str, Any]) -> list[list[list[list[float]]]]:
    if geometry["type"] == "Point":
        return []
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def points(geometry: dict[str, Any]) -> Iterator[list[float]]:
    if geometry["type"] == "Point":
        yield geometry["coordinates"]
    for polygon in polygons(geometry):
        for ring in polygon:
            yield from ring


def area(ring: list[list[float]]) -> float:
    """Positive where the ring runs anticlockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def covers(geometry: dict[str, Any], x: float, y: float) -> bool:
    """Whether a ray from the point crosses the rings an odd number of times."""
    crossed = 0
    for polygon in polygons(geometry):
        for ring in polygon:
            for (ax, ay), (bx, by) in itertools.pairwise(ring):
                crossed += (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax
    return crossed % 2 == 1


def test_every_country_of_today_has_one_outline() -> None:
    today = {row["code"]: row for row in codes.countries() if not row["valid_to"]}
    assert [feature["id"] for feature in FEATURES] == list(today)
    for feature in FEATURES:
        row = today[feature["id"]]
        assert feature["properties"] == {
            "code": row["code"],
            "name": row["name_en"],
            "name_vi": row["name_vi"],
        }
    assert len(BODY) < 500_000


@pytest.mark.parametrize("code", BY_CODE)
def test_an_outline_is_valid(code: str) -> None:
    geometry = BY_CODE[code]
    assert all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in points(geometry))
    assert polygons(geometry) or geometry["type"] == "Point"
    for outer, *holes in polygons(geometry):
        assert area(outer) > 0 and all(area(hole) < 0 for hole in holes)
        for ring in (outer, *holes):
            assert len(ring) >= 4 and ring[0] == ring[-1]
            along_the_pole = [(a, b) for a, b in itertools.pairwise(ring) if a[1] == b[1] == -90]
            steps = [(a, b) for a, b in itertools.pairwise(ring) if (a, b) not in along_the_pole]
            assert all(abs(a[0] - b[0]) < 90 for a, b in steps), "a line across the map"


@pytest.mark.parametrize(
    ("code", "x", "y"),
    [
        ("NE", 2.1, 13.6), ("NE", 8, 17), ("VN", 105.8, 21), ("RU", 37.6, 55.7), ("RU", -175, 66.5),
        ("RU", 178, 67), ("FJ", 178, -17.8), ("AQ", 0, -89), ("AQ", 179, -85), ("AQ", -120, -80),
        ("US", -100, 40), ("US", -155, 65), ("FR", 2.3, 48.8), ("GF", -53, 4), ("RE", 55.5, -21.1),
        ("NO", 10, 61), ("SJ", 17, 79), ("SJ", -8.5, 71), ("XK", 20.9, 42.6), ("CY", 33.4, 35.3), ("SO", 44.1, 9.5),
        ("NZ", 175.5, -39), ("ZA", 25, -30), ("LS", 28.3, -29.5), ("CN", 100, 35), ("AU", 135, -25),
    ],
)  # fmt: skip
def test_places_lie_in_their_country_and_in_no_other(code: str, x: float, y: float) -> None:
    assert [other for other, geometry in BY_CODE.items() if covers(geometry, x, y)] == [code]


def test_it_is_served_as_geojson(seeded: TestClient) -> None:
    answer = seeded.get("/v1/countries.geojson")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json")
    assert answer.content == BODY
    held = {"If-None-Match": answer.headers["etag"]}
    assert seeded.get("/v1/countries.geojson", headers=held).status_code == 304

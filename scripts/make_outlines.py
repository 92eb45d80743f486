# /// script
# requires-python = ">=3.11"
# dependencies = ["shapely==2.1.2"]
# ///
"""Write app/data/outlines.geojson; run as `uv run scripts/make_outlines.py`, where npm is.

The outlines are Natural Earth's (public domain), as world-atlas packs them. They are simplified along the borders
that countries share, so that neighbours still fit; cut at the antimeridian; and given the codes that we serve.
"""

import csv
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shapely import affinity, set_precision  # type: ignore[import-untyped]
from shapely.geometry import (  # type: ignore[import-untyped]
    LineString,
    MultiPolygon,
    Polygon,
    box,
    mapping,
)
from shapely.geometry.polygon import orient  # type: ignore[import-untyped]
from shapely.ops import unary_union  # type: ignore[import-untyped]
from shapely.validation import make_valid  # type: ignore[import-untyped]

DATA = Path(__file__).parent.parent / "app" / "data"
PACKAGE = "world-atlas@2.0.2"
TOLERANCE = 0.06  # degrees; a pixel of a map of 1,000 pixels is 0.36
STEP = 0.01  # coordinates have two decimals
# Areas that have no number in the atlas: drawn with the country whose code ISO 3166 gives their places.
NUMBERLESS = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Indian Ocean Ter.": "CX"}
# What the atlas draws as a part of another and ISO 3166 gives a code of its own: what lies in a box.
PARTS = (
    ("GF", "FR", (-55, 1, -51, 7)),
    ("GP", "FR", (-62, 15.8, -60.9, 16.6)),
    ("MQ", "FR", (-61.3, 14.3, -60.7, 15)),
    ("RE", "FR", (55, -22, 56, -20)),
    ("YT", "FR", (44.9, -13.1, 45.4, -12.5)),
    ("SJ", "NO", (10, 74, 35, 82)),  # Svalbard
    ("SJ", "NO", (-10, 70.5, -7, 72)),  # Jan Mayen
    ("BV", "NO", (3, -55, 4, -54)),
    ("BQ", "NL", (-69, 11.9, -62.9, 17.8)),
    ("CC", "CX", (96, -13, 98, -11)),
    ("TK", "NZ", (-173, -10, -171, -8)),
)
WHOLE_IN_THE_FINE_ONE = {"AQ"}  # the coarser atlas leaves out the pole


class Atlas:
    """One topology of the package, decoded: shapes by code."""

    def __init__(self, topology: dict[str, Any], numbers: dict[str, str], tolerance: float) -> None:
        self._arcs = [_thinned(arc, tolerance) for arc in _decoded(topology)]
        shapes: dict[str, list[Any]] = {}
        for geometry in topology["objects"]["countries"]["geometries"]:
            code = numbers.get(geometry.get("id", "")) or NUMBERLESS.get(geometry["properties"]["name"])
            if code:
                shapes.setdefault(code, []).extend(self._polygons(geometry))
        self.shapes = {code: unary_union(parts) for code, parts in shapes.items()}
        for part, whole, bounds in PARTS:
            self._separate(part, whole, bounds)

    def _separate(self, part: str, whole: str, bounds: tuple[float, float, float, float]) -> None:
        pieces = list(getattr(self.shapes.get(whole), "geoms", [self.shapes.get(whole)]))
        inside = [piece for piece in pieces if piece and box(*bounds).contains(piece.centroid)]
        if inside:
            self.shapes[part] = unary_union([*inside, self.shapes.get(part, Polygon())])
            rest = [p for p in pieces if p not in inside]
            self.shapes[whole] = unary_union(rest)

    def _polygons(self, geometry: dict[str, Any]) -> Iterator[Any]:
        arcs = geometry.get("arcs", [])
        for rings in arcs if geometry["type"] == "MultiPolygon" else [arcs]:
            outer, *holes = (self._ring(ring) for ring in rings)
            if len(outer) < 4:
                continue
            shape = make_valid(Polygon(outer))
            for hole in holes:
                if len(hole) >= 4:
                    shape = shape.difference(make_valid(Polygon(hole)))
            yield from _cut(shape)

    def _ring(self, numbers: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for number in numbers:
            arc = self._arcs[number] if number >= 0 else self._arcs[~number][::-1]
            points += arc[1:] if points else arc
        return _around_the_pole(_unwrapped(points))


def _decoded(topology: dict[str, Any]) -> Iterator[list[tuple[float, float]]]:
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * kx + dx, y * ky + dy))
        yield points


def _unwrapped(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same line without leaps from one side of the antimeridian to the other."""
    found = points[:1]
    for x, y in points[1:]:
        found.append((x - 360 * round((x - found[-1][0]) / 360), y))
    return found


def _thinned(points: list[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    line = LineString(_unwrapped(points))
    thin = list(line.simplify(tolerance).coords)
    if thin[0] == thin[-1] and len(thin) < 5:  # a small island keeps its shape
        return list(line.coords)
    return thin


def _around_the_pole(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring that goes round the earth ends where it began only by way of the pole."""
    if abs(ring[0][0] - ring[-1][0]) < 180:
        return ring
    return [*ring, (ring[-1][0], -90), (ring[0][0], -90), ring[0]]


def _cut(shape: Any) -> Iterator[Any]:
    """The pieces of a shape on either side of the antimeridian, each between -180 and 180."""
    for turn in (-1, 0, 1):
        piece = shape.intersection(box(-180 + 360 * turn, -90, 180 + 360 * turn, 90))
        yield from _areas(affinity.translate(piece, -360 * turn))


def _areas(shape: Any) -> Iterator[Any]:
    for part in getattr(shape, "geoms", [shape]):
        if isinstance(part, MultiPolygon):
            yield from part.geoms
        elif isinstance(part, Polygon) and part.area:
            yield part


def _rounded(shape: Any) -> Any:
    """The shape on our grid, wound as RFC 7946 says; its largest island alone where all are smaller than the grid."""
    parts = list(_areas(set_precision(shape, STEP)))
    if not parts:
        return None
    wound = [orient(part, 1) for part in sorted(parts, key=lambda part: -part.area)]
    return wound[0] if len(wound) == 1 else MultiPolygon(wound)


def _geometry(shape: Any) -> dict[str, Any]:
    drawn = _rounded(shape)
    if drawn is None:
        middle = shape.representative_point()
        return {"type": "Point", "coordinates": [round(middle.x, 2), round(middle.y, 2)]}
    return {"type": drawn.geom_type, "coordinates": _two_decimals(mapping(drawn)["coordinates"])}


def _two_decimals(values: Any) -> Any:
    return [_two_decimals(value) if isinstance(value, tuple) else round(value, 2) + 0.0 for value in values]


def _topologies() -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (packed,) = Path(folder).glob("*.tgz")
        with tarfile.open(packed) as archive:
            members = [archive.extractfile(f"package/countries-{scale}.json") for scale in ("50m", "10m")]
            return [json.load(member) for member in members if member]


def main() -> None:
    """One feature for every country of today, from the finest atlas that is needed to find it."""
    with (DATA / "countries.csv").open(encoding="utf-8") as file:
        countries = [row for row in csv.DictReader(file) if not row["valid_to"]]
    numbers = {row["numeric"]: row["code"] for row in countries if row["numeric"]}
    # What vanishes when it is simplified is drawn whole, what the coarser atlas lacks from the finer one.
    atlases = [Atlas(topology, numbers, each) for topology in _topologies() for each in (TOLERANCE, 0)]
    features = []
    for row in countries:
        usable = atlases[2:] if row["code"] in WHOLE_IN_THE_FINE_ONE else atlases
        shape = next(found for atlas in usable if (found := atlas.shapes.get(row["code"])))
        properties = {"code": row["code"], "name": row["name_en"], "name_vi": row["name_vi"]}
        features.append(
            {"type": "Feature", "id": row["code"], "properties": properties, "geometry": _geometry(shape)}
        )
    lines = (json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    text = '{{"type":"FeatureCollection","features":[\n{}\n]}}\n'.format(",\n".join(lines))
    (DATA / "outlines.geojson").write_text(text.replace(".0,", ",").replace(".0]", "]"), "utf-8")


if __name__ == "__main__":
    main()

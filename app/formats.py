"""The same events as CSV, NDJSON and GeoJSON, a batch at a time, and which of them a request asks for."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.columns import NAMES, flat
from app.errors import NotAcceptable, fault

Document = bytes  # an event's stored JSON


class Encoder:
    """Writes events: `head` once, `rows` for each batch, `tail` once."""

    is_quick = False  # `rows` takes no longer than an answer may keep all others waiting

    def head(self) -> bytes:
        return b""

    def rows(self, documents: Iterable[Document]) -> bytes:
        raise NotImplementedError

    def tail(self, following: str | None = None, total: int | None = None) -> bytes:  # noqa: ARG002
        return b""


# A spreadsheet takes a cell that begins like this for a formula and runs it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # noqa: RUF001


def as_cell(value: Any) -> Any:
    """A value as a cell of CSV; `as_text` undoes what it does to text."""
    if isinstance(value, list):
        value = "|".join(value)
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def as_text(cell: str) -> str:
    """The text that a cell stands for."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class Csv(Encoder):
    """RFC 4180: a row of names, then a row an event, of its flat columns."""

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")

    def head(self) -> bytes:
        return self._written([NAMES])

    def rows(self, documents: Iterable[Document]) -> bytes:
        return self._written([as_cell(value) for value in flat(json.loads(doc))] for doc in documents)

    def _written(self, rows: Iterable[Sequence[Any]]) -> bytes:
        self._writer.writerows(rows)
        written = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return written


class NdJson(Encoder):
    """A line an event: its JSON, as `/v1/events/{id}` has it but for the evidence."""

    is_quick = True

    def rows(self, documents: Iterable[Document]) -> bytes:
        return b"\n".join([*documents, b""])


class GeoJson(Encoder):
    """RFC 7946: a FeatureCollection, a feature an event, whose geometry is null where no point is known."""

    def __init__(self) -> None:
        self._between = b""
        self._box: tuple[float, float, float, float] | None = None

    def head(self) -> bytes:
        return b'{"type":"FeatureCollection","features":['

    def rows(self, documents: Iterable[Document]) -> bytes:
        written = b",".join(map(self._feature, documents))
        between, self._between = self._between, b"," if written else self._between
        return between + written if written else b""

    def tail(self, following: str | None = None, total: int | None = None) -> bytes:
        link = {"rel": "next", "href": following, "type": GEOJSON.media_type}
        more: dict[str, Any] = {"bbox": self._box} if self._box else {}
        more |= {"links": [link] if following else [], "next": following}
        if total is not None:
            more["numberMatched"] = total
        return b"]," + json.dumps(more, separators=(",", ":")).encode()[1:]

    def _feature(self, document: Document) -> bytes:
        event = json.loads(document)
        place = event["place"] or {"latitude": None}
        point = b"null"
        if place["latitude"] is not None:
            x, y = place["longitude"], place["latitude"]
            west, south, east, north = self._box or (x, y, x, y)
            self._box = (min(west, x), min(south, y), max(east, x), max(north, y))
            point = b'{"type":"Point","coordinates":%s}' % json.dumps([x, y], separators=(",", ":")).encode()
        key = json.dumps(event["id"]).encode()
        return b'{"type":"Feature","id":%s,"geometry":%s,"properties":%s}' % (key, point, document)


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its name; `asked` are the media types that ask for it, the essence of its own first."""

    name: str
    media_type: str
    asked: tuple[str, ...]
    encoder: Callable[[], Encoder] | None  # None: JSON, whose page is an object of its own

    @property
    def essence(self) -> str:
        return self.asked[0]


JSON = Format("json", "application/json", ("application/json",), None)
GEOJSON = Format("geojson", "application/geo+json", ("application/geo+json",), GeoJson)
CSV = Format("csv", "text/csv; charset=utf-8; header=present", ("text/csv",), Csv)
NDJSON = Format(
    "ndjson",
    "application/x-ndjson",
    ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"),
    NdJson,
)
FORMATS = {each.name: each for each in (JSON, GEOJSON, CSV, NDJSON)}

# How the forms that are not JSON's own page are published.
PUBLISHED: dict[str, Any] = {
    GEOJSON.essence: {"schema": {"$ref": "#/components/schemas/EventFeatures"}},
    CSV.essence: {"schema": {"type": "string", "description": "A row of names, then a row an event"}},
    NDJSON.essence: {"schema": {"type": "string", "description": "A line an event, as JSON"}},
}


@lru_cache(100)
def chosen(name: str | None, accept: str | None) -> Format:
    """The format of this name; without one, the first of those that the Accept header likes most."""
    if name is not None:
        return FORMATS[name]
    ranges = list(_ranges(accept or ""))
    if not ranges:
        return JSON
    liked = {each: max(_liking(media_type, ranges) for media_type in each.asked) for each in FORMATS.values()}
    best = max(liked, key=liked.__getitem__)  # of several the first
    if liked[best] > 0:
        return best
    offered = [each.essence for each in FORMATS.values()]
    detail = f"None of the media types that Accept allows is made here: there are {', '.join(offered)}"
    raise NotAcceptable(detail, [fault("Accept", "allows no media type that is made here", offered)])


_RANGE = re.compile(r"\s*([\w!#$&^.+*-]+/[\w!#$&^.+*-]+)\s*((?:;[^;]*)*)\s*", re.ASCII)
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE | re.ASCII)


def _ranges(accept: str) -> Iterable[tuple[str, float]]:
    """The media ranges of an Accept header with their quality; what is malformed is passed over."""
    for part in accept.split(","):
        if found := _RANGE.fullmatch(part):
            quality = _QUALITY.search(found[2])
            yield found[1].lower(), float(quality[1]) if quality else 1.0


def _liking(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality of the most exact range that a media type is in; 0 when there is none."""
    for exact in (media_type, media_type.split("/", maxsplit=1)[0] + "/*", "*/*"):
        qualities = [quality for name, quality in ranges if name == exact]
        if qualities:
            return max(qualities)
    return 0.0

"""The items that are timed with wrk: for each peer the requests, and what a right answer holds.

An item is `cold`, its requests so many that none comes twice before a cache has forgotten it, unless its key says
that it is warm, or that they are few.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.generate import WORDS
from bench.load import Request
from bench.peers import pygeoapi, tipg
from bench.streams import COLD, each, mixed
from bench.truth import Truth

Answer = Callable[[Any], Any]
Query = Mapping[str, Any]
WARM = 32  # distinct requests of a warm item
DEEP = 2_000  # pages that are asked for at depth, if there are so many
TAGGED = 1_000  # addresses of which the ETags are asked for
DEPTH = 500_000
_FROM = [str(date(2005, 1, 1) + timedelta(n)) for n in range(1000)]
_TO = [str(date(2017, 1, 1) + timedelta(n)) for n in range(2500)]
_WINDOWS = [(f"{2007 + n}-01-01", f"{2016 + n}-12-31") for n in range(8)]


class Item(NamedTuple):
    """Requests by peer, alike in order; `right` finds the answer that is expected to the one of that number.

    Unless it is `kept`, it is asked of a server of ours that keeps no finished answers.
    """

    key: str
    title: str
    requests: dict[str, Sequence[Request]]
    read: Answer
    right: Callable[[int], Any] | None = None
    nested: bool = False
    kept: bool = True


Deep = Callable[[int], list[str]]  # the paths of own pages from a depth on, as `next` gives them


def ids(answer: Any) -> list[str]:
    """The ids of a list's items, or of the one thing that was asked for."""
    return [row["id"] for row in _rows(answer)]


def loaded(body: bytes) -> Any:
    """An answer's JSON."""
    return json.loads(body)


def parts(body: bytes) -> list[Any]:
    """The ids of a list's items with those of their parts."""
    return [
        [row["id"], *(sorted(part.get("id") or part["code"] for part in row[name]) for name in _PARTS)]
        for row in _rows(json.loads(body))
    ]


_PARTS = ("countries", "actors", "sources")


def _rows(answer: Any) -> list[Any]:
    if isinstance(answer, list):
        return answer
    found = answer.get("items", answer.get("features", [answer]))
    assert isinstance(found, list)
    return found


def total(answer: Any) -> int:
    """How many there are."""
    return int((answer[0] if isinstance(answer, list) else answer)["total"])


def _capped(answer: Any) -> int:
    return min(10_000, total(answer))


def months(answer: Any) -> dict[str, int]:
    """Events by the month that they surely happened in; a month without any may be left out."""
    return {row["month"]: row["certain"] for row in _rows(answer) if row["certain"]}


def read(item: Item, body: bytes) -> Any:
    """What an answer's body says, as far as it is checked."""
    return item.read(json.loads(body))


def _requests(path: str, queries: Sequence[Query], **more: Any) -> Sequence[Request]:
    return each(lambda query: Request(f"{path}?{urlencode({**query, **more})}"), queries)


def _canned(
    name: str, queries: Sequence[Query], column: str | None = "event", **more: Any
) -> Sequence[Request]:
    decoded = {"_shape": "arrayfirst", "_json": column} if column else {"_shape": "array"}
    return _requests(f"/_memory/{name}.json", queries, **more, **decoded)


def floor(key: str) -> str:
    """What an item is called in the path of a floor."""
    return key.replace(" ", "-")


def _l1(key: str) -> dict[str, Sequence[Request]]:
    return {"L1": [Request(f"/{floor(key)}")]}


def _ranges(truth: Truth) -> Sequence[Query]:
    """Countries with ranges of 9 to 19 years: even of ten thousand events, each has more than a page."""
    places = truth.countries(4)
    return each(
        lambda at: {"country": places[at[0]], "date_from": _FROM[at[1]], "date_to": _TO[at[2]]},
        mixed(places, _FROM, _TO),
    )


def _few(truth: Truth) -> Sequence[Query]:
    return [{"country": c, "date_from": a, "date_to": b} for c in truth.countries(4) for a, b in _WINDOWS]


def _page(truth: Truth, key: str, queries: Sequence[Query], limit: int) -> Item:
    requests: dict[str, Sequence[Request]] = {
        "dateline": _requests("/v1/events", queries, limit=limit),
        "naive": _requests("/events", queries, limit=limit),
    }
    if "warm" not in key:
        requests["datasette"] = _canned("page", queries, limit=limit, offset=0)
        requests["L3"] = _requests(f"/{floor(key)}", queries, limit=limit)
    title = f"page of {limit:,} by country and dates, nested"
    return Item(
        key, title, requests | _l1(key), ids, lambda n: truth.ids(limit=limit, **queries[n]), nested=True
    )


def _w1_few(truth: Truth) -> Item:
    """As the prototypes were measured that the goals come from."""
    item = _page(truth, "W1 few", _few(truth), 100)
    requests = {name: item.requests[name] for name in ("dateline", "L1", "L3")}
    return item._replace(title=f"{item.title}, no answer kept", requests=requests, kept=False)


def _w3(truth: Truth) -> Item:
    chosen = truth.some(COLD)
    requests: dict[str, Sequence[Request]] = {
        "dateline": each(lambda key: Request(f"/v1/events/{key}"), chosen),
        "naive": each(lambda key: Request(f"/events/{key}"), chosen),
        "datasette": _canned("one", each(lambda key: {"id": key}, chosen), limit=1, offset=0),
    }
    return Item("W3", "one event", requests | _l1("W3"), ids, lambda n: [chosen[n]], nested=True)


def _w4(truth: Truth, deep: Deep) -> Item:
    depth = min(DEPTH, truth.total() // 2 // 1000 * 1000)
    paths = deep(depth)
    offsets: list[Query] = [{"limit": 100, "offset": depth + 100 * n} for n in range(len(paths))]
    before = [str(date(1900, 1, 1) + timedelta(n)) for n in range(30_000)]  # any event
    requests: dict[str, Sequence[Request]] = {
        "dateline": [Request(path) for path in paths],
        "naive": _requests("/events", offsets),
        "datasette": _canned("all", offsets),
        "own page 1": each(lambda day: Request(f"/v1/events?date_from={day}&limit=100"), before),
    }
    title = f"page at depth {depth:,}"
    return Item("W4", title, requests, ids, lambda n: truth.ids(**offsets[n]), nested=True)


def _w5(truth: Truth) -> Item:
    places = truth.countries(30)
    first = [f"{1989 + n // 12}-{n % 12 + 1:02}-01" for n in range(60)]
    last = [str(date(2020 + n // 12, n % 12 + 1, 1) - timedelta(1)) for n in range(1, 61)]
    queries = each(
        lambda at: {"country": places[at[0]], "date_from": first[at[1]], "date_to": last[at[2]]},
        mixed(places, first, last),
    )
    return _months(truth, "W5", "counts by month of a country, within dates", queries)


def _w5_warm(truth: Truth) -> Item:
    queries = [{"country": place} for place in truth.countries(WARM)]
    return _months(truth, "W5 warm", "counts by month of a country", queries)


def _months(truth: Truth, key: str, title: str, queries: Sequence[Query]) -> Item:
    requests: dict[str, Sequence[Request]] = {
        "dateline": _requests("/v1/stats/events", queries, group="month"),
        "naive": _requests("/months", queries),
    }
    if "warm" not in key:
        requests["datasette"] = _canned("months", queries, column=None)
    return Item(key, title, requests, months, lambda n: truth.months(**queries[n]))


def _w7(truth: Truth, key: str, count: str, read: Answer) -> Item:
    queries = _ranges(truth)
    requests = {
        "dateline": _requests("/v1/events", queries, count=count, limit=1),
        "naive": _requests("/count", queries),
        "datasette": _canned("total", queries, column=None),
    }
    title = f"how many, count={count}"
    return Item(key, title, requests | _l1(key), read, lambda n: read({"total": truth.total(**queries[n])}))


def _w8(truth: Truth, key: str, title: str, queries: Sequence[Query]) -> Item:
    canned = each(lambda query: {"date_to": "9999-12-31", **query}, queries)
    requests: dict[str, Sequence[Request]] = {
        "dateline": _requests("/v1/events", queries, limit=100),
        "naive": _requests("/events", queries, limit=100),
    }
    if "warm" not in key:
        requests["datasette"] = _canned("words", canned, limit=100, offset=0)
    return Item(key, title, requests, ids, lambda n: truth.ids(**queries[n]))


_COMMON = [word for word in WORDS if word != "port"]  # which LIKE finds in airport, too
_RARE = [str(1000 + n * 1003 % 4000) for n in range(4000)]  # the number of a place or of an actor


def _words(truth: Truth) -> list[Item]:
    dated = each(lambda at: {"q": _COMMON[at[0]], "date_to": _TO[at[1]]}, mixed(_COMMON, _TO))
    return [
        _w8(truth, "W8 common", "full text until a day, newest 100", dated),
        _w8(truth, "W8 rare", "full text, newest 100", [{"q": number} for number in _RARE]),
        _w8(truth, "W8 warm", "full text, newest 100", [{"q": word} for word in _COMMON]),
    ]


def _w9(truth: Truth) -> Item:
    west, south = range(-170, 161), range(-55, 61)
    queries = each(lambda at: _box(at[0] - 170, at[1] - 55, *_WINDOWS[at[2]]), mixed(west, south, _WINDOWS))
    spoken = each(_spoken, queries)
    requests = {
        "dateline": _requests("/v1/events", spoken, limit=100),
        "naive": _requests("/events", spoken, limit=100),
        "datasette": _canned("box", queries, limit=100, offset=0),
        "roapi": each(_roapi_box, queries),
        "tipg": each(tipg.box, queries),
        "pygeoapi": each(pygeoapi.box, queries),
    }
    title = "bounding box and dates, newest 100"
    return Item("W9", title, requests, ids, lambda n: truth.ids(**queries[n]))


def _box(west: int, south: int, first: str, last: str) -> Query:
    corners = {"west": west, "south": south, "east": west + 10, "north": south + 10}
    return {**corners, "date_from": first, "date_to": last}


def _spoken(query: Query) -> Query:
    corners = ",".join(str(query[name]) for name in ("west", "south", "east", "north"))
    return {"bbox": corners, "date_from": query["date_from"], "date_to": query["date_to"]}


def _roapi_box(query: Query) -> Request:
    # By SQL: the filters of its paths know no negative numbers.
    sql = (
        "SELECT * FROM event WHERE longitude BETWEEN {west} AND {east} AND latitude BETWEEN {south} AND {north}"
        " AND date_end >= '{date_from}' AND date_start <= '{date_to}' ORDER BY date_start DESC, id DESC LIMIT 100"
    )
    return Request("/api/sql", body=sql.format(**query))


def _w10(truth: Truth, tagged: Callable[[Sequence[Request]], list[Request]]) -> Item:
    plain = _requests("/v1/events", _ranges(truth), limit=100)
    requests = {"dateline": tagged(plain[:TAGGED]), "own 200": plain, "L1": [Request("/W10")]}
    return Item("W10", "W1, not modified (304)", requests, ids)


def first(truth: Truth, key: str) -> Item:
    """An item whose requests need nothing to be asked for before."""
    return _page(truth, key, _ranges(truth), 100) if key == "W1" else _w3(truth)


def made(
    key: str, truth: Truth, deep: Deep, tagged: Callable[[Sequence[Request]], list[Request]]
) -> list[Item]:
    """The items that `key` stands for; `deep` and `tagged` ask the server for cursors and ETags."""
    makers: dict[str, Callable[[], list[Item]]] = {
        "W1": lambda: [
            _page(truth, "W1", _ranges(truth), 100),
            _page(truth, "W1 warm", _few(truth), 100),
            _w1_few(truth),
        ],
        "W2": lambda: [_page(truth, "W2", _ranges(truth), 1000)],
        "W3": lambda: [_w3(truth)],
        "W4": lambda: [_w4(truth, deep)],
        "W5": lambda: [_w5(truth), _w5_warm(truth)],
        "W7": lambda: [_w7(truth, "W7", "exact", total), _w7(truth, "W7 capped", "capped", _capped)],
        "W8": lambda: _words(truth),
        "W9": lambda: [_w9(truth)],
        "W10": lambda: [_w10(truth, tagged)],
    }
    return makers[key]()

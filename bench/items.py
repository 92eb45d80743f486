"""The items that are timed with wrk: for each peer the requests, and what a right answer holds."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.generate import WORDS
from bench.load import Request
from bench.truth import Truth

Answer = Callable[[Any], Any]
MANY = 32  # distinct requests of an item, so that no single body is all that is asked for
DEPTH = 500_000
WINDOWS = [(f"{2007 + n}-01-01", f"{2016 + n}-12-31") for n in range(8)]


class Item(NamedTuple):
    """Requests by peer, alike in order; `right` holds the expected answers to the first of them."""

    key: str
    title: str
    requests: dict[str, list[Request]]
    read: Answer
    right: list[Any]
    nested: bool = False


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
    found = answer.get("items", [answer])
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


def _requests(path: str, queries: Sequence[dict[str, Any]], **more: Any) -> list[Request]:
    return [Request(f"{path}?{urlencode(query | more)}") for query in queries]


def _canned(
    name: str, queries: Sequence[dict[str, Any]], column: str | None = "event", **more: Any
) -> list[Request]:
    decoded = {"_shape": "arrayfirst", "_json": column} if column else {"_shape": "array"}
    return _requests(f"/_memory/{name}.json", queries, **more, **decoded)


def floor(key: str) -> str:
    """What an item is called in the path of a floor."""
    return key.replace(" ", "-")


def _floor(key: str) -> dict[str, list[Request]]:
    five = [
        {"country": "NE", "date_from": a, "date_to": b, "limit": 100, "sort": "-date"} for a, b in WINDOWS
    ]
    return {"L1": [Request(f"/{floor(key)}")], "L3": _requests(f"/{floor(key)}", five)}


CHECKED = 3  # answers that are compared with the database, of each peer


def _w1(truth: Truth, key: str, limit: int) -> Item:
    places = truth.countries(4)
    queries: list[dict[str, Any]] = [
        {"country": c, "date_from": a, "date_to": b, "limit": limit} for c in places for a, b in WINDOWS
    ]
    requests = {
        "dateline": _requests("/v1/events", queries),
        "naive": _requests("/events", queries),
        "datasette": _canned("page", queries, offset=0),
    }
    right = [truth.ids(**query) for query in queries[:CHECKED]]
    title = f"page of {limit:,} by country and dates, nested"
    return Item(key, title, requests | _floor(key), ids, right, nested=True)


def _w3(truth: Truth) -> Item:
    chosen = truth.ids(limit=MANY, offset=500)
    requests = {
        "dateline": [Request(f"/v1/events/{each}") for each in chosen],
        "naive": [Request(f"/events/{each}") for each in chosen],
        "datasette": _canned("one", [{"id": each} for each in chosen], limit=1, offset=0),
    }
    return Item(
        "W3", "one event", requests | _floor("W3"), ids, [[each] for each in chosen[:CHECKED]], nested=True
    )


def _w4(truth: Truth, deep: Deep) -> Item:
    depth = min(DEPTH, truth.total() // 2 // 1000 * 1000)
    offsets = [{"limit": 100, "offset": depth + 100 * n} for n in range(MANY)]
    requests = {
        "dateline": [Request(path) for path in deep(depth)],
        "naive": _requests("/events", offsets),
        "datasette": _canned("all", offsets),
        "own page 1": [Request("/v1/events?limit=100")],
    }
    right = [truth.ids(**query) for query in offsets[:CHECKED]]
    return Item("W4", f"page at depth {depth:,}", requests, ids, right, nested=True)


def _w5(truth: Truth) -> Item:
    places = truth.countries(MANY)
    queries = [{"country": each} for each in places]
    requests = {
        "dateline": _requests("/v1/stats/events", queries, group="month"),
        "naive": _requests("/months", queries),
        "datasette": _canned("months", queries, column=None),
    }
    right = [truth.months(each) for each in places[:CHECKED]]
    return Item("W5", "counts by month of a country", requests | _floor("W5"), months, right)


def _w7(truth: Truth, key: str, count: str, read: Answer) -> Item:
    queries = [{"country": c, "date_from": a, "date_to": b} for c in truth.countries(4) for a, b in WINDOWS]
    requests = {
        "dateline": _requests("/v1/events", queries, count=count, limit=1),
        "naive": _requests("/count", queries),
        "datasette": _canned("total", queries, column=None),
    }
    right = [read({"total": truth.total(**query)}) for query in queries[:CHECKED]]
    return Item(key, f"how many, count={count}", requests | _floor(key), read, right)


def _w8(truth: Truth, key: str, words: Sequence[str]) -> Item:
    queries: list[dict[str, Any]] = [{"q": word} for word in words]
    requests = {
        "dateline": _requests("/v1/events", queries, limit=100),
        "naive": _requests("/events", queries, limit=100),
        "datasette": _canned("words", queries, limit=100, offset=0),
    }
    right = [truth.ids(**query) for query in queries[:CHECKED]]
    return Item(key, "full text, newest 100", requests | _floor(key), ids, right)


def _w9(truth: Truth) -> Item:
    boxes = [(-170 + 40 * (n % 8), -55 + 25 * (n // 8)) for n in range(MANY)]
    queries: list[dict[str, Any]] = []
    for n, (west, south) in enumerate(boxes):
        first, last = WINDOWS[n % len(WINDOWS)]
        corners = {"west": west, "south": south, "east": west + 10, "north": south + 10}
        queries.append({**corners, "date_from": first, "date_to": last})
    spoken = [
        {
            "bbox": "{west},{south},{east},{north}".format(**q),
            "date_from": q["date_from"],
            "date_to": q["date_to"],
        }
        for q in queries
    ]
    requests = {
        "dateline": _requests("/v1/events", spoken, limit=100),
        "naive": _requests("/events", spoken, limit=100),
        "datasette": _canned("box", queries, limit=100, offset=0),
        "roapi": [_roapi_box(query) for query in queries],
    }
    right = [truth.ids(**query) for query in queries[:CHECKED]]
    return Item("W9", "bounding box and dates, newest 100", requests | _floor("W9"), ids, right)


def _roapi_box(query: dict[str, Any]) -> Request:
    # By SQL: the filters of its paths know no negative numbers.
    sql = (
        "SELECT * FROM event WHERE longitude BETWEEN {west} AND {east} AND latitude BETWEEN {south} AND {north}"
        " AND date_end >= '{date_from}' AND date_start <= '{date_to}' ORDER BY date_start DESC, id DESC LIMIT 100"
    )
    return Request("/api/sql", body=sql.format(**query))


def _w10(truth: Truth, tagged: Callable[[list[Request]], list[Request]]) -> Item:
    page = _w1(truth, "W1", 100)
    plain = page.requests["dateline"]
    requests = {"dateline": tagged(plain), "own 200": plain, "L1": [Request("/W10")]}
    return Item("W10", "the same page, not modified (304)", requests, ids, [])


def made(key: str, truth: Truth, deep: Deep, tagged: Callable[[list[Request]], list[Request]]) -> list[Item]:
    """The items that `key` stands for; `deep` and `tagged` ask the server for cursors and ETags."""
    makers: dict[str, Callable[[], list[Item]]] = {
        "W1": lambda: [_w1(truth, "W1", 100)],
        "W2": lambda: [_w1(truth, "W2", 1000)],
        "W3": lambda: [_w3(truth)],
        "W4": lambda: [_w4(truth, deep)],
        "W5": lambda: [_w5(truth)],
        "W7": lambda: [_w7(truth, "W7", "exact", total), _w7(truth, "W7 capped", "capped", _capped)],
        "W8": lambda: [_w8(truth, "W8 common", _COMMON), _w8(truth, "W8 rare", _RARE)],
        "W9": lambda: [_w9(truth)],
        "W10": lambda: [_w10(truth, tagged)],
    }
    return makers[key]()


_COMMON = [word for word in WORDS if word != "port"]  # which LIKE finds in airport, too
_RARE = [str(1000 + 31 * n) for n in range(MANY)]  # the number of a place or of an actor

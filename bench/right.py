"""Whether answers are right: what this project's server says against the database, what the peers say against both."""

import re
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from bench import items
from bench.datasets import Data
from bench.found import OURS
from bench.items import Item
from bench.load import Request
from bench.servers import Server, get
from bench.truth import Truth

CHECKED = 3  # answers of each peer that are compared
_ENOUGH = 15  # seconds after which no further one is


def checked(keys: Sequence[str], data: Data, truth: Truth, ours: Server, notes: list[str]) -> Iterator[Item]:
    """The items that our own server answers rightly; of the others a note says what was wrong."""
    for key in keys:
        try:
            made = items.made(
                key, truth, lambda depth: _deep(ours, depth), lambda asked: _tagged(ours, asked)
            )
        except (RuntimeError, KeyError, OSError) as error:
            notes.append(f"{key} on {data}: {error}")
            continue
        for item in made:
            fault = wrong(item, OURS, ours.base, ours.base)
            if fault:
                notes.append(f"{item.key} on {data}: {fault}")
            else:
                yield item


def wrong(item: Item, name: str, base: str, ours: str) -> str:
    """What is wrong with a server's first answers; empty if nothing is."""
    if item.right is None:
        return ""
    end = time.monotonic() + _ENOUGH
    for n in range(CHECKED):
        try:
            fault = _fault(item, n, name, base, ours)
        except OSError as error:
            fault = f"{name} gives no answer: {error}"
        if fault or time.monotonic() > end:
            return fault
    return ""


def _fault(item: Item, n: int, name: str, base: str, ours: str) -> str:
    status, _, body = get(base, *item.requests[name][n])
    if status != 200:
        return f"{name} answers {status}: {body[:150]!r}"
    assert item.right is not None
    found, right = items.read(item, body), item.right(n)
    if found != right:
        return f"{name} answers otherwise than the database: {str(found)[:100]} is not {str(right)[:100]}"
    if item.nested and name != OURS:
        other = get(ours, *item.requests[OURS][n])[2]
        if items.parts(body) != items.parts(other):
            return f"{name} nests other parts"
    return ""


def _deep(ours: Server, depth: int) -> list[str]:
    """Paths of pages of 100 from `depth` on, found by following `next`."""
    path: str | None = "/v1/events?limit=1000"
    for _ in range(depth // 1000):
        path = path and _next(ours, path)
    path = path and path.replace("limit=1000", "limit=100")
    pages: list[str] = []
    while path and len(pages) < items.DEEP:
        pages.append(path)
        path = _next(ours, path)
    if not pages:
        raise RuntimeError(f"{OURS} has no page at depth {depth:,}")
    return pages[:-1] or pages  # the last one may be short


def _next(ours: Server, path: str) -> str | None:
    status, headers, body = get(ours.base, path)
    if status != 200:
        raise RuntimeError(f"{OURS} answers {status}: {body[:150]!r}")
    link = re.search(r'<([^>]*)>; rel="next"', headers.get("link", ""))
    if link is None:
        return None
    parts = urlsplit(link[1])
    return f"{parts.path}?{parts.query}"


def _tagged(ours: Server, requests: Sequence[Request]) -> list[Request]:
    """The same requests with the ETag of their answers, which must be answered by 304."""
    tagged = [Request(each.path, get(ours.base, each.path)[1].get("etag", "")) for each in requests]
    statuses = {get(ours.base, *each)[0] for each in tagged[:CHECKED]}
    if statuses != {304}:
        raise RuntimeError(f"{OURS} answers a conditional request with {statuses}")
    return tagged

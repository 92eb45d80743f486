"""Whether answers are right: what this project's server says against the database, what the peers say against both."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from bench import items
from bench.datasets import Data
from bench.items import CHECKED, Item
from bench.load import Request
from bench.report import OURS
from bench.servers import Server, get
from bench.truth import Truth


def checked(keys: Sequence[str], data: Data, truth: Truth, ours: Server, notes: list[str]) -> Iterator[Item]:
    """The items that our own server answers rightly; of the others a note says what was wrong."""
    where = f"{data.kind}, {data.events:,} events"
    for key in keys:
        try:
            made = items.made(
                key, truth, lambda depth: _deep(ours, depth), lambda asked: _tagged(ours, asked)
            )
        except (RuntimeError, KeyError) as error:
            notes.append(f"{key} on {where}: {error}")
            continue
        for item in made:
            fault = wrong(item, OURS, ours.base, ours.base)
            if fault:
                notes.append(f"{item.key} on {where}: {fault}")
            else:
                yield item


def plain(key: str, truth: Truth) -> Item:
    """An item whose requests need nothing to be asked for first."""
    (item,) = items.made(key, truth, lambda depth: [], lambda requests: [])
    return item


def wrong(item: Item, name: str, base: str, ours: str) -> str:
    """What is wrong with a server's first answers; empty if nothing is."""
    for n, right in enumerate(item.right):
        status, _, body = get(base, *item.requests[name][n])
        if status != 200:
            return f"{name} answers {status}: {body[:150]!r}"
        found = items.read(item, body)
        if found != right:
            return f"{name} answers otherwise than the database: {str(found)[:100]} is not {str(right)[:100]}"
        if item.nested and name != OURS:
            other = get(ours, *item.requests[OURS][n])[2]
            if items.parts(body) != items.parts(other):
                return f"{name} nests other parts"
    return ""


def _deep(ours: Server, depth: int) -> list[str]:
    """Paths of pages of 100 from `depth` on, found by following `next`."""
    path = "/v1/events?limit=1000"
    for _ in range(depth // 1000):
        path = _next(ours, path)
    pages = [path.replace("limit=1000", "limit=100")]
    while len(pages) < items.MANY:
        pages.append(_next(ours, pages[-1]))
    return pages


def _next(ours: Server, path: str) -> str:
    status, _, body = get(ours.base, path)
    link = items.loaded(body).get("next") if status == 200 else None
    if not link:
        raise RuntimeError(f"{OURS} answers {status} without a next page")
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def _tagged(ours: Server, requests: Sequence[Request]) -> list[Request]:
    """The same requests with the ETag of their answers, which must be answered by 304."""
    tagged = [Request(each.path, get(ours.base, each.path)[1].get("etag", "")) for each in requests]
    statuses = {get(ours.base, *each)[0] for each in tagged[:CHECKED]}
    if statuses != {304}:
        raise RuntimeError(f"{OURS} answers a conditional request with {statuses}")
    return tagged

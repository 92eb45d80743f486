"""Where the time of an answer goes: its stages, in process, without HTTP and without another process beside.

    python -m bench.stages --events 1000000 --requests 2000

Prints a Markdown table, or writes it into docs/performance.md with --write. On SQLite; no answer is kept, no address
comes twice. Databases are kept in --folder.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from statistics import median
from typing import Any, NamedTuple

from fastapi import FastAPI
from starlette.types import Message, Scope

from app import (
    bodies,
    event_lists,
    formats,
    middleware,
    prepared,
    queries,
    rendering,
    responses,
    routing,
    sqlite_reads,
)
from app.main import create_app
from app.settings import Settings
from bench import datasets, items, report, sections
from bench.found import OURS
from bench.items import Item

ITEMS = ("W1", "W3", "W5", "W7", "W8", "W9")
_FIRST = 200  # requests that are not counted
# None of these calls another of them.
STAGES: dict[str, Sequence[tuple[Any, str]]] = {
    "read the address": [(routing._Reader, "query")],  # noqa: SLF001
    "find the statement, bind values": [
        *((event_lists, name) for name in ("key", "parts", "values")),
        (prepared.Statements, "get"),
    ],
    "SQLite: run it, fetch the rows": [(sqlite_reads._Reader, "_within")],  # noqa: SLF001
    "cut the page, make the cursor": [(queries, "cut")],
    "join the bytes of the body": [
        (responses, "_list_body"),
        (rendering, "event_with_evidence_json"),
        (formats.NdJson, "rows"),
    ],
    "ETag": [(responses, "validators")],
    "keep the answer, if so set": [(bodies.Bodies, "keep")],
    "count and log the request": [(middleware, "tell")],
}


class Taken(NamedTuple):
    """Microseconds, as medians: of each stage, of all, and bytes of a body."""

    stages: dict[str, float]
    whole: float
    size: float

    def share(self, part: float) -> "Taken":
        """What a part of it takes."""
        stages = {stage: taken * part for stage, taken in self.stages.items()}
        return Taken(stages, self.whole * part, self.size * part)


class Export(NamedTuple):
    """W6, and how many events that is."""

    path: str
    events: int


def main(arguments: Sequence[str]) -> None:
    """Measure, and print or write the table."""
    parser = report.parser(__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=2_000)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    data = datasets.built("sqlite", options.events, options.folder, None)
    data.read()
    with data.truth() as truth:
        measured = [item for key in ITEMS for item in items.made(key, truth, _unasked, _unasked)]
        since = truth.since_for(sections.EXPORTED)
        export = Export(sections.NDJSON.format(since=since), truth.total(date_from=since))
        found = asyncio.run(_measured(data.url, measured, export, options.requests))
    shown = f"`{report.command('bench.stages', arguments)}`\n\nOn {report.machine()}. Microseconds: medians."
    text = f"{shown}\n\n{_table(found)}"
    if options.write:
        report.write("bench.stages", text)
    else:
        print(text)


def _unasked(_: Any) -> Any:
    raise NotImplementedError


async def _measured(url: str, measured: Sequence[Item], export: Export, requests: int) -> dict[str, Taken]:
    app = create_app(Settings(database_url=url, log_level="warning", cache_bytes=0))
    async with app.router.lifespan_context(app):
        gc.collect()
        gc.freeze()  # as `dateline serve` does
        found = {
            item.key: await _taken(app, [request.path for request in item.requests[OURS]], _FIRST, requests)
            for item in measured
            if "warm" not in item.key and item.kept
        }
        exported = await _taken(app, [export.path] * 6, 1, 5)
        return found | {"W6, of 100": exported.share(100 / export.events)}


async def _taken(app: FastAPI, asked: Sequence[str], first: int, requests: int) -> Taken:
    each: dict[str, list[float]] = {stage: [] for stage in STAGES}
    whole, sizes = [], []
    for n in range(first):
        await answered(app, asked[n])
    for n in range(first, min(first + requests, len(asked))):
        with _clocked() as spent:
            began = time.perf_counter()
            sizes.append(len(await answered(app, asked[n])))
            whole.append(time.perf_counter() - began)
        for stage, seconds in spent.items():
            each[stage].append(seconds)
    return Taken(
        {stage: median(taken) * 1e6 for stage, taken in each.items()}, median(whole) * 1e6, median(sizes)
    )


@contextmanager
def _clocked() -> Iterator[dict[str, float]]:
    """The seconds that are spent in each stage."""
    spent = dict.fromkeys(STAGES, 0.0)
    real = [(owner, name, getattr(owner, name)) for calls in STAGES.values() for owner, name in calls]
    for stage, calls in STAGES.items():
        for owner, name in calls:
            setattr(owner, name, _clock(getattr(owner, name), spent, stage))
    try:
        yield spent
    finally:
        for owner, name, call in real:
            setattr(owner, name, call)


def _clock(call: Callable[..., Any], spent: dict[str, float], stage: str) -> Callable[..., Any]:
    @wraps(call)
    def clocked(*args: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return call(*args, **named)
        finally:
            spent[stage] += time.perf_counter() - began

    return clocked


async def answered(app: FastAPI, address: str) -> bytes:
    """The body of an answer, which must be one."""
    path, _, query = address.partition("?")
    scope: Scope = {
        "type": "http", "asgi": {"spec_version": "2.4"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": query.encode(), "state": {},
        "headers": [(b"host", b"bench")], "server": ("bench", 80), "client": ("bench", 1), "app": app,
    }  # fmt: skip
    parts = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message.get("status", 200) != 200:
            raise SystemExit(f"{address} is answered {message['status']}")
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(parts)


def _table(found: dict[str, Taken]) -> str:
    lines = [["", *found], ["---"] * (len(found) + 1)]
    lines += [[stage, *(f"{taken.stages[stage]:.0f}" for taken in found.values())] for stage in STAGES]
    rest = (taken.whole - sum(taken.stages.values()) for taken in found.values())
    lines += [
        ["all else in Python", *(f"{left:.0f}" for left in rest)],
        ["**an answer**", *(f"**{taken.whole:.0f}**" for taken in found.values())],
        ["bytes of a body", *(f"{taken.size:,.0f}" for taken in found.values())],
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])

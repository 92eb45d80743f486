"""How long lists of events and their counts take, whatever is asked for: filters by one to three, drawn at random.

    python -m bench.filters --events 1000000 --requests 400

In process, as `bench.stages` does: each is asked twice, and the second time counts, when its statement is known. No
answer is kept. Prints a Markdown table, or writes it into docs/performance.md with --write.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode

from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from bench import datasets, report
from bench.stages import answered

KINDS = ("sqlite", "postgresql")
SORTS = ("-date", "date", "-updated", "updated", "-fatalities")
_SLOWEST, _SECONDS = 5, 60
Values = Mapping[str, Sequence[str]]
# What many events pass, what few do, and what hardly one does.
_VALUES: Values = {
    "country": ("US", "NE", "FR", "RU,UA"),
    "date_from": ("1992", "2005-03", "2019-11-12"),
    "date_to": ("1990-02", "2008", "2019-11-15"),
    "date_match": ("certain",),
    "type": ("PROTEST", "AID", "AGREE,COOPERATE"),
    "context": ("military", "legal,economic"),
    "status": ("planned", "alleged", "occurred"),
    "dataset": ("generated",),
    "q": ("talks", "minister", "port talks", "zebra"),
    "bbox": ("-10,0,20,20", "0,10,5,15", "-180,-90,180,90"),
    "fatalities_min": ("1", "30", "400"),
    "updated_since": ("2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"),
}


class Took(NamedTuple):
    """Milliseconds of an answer."""

    address: str
    ms: float


def main(arguments: Sequence[str]) -> None:
    """Measure, and print or write the table."""
    parser = report.parser(__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--requests", type=int, default=400, help="of lists, and as many of counts")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    found = {(kind, what): took for kind in options.databases for what, took in _measured(kind, options)}
    shown = f"`{report.command('bench.filters', arguments)}`\n\nOn {report.machine()}. Milliseconds."
    text = f"{shown}\n\n{table(found)}"
    if options.write:
        report.write("bench.filters", text)
    else:
        print(text)


def _measured(kind: str, options: argparse.Namespace) -> list[tuple[str, list[Took]]]:
    with datasets.server(kind, options.folder) as postgres:
        data = datasets.built(kind, options.events, options.folder, postgres)
        data.read()
        return asyncio.run(_asked(data.url, options.requests))


async def _asked(url: str, many: int) -> list[tuple[str, list[Took]]]:
    # With more time than a server gives by default, to tell how long it takes what that would refuse.
    settings = Settings(database_url=url, log_level="warning", cache_bytes=0, statement_timeout=_SECONDS)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        gc.collect()
        gc.freeze()  # as `dateline serve` does
        names = {"actor": "/v1/actors?limit=50", "source": "/v1/sources?limit=50"}
        ids = {name: [await _ids(app, address)] for name, address in names.items()}
        values = {**_VALUES, **ids}
        return [
            (what, [await _took(app, address) for address in drawn(values, more, many)])
            for what, more in (("lists", _listed), ("counts", _counted))
        ]


async def _ids(app: FastAPI, address: str) -> str:
    """The last ids of a page, as one value."""
    return ",".join(item["id"] for item in json.loads(await answered(app, address))["items"][-3:])


async def _took(app: FastAPI, address: str) -> Took:
    await answered(app, address)
    began = time.perf_counter()
    await answered(app, address)
    return Took(address, (time.perf_counter() - began) * 1000)


def drawn(values: Values, more: Callable[[Random], dict[str, str]], many: int) -> Iterator[str]:
    """So many addresses, always the same, with one to three filters each, and what `more` adds."""
    random = Random(1)
    given = 0
    while given < many:
        names = random.sample(sorted(values), random.choice((1, 2, 2, 3)))
        asked = {name: random.choice(values[name]) for name in names} | more(random)
        if asked.get("date_from", "0") <= asked.get("date_to", "9"):
            given += 1
            yield f"/v1/events?{urlencode(asked)}"


def _listed(random: Random) -> dict[str, str]:
    return {"sort": random.choice(SORTS)}


def _counted(random: Random) -> dict[str, str]:
    return {"limit": "1", "count": random.choice(("capped", "capped", "exact"))}


def table(found: Mapping[tuple[str, str], Sequence[Took]]) -> str:
    """The spread of all, and the slowest by name."""
    lines = ["| database | what | median | 95 of 100 within | 99 of 100 within | slowest |", f"|{'---|' * 6}"]
    slowest = []
    for (kind, what), took in found.items():
        ranked = sorted(took, key=lambda each: each.ms)
        shown = [ranked[int(len(ranked) * part)].ms for part in (0.5, 0.95, 0.99)] + [ranked[-1].ms]
        lines.append(f"| {kind} | {what} | {' | '.join(f'{ms:,.1f}' for ms in shown)} |")
        slowest += [
            f"| {kind} | `{each.address}` | {each.ms:,.0f} |" for each in ranked[: -_SLOWEST - 1 : -1]
        ]
    return "\n".join([*lines, "", "| database | the slowest of each | ms |", "|---|---|---|", *slowest])


if __name__ == "__main__":
    main(sys.argv[1:])

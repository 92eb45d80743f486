"""How fast requests are answered, beside peers and floors, once the answers are found to be right.

    python -m bench.serving --events 10000 1000000 --databases sqlite postgresql --items W1 W3 --repeat 5 --seconds 3

Databases, environments of the peers and their logs are kept in --folder. Prints Markdown, or writes it with the charts
into docs/ with --write.
"""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench import competitors, datasets, disturbed, export, items, report
from bench.datasets import Data
from bench.items import CHECKED, Item
from bench.load import Contender, Request, demand_wrk, interleaved
from bench.peers.environments import version
from bench.report import OURS, Exported, Found, Timed
from bench.servers import Server, dateline, get
from bench.truth import Truth

TIMED = ("W1", "W2", "W3", "W4", "W5", "W7", "W8", "W9", "W10")
OTHERS = ("W6", "W11", "beside", "overload", "flat")
FLAT = ("W1", "W3", "W4", "W7", "W10")
EXPORTED = 100_000


class Run(NamedTuple):
    """What one command measures, and with what."""

    items: Sequence[str]
    repeat: int
    seconds: float
    folder: Path
    found: Found


def main(arguments: Sequence[str]) -> None:
    """Measure, and print or write what was found."""
    options = _options(arguments)
    demand_wrk()
    folder: Path = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(options.items, options.repeat, options.seconds, folder, Found([], [], [], [], [], []))
    for kind in options.databases:
        with datasets.server(kind, folder) as postgres:
            held = [datasets.built(kind, events, folder, postgres) for events in sorted(options.events)]
            for data in held:
                _say(f"{kind}, {data.events:,} events")
                _measure(run, data)
                _with_copy(run, data, postgres)
            if "flat" in run.items and len(held) > 1:
                _flat(run, held)
    shown = shlex.join(["python", "-m", "bench.serving", *(a for a in arguments if a != "--write")])
    text = report.markdown(run.found, shown, _facts(folder))
    if not options.write:
        print(text)
        return
    from bench import charts

    pictures = charts.draw(run.found, report.DOCUMENT.parent)
    report.write("bench.serving", "\n\n".join([text, *(f"![{each}]({each})" for each in pictures)]))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 1_000_000])
    kinds = ["sqlite", "postgresql"]
    parser.add_argument("--databases", nargs="+", choices=kinds, default=kinds)
    every = [*TIMED, *OTHERS]
    parser.add_argument("--items", nargs="+", choices=every, default=every)
    parser.add_argument("--repeat", type=int, default=5, help="rounds; each takes every server in turn")
    parser.add_argument("--seconds", type=float, default=3, help="of one run of wrk")
    scratch = Path(tempfile.gettempdir()) / "dateline-bench"
    parser.add_argument(
        "--folder", type=Path, default=scratch, help="where databases and environments are kept"
    )
    parser.add_argument("--write", action="store_true", help="into docs/performance.md, with charts")
    return parser.parse_args(arguments)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _facts(folder: Path) -> list[str]:
    shown = (("naive", "fastapi"), ("naive", "sqlmodel"), ("datasette", "datasette"), ("roapi", "roapi"))
    made = folder / "environments"
    return [
        f"{package} {version(name, package, folder)}" for name, package in shown if (made / name).exists()
    ]


@contextmanager
def _truth(data: Data) -> Iterator[Truth]:
    engine = data.engine()
    try:
        yield Truth(engine)
    finally:
        engine.dispose()


def _measure(run: Run, data: Data) -> None:
    """Everything that only reads."""
    with ExitStack() as stack:
        truth = stack.enter_context(_truth(data))
        servers = {OURS: stack.enter_context(dateline(data.url, run.folder))}
        chosen = list(_right(run, data, truth, servers[OURS]))
        servers |= competitors.peers(stack, data, run.folder, run.found.notes)
        sizes = {items.floor(item.key): _size(item, servers[OURS]) for item in chosen}
        since = truth.since_for(EXPORTED) if {"W6", "beside"} & set(run.items) else ""
        if since:
            sizes |= {"W6": _exported_size(run, servers[OURS], since)}
        servers |= stack.enter_context(competitors.floors(run.folder, sizes))
        for item in chosen:
            _time(run, data, item, servers)
        if since and sizes["W6"]:
            _export(run, data, truth, since, servers)
        if "overload" in run.items:
            (page,) = items.made("W1", truth, lambda depth: [], lambda requests: [])
            contender = Contender(OURS, servers[OURS].base, page.requests[OURS])
            told = disturbed.overload(contender, run.repeat, run.seconds)
            run.found.overloads.append((data.kind, data.events, told))


def _right(run: Run, data: Data, truth: Truth, ours: Server) -> Iterator[Item]:
    """The items that our own server answers rightly; of the others a note says what was wrong."""
    for key in (each for each in TIMED if each in run.items):
        try:
            made = items.made(
                key, truth, lambda depth: _deep(ours, depth), lambda asked: _tagged(ours, asked)
            )
        except (RuntimeError, KeyError) as error:
            run.found.notes.append(f"{key} on {data.kind}, {data.events:,} events: {error}")
            continue
        for item in made:
            wrong = _wrong(item, OURS, ours.base, ours.base)
            if wrong:
                run.found.notes.append(f"{item.key} on {data.kind}, {data.events:,} events: {wrong}")
            else:
                yield item


def _wrong(item: Item, name: str, base: str, ours: str) -> str:
    """What is wrong with a server's first answers; empty if nothing is."""
    for n, right in enumerate(item.right):
        status, _, body = get(base, item.requests[name][n].path)
        if status != 200:
            return f"{name} answers {status}: {body[:150]!r}"
        found = items.read(item, body)
        if found != right:
            return f"{name} answers otherwise than the database: {str(found)[:100]} is not {str(right)[:100]}"
        if item.nested and name != OURS:
            other = get(ours, item.requests[OURS][n].path)[2]
            if items.parts(body) != items.parts(other):
                return f"{name} nests other parts"
    return ""


def _time(run: Run, data: Data, item: Item, servers: dict[str, Server]) -> None:
    contenders = []
    for name, requests in item.requests.items():
        server = servers.get(OURS if name.startswith("own ") else name)
        if server is None:
            continue
        peer = name in ("naive", "datasette", "roapi")
        wrong = _wrong(item, name, server.base, servers[OURS].base) if peer else ""
        if wrong:
            run.found.notes.append(f"{item.key} on {data.kind}, {data.events:,} events: {wrong}")
        else:
            contenders.append(Contender(name, server.base, requests))
    _say(f"  {item.key}: {', '.join(contender.name for contender in contenders)}")
    try:
        figures = interleaved(contenders, run.repeat, run.seconds)
    except RuntimeError as error:
        run.found.notes.append(f"{item.key} on {data.kind}, {data.events:,} events: {error}")
        return
    run.found.timed.append(Timed(item.key, item.title, data.kind, data.events, figures))


def _size(item: Item, ours: Server) -> int:
    """Bytes of an answer, on average; none where it is 304."""
    sizes = [len(get(ours.base, *request)[2]) for request in item.requests[OURS]]
    return round(sum(sizes) / len(sizes))


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


def _exported_size(run: Run, ours: Server, since: str) -> int:
    status, _, body = get(ours.base, f"/v1/events?format=ndjson&date_from={since}")
    if status == 200:
        return len(body)
    run.found.notes.append(f"W6: {OURS} answers {status}: {body[:150]!r}")
    return 0


def _export(run: Run, data: Data, truth: Truth, since: str, servers: dict[str, Server]) -> None:
    events = truth.total(date_from=since)
    if "beside" in run.items:
        (one,) = items.made("W3", truth, lambda depth: [], lambda requests: [])
        contender = Contender(OURS, servers[OURS].base, one.requests[OURS])
        path = f"/v1/events?format=ndjson&date_from={since}"
        told = disturbed.beside_export(contender, path, run.repeat, run.seconds)
        run.found.disturbed.append(("one event beside an export", data.kind, data.events, told))
    if "W6" not in run.items:
        return
    paths: dict[str, dict[str, tuple[str, int]]] = {
        "W6": {
            OURS: (f"/v1/events?format=ndjson&date_from={since}", 0),
            "naive": (f"/export?date_from={since}", 0),
            "L1": ("/W6", -1),
            "roapi": (f"/api/tables/event?filter[date_end]gte='{since}'&sort=-date_start", -1),
        },
        "W6 csv": {
            OURS: (f"/v1/events?format=csv&date_from={since}", 1),
            "datasette": (f"/events/event.csv?_stream=1&date_end__gte={since}&_nocol=document", 1),
        },
    }
    for key, chosen in paths.items():
        streams = []
        for name in chosen.keys() & servers.keys():
            stream = export.Stream(name, servers[name], chosen[name][0], events, chosen[name][1])
            try:
                export.checked(stream)
                streams.append(stream)
            except RuntimeError as error:
                run.found.notes.append(f"{key} on {data.kind}, {data.events:,} events: {error}")
        if any(stream.name == OURS for stream in streams):
            _say(f"  {key}: {', '.join(stream.name for stream in streams)}")
            measured = export.measured(streams, run.repeat)
            run.found.exported.append(Exported(key, data.kind, data.events, measured))


def _with_copy(run: Run, data: Data, postgres: str | None) -> None:
    """W11, which writes."""
    if "W11" not in run.items:
        return
    _say("  W11")
    with (
        datasets.copied(data, run.folder, postgres) as copy,
        dateline(copy.url, run.folder, "import") as ours,
    ):
        with _truth(copy) as truth:
            (page,) = items.made("W1", truth, lambda depth: [], lambda requests: [])
        contender = Contender(OURS, ours.base, page.requests[OURS])
        told = disturbed.during_import(contender, copy, run.repeat, run.seconds)
        run.found.disturbed.append(("W1 during an import", data.kind, data.events, told))


def _flat(run: Run, held: Sequence[Data]) -> None:
    """The same items on the smallest and on the largest data set, in turn."""
    with ExitStack() as stack:
        by_item: dict[str, list[Contender]] = {}
        for data in held:
            truth = stack.enter_context(_truth(data))
            ours = stack.enter_context(dateline(data.url, run.folder, f"dateline-{data.events}"))
            flat: Any = run._replace(items=FLAT)
            for item in _right(flat, data, truth, ours):
                contender = Contender(str(data.events), ours.base, item.requests[OURS])
                by_item.setdefault(item.key, []).append(contender)
        for key, contenders in by_item.items():
            if key == "W7" or len(contenders) < len(held):
                continue
            _say(f"  flat: {key}")
            figures = interleaved(contenders, run.repeat, run.seconds, connections=(1,))
            by_events = [(int(name), figure) for (name, _), figure in figures.items()]
            run.found.flat.append((key, held[0].kind, by_events))


if __name__ == "__main__":
    main(sys.argv[1:])

"""How fast requests are answered, beside peers and floors, once the answers are found to be right.

    python -m bench.serving --events 10000 1000000 --databases sqlite postgresql --items W1 W3 --repeat 3 --seconds 2

Everything is measured on the largest number of events; the smaller ones are there for `flat`. Databases, environments
of the peers and their logs are kept in --folder and used again. Prints Markdown, or writes it with the charts into
docs/ with --write; how long each part took goes to stderr.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from bench import competitors, datasets, items, report, sections
from bench.datasets import Data
from bench.found import OURS, Found, Timed
from bench.items import Item
from bench.load import Contender, demand_wrk, interleaved
from bench.peers.environments import PACKAGES, version
from bench.right import checked, wrong
from bench.sections import Run
from bench.servers import Server, dateline, get

TIMED = ("W1", "W2", "W3", "W4", "W5", "W7", "W8", "W9", "W10")
OTHERS = ("W6", "W11", "beside", "overload", "workers", "flat")
_FORGETFUL = "dateline-forgetful"
_STARTED = time.monotonic()


def main(arguments: Sequence[str]) -> None:
    """Measure, and print or write what was found."""
    options = _options(arguments)
    demand_wrk()
    if options.write and find_spec("matplotlib") is None:
        raise SystemExit(
            "matplotlib is missing: it comes with 'uv pip install --group bench', as in `make bench`"
        )
    folder: Path = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(options.items, options.repeat, options.seconds, folder, Found([], [], [], [], [], []))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the servers are stopped, too
    try:
        _all(run, options.databases, sorted(options.events))
    except BaseException:
        print(report.markdown(run.found, "what was found before it failed", []))
        raise
    shown = report.command("bench.serving", arguments)
    text = report.markdown(run.found, shown, _facts(folder))
    if not options.write:
        print(text)
        return
    report.write("bench.serving", text)  # whatever becomes of the charts
    if summary := report.summary(run.found):
        report.write("bench.serving", summary, report.README)
    from bench import charts

    pictures = charts.draw(run.found, report.DOCUMENT.parent)
    report.write("bench.serving", "\n\n".join([text, *(f"![{each}]({each})" for each in pictures)]))


def _all(run: Run, kinds: Sequence[str], sizes: Sequence[int]) -> None:
    with _clocked("databases built"), ThreadPoolExecutor(len(kinds)) as pool:
        for built in [pool.submit(_build, run, kind, sizes) for kind in kinds]:
            built.result()
    for kind in kinds:
        with datasets.server(kind, run.folder) as postgres:
            held = [datasets.built(kind, events, run.folder, postgres) for events in sizes]
            _measure(run, held[-1])
            if "W11" in run.items:
                with _clocked("W11"), _noting(run, f"W11 on {held[-1]}"):
                    sections.during_import(run, held[-1], postgres)
            if "flat" in run.items and len(held) > 1:
                with _clocked("flat"), _noting(run, f"flat on {kind}"):
                    sections.flatness(run, held)


def _build(run: Run, kind: str, sizes: Sequence[int]) -> None:
    with datasets.server(kind, run.folder) as postgres:
        for events in sizes:
            datasets.built(kind, events, run.folder, postgres)


@contextmanager
def _clocked(what: str) -> Iterator[None]:
    """Say what goes on, and how long it took."""
    begun = time.monotonic()
    yield
    now = time.monotonic()
    print(f"{now - _STARTED:6.0f} s  {what}: {now - begun:.0f} s", file=sys.stderr, flush=True)


@contextmanager
def _noting(run: Run, what: str) -> Iterator[None]:
    """Let the other items be measured where one fails."""
    try:
        yield
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        run.found.notes.append(f"{what}: {error}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = report.parser(__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 1_000_000])
    kinds = ["sqlite", "postgresql"]
    parser.add_argument("--databases", nargs="+", choices=kinds, default=kinds)
    every = [*TIMED, *OTHERS]
    parser.add_argument("--items", nargs="+", choices=every, default=every)
    parser.add_argument("--repeat", type=int, default=3, help="rounds; each takes every server in turn")
    parser.add_argument("--seconds", type=float, default=2, help="of one run of wrk")
    return parser.parse_args(arguments)


def _facts(folder: Path) -> list[str]:
    shown = [("naive", "fastapi"), ("naive", "sqlmodel")]
    shown += [(name, name) for name in ("datasette", "roapi", "tipg", "pygeoapi")]
    made = folder / "environments"
    return [
        f"{package} {version(name, package, folder)}" for name, package in shown if (made / name).exists()
    ]


def _measure(run: Run, data: Data) -> None:
    """Everything that only reads."""
    data.read()
    with ExitStack() as stack:
        truth = stack.enter_context(data.truth())
        ours = stack.enter_context(dateline(data.url, run.folder))
        since = ""
        with _clocked(f"{data}: answers checked"):
            keys = [key for key in TIMED if key in run.items]
            chosen = list(checked(keys, data, truth, ours, run.found.notes))
        sizes = {items.floor(item.key): _size(item, ours) for item in chosen}
        if {"W6", "beside"} & set(run.items):
            since = truth.since_for(sections.EXPORTED)
            sizes["W6"] = sections.exported_size(run, ours, since)
        with _clocked("peers started"):
            asked = {name for item in chosen for name in item.requests} | sections.exporters(run)
            servers = {OURS: ours, **competitors.peers(stack, data, run.folder, asked, run.found.notes)}
            servers |= stack.enter_context(competitors.floors(run.folder, sizes))
            if any(not item.kept for item in chosen):
                servers[_FORGETFUL] = stack.enter_context(
                    dateline(data.url, run.folder, _FORGETFUL, keeping=False)
                )
        for item in chosen:
            with _clocked(item.key), _noting(run, f"{item.key} on {data}"):
                _time(run, data, item, servers)
        others: dict[str, Callable[[], None]] = {
            "W6": lambda: sections.exports(run, data, truth, since, servers),
            "beside": lambda: sections.beside_export(run, data, truth, since, ours),
            "workers": lambda: sections.workers(run, data, truth, ours),
            "overload": lambda: sections.overload(run, data, truth, ours),
        }
        for key, measure in others.items():
            if key in run.items and ((since and sizes["W6"]) or key not in ("W6", "beside")):
                with _clocked(key), _noting(run, f"{key} on {data}"):
                    measure()


def _time(run: Run, data: Data, item: Item, servers: dict[str, Server]) -> None:
    contenders, faults = [], []
    ours = OURS if item.kept else _FORGETFUL
    for name, requests in item.requests.items():
        server = servers.get(ours if name == OURS or name.startswith("own ") else name)
        if server is None:
            continue
        peer = name in PACKAGES
        fault = wrong(item, name, server.base, servers[OURS].base) if peer else ""
        if fault:
            faults.append(fault)
            server.restart()  # it may still be at work
        else:
            contenders.append(Contender(name, server.base, requests, server.restart if peer else _keep))
    figures = interleaved(contenders, run.repeat, run.seconds, faults)
    run.found.notes.extend(f"{item.key} on {data}: {fault}" for fault in faults)
    if any(name == OURS for name, _ in figures):
        distinct = len(item.requests[OURS])
        run.found.timed.append(Timed(item.key, item.title, data.kind, data.events, distinct, figures))


def _keep() -> None:
    """Our own server and the floors have to get on with what was left behind."""


def _size(item: Item, ours: Server) -> int:
    """Bytes of an answer, on average; none where it is 304."""
    requests = item.requests[OURS][:32]
    return round(sum(len(get(ours.base, *request)[2]) for request in requests) / len(requests))


if __name__ == "__main__":
    main(sys.argv[1:])

"""What is measured beside the rate of single requests: exports, disturbances, overload, growth."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench import datasets, disturbed, export
from bench.datasets import Data
from bench.found import OURS, Exported, Found, Timed
from bench.items import first
from bench.load import Contender, interleaved
from bench.right import checked
from bench.servers import Server, dateline, get, private_memory, workers_known
from bench.truth import Truth

FLAT = ("W1", "W3", "W4", "W7", "W10")
EXPORTED = 100_000
_LATE = "2024-12-01"  # a day from which on there are few enough events to check an export by


class Run(NamedTuple):
    """What one command measures, and with what."""

    items: Sequence[str]
    repeat: int
    seconds: float
    folder: Path
    found: Found


NDJSON = "/v1/events?format=ndjson&date_from={since}"


def exported_size(run: Run, ours: Server, since: str) -> int:
    """Bytes of our own export; none where there is no such thing, as a note then says."""
    status, _, body = get(ours.base, NDJSON.format(since=since))
    if status == 200:
        return len(body)
    run.found.notes.append(f"W6: {OURS} answers {status}: {body[:150]!r}")
    return 0


_FLAT_COLUMNS = "&_nocol=digest&_nocol=document_id&_nocol=cell"
_PATHS: dict[str, dict[str, tuple[str, int]]] = {
    "W6": {
        OURS: (NDJSON, 0),
        "naive": ("/export?date_from={since}", 0),
        "L1": ("/W6", -1),
        "roapi": ("/api/tables/event?filter[date_end]gte='{since}'&sort=-date_start", -1),
    },
    "W6 csv": {
        OURS: ("/v1/events?format=csv&date_from={since}", 1),
        "datasette": (f"/events/event.csv?_stream=1&date_end__gte={{since}}{_FLAT_COLUMNS}", 1),
    },
}


def exporters(run: Run) -> set[str]:
    """Who is asked for an export."""
    return {name for chosen in _PATHS.values() for name in chosen} if "W6" in run.items else set()


def exports(run: Run, data: Data, truth: Truth, since: str, servers: Mapping[str, Server]) -> None:
    """W6; our own server is a new one that keeps no answers, so that its growth is that of exports."""
    with dateline(data.url, run.folder, "export", keeping=False) as ours:
        _exports(run, data, truth, since, {**servers, OURS: ours})


def _exports(run: Run, data: Data, truth: Truth, since: str, servers: Mapping[str, Server]) -> None:
    memory = private_memory(servers[OURS].pid)
    events, few = truth.total(date_from=since), truth.total(date_from=_LATE)
    for key, chosen in _PATHS.items():
        right = []
        for name, (path, framing) in chosen.items():
            if name not in servers:
                continue
            stream = export.Stream(name, servers[name], path, framing, memory if name == OURS else None)
            try:
                export.check(stream, _LATE, few)
                right.append(stream)
            except RuntimeError as error:
                run.found.notes.append(f"{key} on {data}: {error}")
        if any(stream.name == OURS for stream in right):
            measured = export.measured(right, since, events, run.repeat)
            run.found.exported.append(Exported(key, data.kind, data.events, measured))


def beside_export(run: Run, data: Data, truth: Truth, since: str, ours: Server) -> None:
    """Small requests while an export is read."""
    contender = Contender(OURS, ours.base, first(truth, "W3").requests[OURS])
    told = disturbed.beside_export(contender, NDJSON.format(since=since), run.repeat, run.seconds)
    run.found.disturbed.append(("W3 beside an export", data.kind, data.events, told))


def overload(run: Run, data: Data, truth: Truth, ours: Server) -> None:
    """Far more connections than are served."""
    contender = Contender(OURS, ours.base, first(truth, "W1").requests[OURS])
    told = disturbed.overload(contender, run.repeat, run.seconds)
    run.found.overloads.append((data.kind, data.events, told))


def workers(run: Run, data: Data, truth: Truth, ours: Server) -> None:
    """W1 by two processes, beside one."""
    if not workers_known():
        run.found.notes.append(f"workers on {data}: `dateline serve` has no --workers")
        return
    item = first(truth, "W1")
    with dateline(data.url, run.folder, "workers", workers=2) as two:
        servers = {OURS: two, "1 worker": ours}
        contenders = [Contender(name, each.base, item.requests[OURS]) for name, each in servers.items()]
        faults: list[str] = []
        figures = interleaved(contenders, run.repeat, run.seconds, faults)
    run.found.notes.extend(f"workers on {data}: {fault}" for fault in faults)
    if not faults:
        title = "W1 by two workers"
        run.found.timed.append(
            Timed("workers", title, data.kind, data.events, len(item.requests[OURS]), figures)
        )


def during_import(run: Run, data: Data, postgres: str | None) -> None:
    """W11, on a copy, as it writes."""
    with (
        datasets.copied(data, run.folder, postgres) as copy,
        dateline(copy.url, run.folder, "import") as ours,
    ):
        with copy.truth() as truth:
            requests = first(truth, "W1").requests[OURS]
        told = disturbed.during_import(Contender(OURS, ours.base, requests), copy, run.repeat, run.seconds)
        run.found.disturbed.append(("W1 during an import", data.kind, data.events, told))


def flatness(run: Run, held: Sequence[Data]) -> None:
    """The same items on every data set, in turn."""
    with ExitStack() as stack:
        by_item: dict[str, list[Contender]] = {}
        for data in held:
            truth = stack.enter_context(data.truth())
            # Of fewer events there are fewer pages at depth, which would soon be kept.
            ours = stack.enter_context(
                dateline(data.url, run.folder, f"dateline-{data.events}", keeping=False)
            )
            for item in checked(FLAT, data, truth, ours, run.found.notes):
                contender = Contender(str(data.events), ours.base, item.requests[OURS])
                by_item.setdefault(item.key, []).append(contender)
        for key, contenders in by_item.items():
            if key in _GROWING or len(contenders) < len(held):
                continue
            figures = interleaved(contenders, run.repeat, run.seconds, run.found.notes, connections=(1,))
            by_events = [(int(name), figure) for (name, _), figure in figures.items()]
            if len(by_events) == len(held):
                run.found.flat.append((key, held[0].kind, by_events))


_GROWING = ("W7", "W1 warm")  # an exact count may take longer; what is warm says nothing of the data

"""What is measured beside the rate of single requests: exports, disturbances, overload, growth."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench import datasets, disturbed, export
from bench.datasets import Data
from bench.load import Contender, interleaved
from bench.report import OURS, Exported, Found
from bench.right import checked, plain
from bench.servers import Server, dateline, get
from bench.truth import Truth

FLAT = ("W1", "W3", "W4", "W7", "W10")
EXPORTED = 100_000


class Run(NamedTuple):
    """What one command measures, and with what."""

    items: Sequence[str]
    repeat: int
    seconds: float
    folder: Path
    found: Found


def ndjson(since: str) -> str:
    """The path of our own export."""
    return f"/v1/events?format=ndjson&date_from={since}"


def exported_size(run: Run, ours: Server, since: str) -> int:
    """Bytes of our own export; none where there is no such thing, as a note then says."""
    status, _, body = get(ours.base, ndjson(since))
    if status == 200:
        return len(body)
    run.found.notes.append(f"W6: {OURS} answers {status}: {body[:150]!r}")
    return 0


def exports(
    run: Run, data: Data, truth: Truth, since: str, servers: Mapping[str, Server], *, memory: int
) -> None:
    """W6; `memory` is what our own server held before it exported anything."""
    events = truth.total(date_from=since)
    paths: dict[str, dict[str, tuple[str, int]]] = {
        "W6": {
            OURS: (ndjson(since), 0),
            "naive": (f"/export?date_from={since}", 0),
            "L1": ("/W6", -1),
            "roapi": (f"/api/tables/event?filter[date_end]gte='{since}'&sort=-date_start", -1),
        },
        "W6 csv": {
            OURS: (f"/v1/events?format=csv&date_from={since}", 1),
            "datasette": (f"/events/event.csv?_stream=1&date_end__gte={since}{_FLAT_COLUMNS}", 1),
        },
    }
    for key, chosen in paths.items():
        streams = []
        for name, (path, framing) in chosen.items():
            if name in servers:
                before = memory if name == OURS else None
                streams.append(export.Stream(name, servers[name], path, events, framing, before))
        right = list(_right(run, f"{key} on {data.kind}, {data.events:,} events", streams))
        if any(stream.name == OURS for stream in right):
            measured = export.measured(right, run.repeat)
            run.found.exported.append(Exported(key, data.kind, data.events, measured))


_FLAT_COLUMNS = "&_nocol=digest&_nocol=document_id"


def _right(run: Run, what: str, streams: Sequence[export.Stream]) -> Iterator[export.Stream]:
    for stream in streams:
        try:
            export.check(stream)
            yield stream
        except RuntimeError as error:
            run.found.notes.append(f"{what}: {error}")


def beside_export(run: Run, data: Data, truth: Truth, since: str, ours: Server) -> None:
    """Small requests while an export is read."""
    contender = Contender(OURS, ours.base, plain("W3", truth).requests[OURS])
    told = disturbed.beside_export(contender, ndjson(since), run.repeat, run.seconds)
    run.found.disturbed.append(("one event beside an export", data.kind, data.events, told))


def overload(run: Run, data: Data, truth: Truth, ours: Server) -> None:
    """Far more connections than are served."""
    contender = Contender(OURS, ours.base, plain("W1", truth).requests[OURS])
    told = disturbed.overload(contender, run.repeat, run.seconds)
    run.found.overloads.append((data.kind, data.events, told))


def during_import(run: Run, data: Data, postgres: str | None) -> None:
    """W11, on a copy, as it writes."""
    with (
        datasets.copied(data, run.folder, postgres) as copy,
        dateline(copy.url, run.folder, "import") as ours,
    ):
        with copy.truth() as truth:
            requests = plain("W1", truth).requests[OURS]
        told = disturbed.during_import(Contender(OURS, ours.base, requests), copy, run.repeat, run.seconds)
        run.found.disturbed.append(("W1 during an import", data.kind, data.events, told))


def flatness(run: Run, held: Sequence[Data]) -> None:
    """The same items on every data set, in turn."""
    with ExitStack() as stack:
        by_item: dict[str, list[Contender]] = {}
        for data in held:
            truth = stack.enter_context(data.truth())
            ours = stack.enter_context(dateline(data.url, run.folder, f"dateline-{data.events}"))
            for item in checked(FLAT, data, truth, ours, run.found.notes):
                contender = Contender(str(data.events), ours.base, item.requests[OURS])
                by_item.setdefault(item.key, []).append(contender)
        for key, contenders in by_item.items():
            if key == "W7" or len(contenders) < len(held):  # an exact count may grow; a capped one may not
                continue
            figures = interleaved(contenders, run.repeat, run.seconds, connections=(1,))
            by_events = [(int(name), figure) for (name, _), figure in figures.items()]
            run.found.flat.append((key, held[0].kind, by_events))

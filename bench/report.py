"""What was measured, as Markdown between markers of docs/performance.md, and as charts."""

import os
import platform
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench import goals
from bench.disturbed import Disturbed, Overload
from bench.export import Export
from bench.load import CONNECTIONS, Figure
from bench.servers import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
OURS = "dateline"


class Timed(NamedTuple):
    """An item on one database: figures by contender and connections."""

    key: str
    title: str
    database: str
    events: int
    figures: dict[tuple[str, int], Figure]


class Exported(NamedTuple):
    """An export on one database."""

    key: str
    database: str
    events: int
    exports: dict[str, Export]


class Found(NamedTuple):
    """Everything that a run found out."""

    timed: list[Timed]
    exported: list[Exported]
    disturbed: list[tuple[str, str, int, Disturbed]]  # what, database, events
    overloads: list[tuple[str, int, Overload]]
    flat: list[tuple[str, str, list[tuple[int, Figure]]]]  # item, database, by events at 1 connection
    notes: list[str]


def write(section: str, text: str, document: Path = DOCUMENT) -> None:
    """Put `text` between the section's markers."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    whole = document.read_text()
    if begin not in whole or end not in whole:
        raise SystemExit(f"{document} lacks the markers of {section}")
    before, rest = whole.split(begin, 1)
    document.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.split(end, 1)[1]}")


def machine() -> str:
    """What the figures were taken on."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    facts = [
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()})",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
    ]
    return ", ".join(facts)


def markdown(found: Found, command: str, facts: Sequence[str]) -> str:
    """The whole section."""
    parts = [
        f"`{command}`\n\nOn {', '.join([machine(), *facts])}. Medians; lowest and highest rate in brackets.",
        *(_ratios(found.timed, database) for database in ("sqlite", "postgresql")),
        _exports(found.exported),
        _flat(found.flat),
        _disturbed(found.disturbed),
        _overloads(found.overloads),
        _rates(found.timed),
        "### Left out\n\n" + "\n".join(f"- {note}" for note in found.notes) if found.notes else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _verdict(ratio: float, bar: float | None) -> str:
    if bar is None:
        return f"{_short(ratio)}x"
    return f"{_short(ratio)}x, must {_short(bar)}: {'met' if ratio >= bar else '**missed**'}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 else f"{number:.2g}" if number < 1 else f"{number:.1f}"


def _ratios(timed: Sequence[Timed], database: str) -> str:
    rows = []
    for each in timed:
        if each.database != database:
            continue
        for name in dict.fromkeys(name for name, _ in each.figures if name != OURS):
            bars = goals.bars(each.key, database, name, each.events)
            cells = [
                _verdict(each.figures[OURS, c].rate / each.figures[name, c].rate, bar)
                for c, bar in zip(CONNECTIONS, bars, strict=True)
            ]
            rows.append(
                [f"{each.key} {each.title}" if each.title else each.key, f"{each.events:,}", name, *cells]
            )
    if not rows:
        return ""
    heads = ("item", "events", "against", "1 connection", "32 connections")
    return f"### How many times as fast, {_name(database)}\n\n{_table(heads, rows)}"


def _rates(timed: Sequence[Timed]) -> str:
    rows = []
    for each in timed:
        for (name, many), f in each.figures.items():
            rate = f"{f.rate:,.1f} ({f.lowest:,.1f} to {f.highest:,.1f})"
            where = [each.key, _name(each.database), f"{each.events:,}", name, str(many)]
            rows.append([*where, rate, f"{f.p50:.2f}", f"{f.p99:.2f}"])
    heads = ("item", "database", "events", "server", "connections", "answers/s", "p50, ms", "p99, ms")
    return f"### Every rate\n\n{_table(heads, rows)}" if rows else ""


def _exports(exported: Sequence[Exported]) -> str:
    rows = []
    for each in exported:
        for name, export in each.exports.items():
            ours = each.exports[OURS]
            ratio = ours.bytes_rate / export.bytes_rate
            if name in ("roapi", "datasette"):  # their rows are flat and smaller
                ratio = ours.events_rate / export.events_rate
            bar, _ = goals.bars(each.key, each.database, name, each.events)
            own = f"must {goals.FIRST_BYTE_MS} ms, {goals.GROWTH_MB} MB"
            cells = [f"{export.bytes_rate / 1e6:,.1f}", f"{export.events_rate:,.0f}"]
            cells += [f"{export.first_byte_ms:.1f}", f"{export.growth / 1e6:.1f}"]
            rows.append(
                [
                    each.key,
                    _name(each.database),
                    f"{each.events:,}",
                    name,
                    *cells,
                    own if name == OURS else _verdict(ratio, bar),
                ]
            )
    heads = (
        "item",
        "database",
        "events",
        "server",
        "MB/s",
        "events/s",
        "first byte, ms",
        "growth, MB",
        "dateline is",
    )
    return f"### Exports\n\n{_table(heads, rows)}" if rows else ""


def _flat(flat: Sequence[tuple[str, str, list[tuple[int, Figure]]]]) -> str:
    rows = []
    for item, database, figures in flat:
        grown = figures[0][1].rate / figures[-1][1].rate
        told = "; ".join(f"{events:,}: {1e3 / f.rate:.3f} ms" for events, f in figures)
        verdict = f"{grown:.2f}x, at most {goals.FLAT}: {'met' if grown <= goals.FLAT else '**missed**'}"
        rows.append([item, _name(database), told, verdict])
    heads = ("item", "database", "time of a request by events", "growth")
    return f"### Flat as it grows\n\n{_table(heads, rows)}" if rows else ""


def _disturbed(disturbed: Sequence[tuple[str, str, int, Disturbed]]) -> str:
    rows = []
    for what, database, events, (alone, beside) in disturbed:
        cells = [f"{f.rate:,.0f}/s, p50 {f.p50:.2f}, p99 {f.p99:.2f} ms" for f in (alone, beside)]
        if "import" in what:
            kept, tail = beside.rate / alone.rate, beside.p99 / beside.p50
            met = kept >= goals.DURING_IMPORT and tail < goals.TAIL
            bar = f"keeps {kept:.0%}, p99 is {tail:.1f} p50; must {goals.DURING_IMPORT:.0%}, {goals.TAIL}"
        else:
            grown = beside.p50 / alone.p50
            met, bar = grown <= goals.BESIDE_EXPORT, f"p50 {grown:.1f}x, at most {goals.BESIDE_EXPORT}"
        rows.append(
            [what, _name(database), f"{events:,}", *cells, f"{bar}: {'met' if met else '**missed**'}"]
        )
    heads = ("what", "database", "events", "alone", "beside", "")
    return f"### While something else goes on\n\n{_table(heads, rows)}" if rows else ""


def _overloads(overloads: Sequence[tuple[str, int, Overload]]) -> str:
    rows = []
    for database, events, (before, crowd, after) in overloads:
        told = (
            f"{crowd.rate:,.0f}/s, {crowd.shed:.1%} are 503, {crowd.failed:.1%} fail, p99 {crowd.p99:,.0f} ms"
        )
        rows.append(
            [_name(database), f"{events:,}", f"p50 {before.p50:.2f} ms", told, f"p50 {after.p50:.2f} ms"]
        )
    heads = ("database", "events", "before", "500 connections", "at once after")
    return f"### Overload\n\n{_table(heads, rows)}" if rows else ""


def _name(database: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database]

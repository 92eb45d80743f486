"""What was measured, as Markdown between markers of docs/performance.md."""

import argparse
import os
import platform
import re
import shlex
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.sqlite import sqlite3 as ours
from bench import goals
from bench.disturbed import Disturbed, Overload
from bench.found import OURS, Exported, Found, Timed
from bench.load import CONNECTIONS, Figure
from bench.servers import ROOT
from bench.verdicts import MISSED, MISSING, UNKNOWN, ratio, told, verdicts

DOCUMENT, README = ROOT / "docs" / "performance.md", ROOT / "README.md"
_SUMMARY = {
    "W1": "page of 100 of a country between two dates, nested",
    "W3": "one event",
    "W7": "exact count of a country between two dates",
    "W8 common": "newest 100 with a common word, until a day",
    "W9": "newest 100 in a box of 10 by 10 degrees, between two dates",
}


def parser(about: str | None) -> argparse.ArgumentParser:
    """That of a command's options, with those that all take."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    scratch = Path(tempfile.gettempdir()) / "dateline-bench"
    made.add_argument(
        "--folder", type=Path, default=scratch, help="where what is made is kept, to be used again"
    )
    made.add_argument(
        "--write", action="store_true", help="into docs/performance.md, with charts if there are any"
    )
    return made


def command(module: str, arguments: Sequence[str]) -> str:
    """What was run, but for where things are kept and where its words go."""
    told = [Path(word).name if Path(word).is_file() else word for word in arguments if word != "--write"]
    if "--folder" in told:
        at = told.index("--folder")
        told[at : at + 2] = []
    return shlex.join(["python", "-m", module, *told])


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
        f"SQLite {ours.sqlite_version}" + ("" if ours is sqlite3 else f" (peers {sqlite3.sqlite_version})"),
    ]
    return ", ".join(facts)


def markdown(found: Found, command: str, facts: Sequence[str]) -> str:
    """The whole section."""
    parts = [
        f"`{command}`\n\nOn {', '.join([machine(), *facts])}. Medians; lowest and highest rate in brackets.",
        _goals(found),
        *(_ratios(found.timed, database) for database in ("sqlite", "postgresql")),
        _exports(found.exported),
        _flat(found.flat),
        _disturbed(found.disturbed),
        _overloads(found.overloads),
        _rates(found.timed),
        "### Left out\n\n" + "\n".join(f"- {note}" for note in found.notes) if found.notes else "",
    ]
    return "\n\n".join(part for part in parts if part)


def summary(found: Found) -> str:
    """What README says of SQLite; nothing where something of it was not measured."""
    timed = {each.key: each for each in found.timed if each.database == "sqlite"}
    if not timed.keys() >= {*_SUMMARY, "W1 warm"}:
        return ""
    rows = []
    for key, title in _SUMMARY.items():
        pairs = (
            [told(ratio(timed[key], name, many)) for many in CONNECTIONS] for name in ("naive", "datasette")
        )
        rows.append([title, *(" / ".join(pair) for pair in pairs)])
    one, many = (f"{timed['W1 warm'].figures[OURS, n].rate:,.0f}" for n in CONNECTIONS)
    heads = (
        "answers a second, as a multiple of, at 1 / 32 connections",
        "FastAPI + SQLModel as in the tutorials",
        "Datasette, tuned by hand",
    )
    return (
        f"{_table(heads, rows)}\n\nAn answer that was just given, of data that has not changed since, comes from"
        f" memory: {one} such pages a second from one connection, {many} from 32."
    )


def _goals(found: Found) -> str:
    judged = verdicts(found)
    marks = [mark for each in judged for mark in each.mark.split(" / ")]
    counts = {mark: marks.count(mark) for mark in ("stretch", "met", MISSED, UNKNOWN, MISSING)}
    said = ", ".join(f"{count} {mark.strip('*')}" for mark, count in counts.items())
    smaller = "" if found.events >= goals.EVENTS else f" Of {found.events:,} events, so that nothing follows."
    rows = [[each.what, _name(each.database), *each[2:]] for each in judged]
    heads = ("goal", "database", "must", "stretch", "found", "")
    return f"### Goals\n\nFor {goals.EVENTS:,} events, at 1 / 32 connections: {said}.{smaller}\n\n{_table(heads, rows)}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ratios(timed: Sequence[Timed], database: str) -> str:
    rows = []
    for each in timed:
        if each.database != database:
            continue
        what = [f"{each.key}: {each.title}", f"{each.distinct:,}"]
        rows += [
            [*what, name, *(told(ratio(each, name, connections)) for connections in CONNECTIONS)]
            for name in dict.fromkeys(name for name, _ in each.figures if name != OURS)
        ]
    if not rows:
        return ""
    heads = ("item", "different requests", "against", "1 connection", "32 connections")
    return f"### How many times as fast, {_name(database)}\n\n{_table(heads, rows)}"


def _rates(timed: Sequence[Timed]) -> str:
    rows = []
    for each in timed:
        for (name, many), f in each.figures.items():
            where = [each.key, _name(each.database), f"{each.events:,}", name, str(many)]
            rows.append([*where, *_figure(f)])
    what = ("item", "database", "events", "server", "connections")
    heads = (*what, "answers/s", "p50, ms", "p99, ms", "CPU, ms")
    return f"### Every rate\n\n{_table(heads, rows)}" if rows else ""


def _figure(figure: Figure) -> list[str]:
    if figure.bound:
        return [f"none came; fewer than {figure.rate:.2g}", "-", "-", "-"]
    spread = f" ({figure.lowest:,.1f} to {figure.highest:,.1f})" if figure.lowest < figure.highest else ""
    server, database = (seconds * 1e3 for seconds in figure.cpu)
    cpu = f"{server:.2f} + {database:.2f}" if database else f"{server:.2f}"
    return [f"{figure.rate:,.1f}{spread}", f"{figure.p50:.2f}", f"{figure.p99:.2f}", cpu]


def _exports(exported: Sequence[Exported]) -> str:
    rows = []
    for each in exported:
        for name, export in each.exports.items():
            times = each.ratio(name)
            rows.append(
                [
                    *(each.key, _name(each.database), f"{each.events:,}", name),
                    f"{export.bytes_rate / 1e6:,.1f}",
                    f"{export.events_rate:,.0f}" if export.events_rate else "not read to its end",
                    *(f"{export.first_byte_ms:.1f}", f"{export.growth / 1e6:.1f}"),
                    "" if name == OURS else told((times, False) if times else None),
                ]
            )
    heads = ("item", "database", "events", "server", "MB/s", "events/s", "first byte, ms", "growth, MB")
    return f"### Exports\n\n{_table([*heads, 'dateline is'], rows)}" if rows else ""


def _flat(flat: Sequence[tuple[str, str, list[tuple[int, Figure]]]]) -> str:
    rows = []
    for item, database, figures in flat:
        times = "; ".join(f"{events:,}: {1e3 / f.rate:.3f} ms" for events, f in figures)
        rows.append([item, _name(database), times, f"{figures[0][1].rate / figures[-1][1].rate:.2f}x"])
    heads = ("item", "database", "time of a request by events", "growth")
    return f"### Flat as it grows\n\n{_table(heads, rows)}" if rows else ""


def _disturbed(disturbed: Sequence[tuple[str, str, int, Disturbed]]) -> str:
    rows = [
        [what, _name(database), f"{events:,}", *(_told(each) for each in found)]
        for what, database, events, found in disturbed
    ]
    heads = ("what", "database", "events", "alone", "beside")
    return f"### While something else goes on\n\n{_table(heads, rows)}" if rows else ""


def _told(f: Figure) -> str:
    return f"{f.rate:,.0f}/s, p50 {f.p50:.2f}, p99 {f.p99:.2f} ms"


def _overloads(overloads: Sequence[tuple[str, int, Overload]]) -> str:
    rows = []
    for database, events, (before, crowd, after) in overloads:
        shed = f"{crowd.shed:.1%} are 503, {crowd.failed:.1%} fail, p99 {crowd.p99:,.0f} ms"
        cells = [f"p50 {before.p50:.2f} ms", f"{crowd.rate:,.0f}/s, {shed}", f"p50 {after.p50:.2f} ms"]
        rows.append([_name(database), f"{events:,}", *cells])
    heads = ("database", "events", "before", "500 connections", "at once after")
    return f"### Overload\n\n{_table(heads, rows)}" if rows else ""


def _name(database: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database]

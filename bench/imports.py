"""How fast events are loaded, beside the bare insertion of the same rows into the same tables and indexes.

    python -m bench.imports --events 10000 100000 --repeat 3

Prints a table in Markdown, or writes it into docs/performance.md with --write. Each round loads into a new database,
loads the same again, and inserts the rows that this made, as they are, into another new database: by one executemany a
table on SQLite, by one COPY a table on PostgreSQL, in one transaction. Rounds of the two databases alternate.
"""

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from app import db
from app.importers import ucdp_ged
from app.importers.files import Input
from app.importers.load import load
from app.records import Release
from app.settings import Settings
from bench import report
from bench.generate import release
from tests.databases import Databases, postgres_server

TABLES = (
    "dataset", "source", "actor", "event", "event_context", "event_country", "event_actor", "evidence", "event_document",
    "event_search", "event_tally",
)  # fmt: skip
_SQLITE_TABLES = (*TABLES, "country_document")
_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_GENERATED = ("fatalities_rank", "cell")


class Round(NamedTuple):
    """Seconds of one round."""

    load: float
    again: float
    bare: float


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--events", type=int, nargs="*", default=[10_000, 100_000], help="how many made-up events"
    )
    parser.add_argument("--ucdp", type=Path, help="a UCDP GED file, to be measured too")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--databases", nargs="+", choices=list(_KINDS), default=list(_KINDS), help="into which"
    )
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args(arguments)
    lines = list(_lines(options))
    shown = report.command("bench.imports", arguments)
    if options.write:
        report.write("bench.imports", "\n".join([f"`{shown}`\n\nOn {report.machine()}.\n", *lines]))
    else:
        print("\n".join(lines))


def _lines(options: argparse.Namespace) -> Iterator[str]:
    releases = {f"{n:,} made-up events": (n, release(n)) for n in options.events}
    if options.ucdp:
        read = Release(
            dataset=ucdp_ged.dataset("bench"),
            file=options.ucdp.name,
            file_sha256="0" * 64,
            items=list(ucdp_ged.parse(Input(options.ucdp))),
        )
        releases[options.ucdp.name] = (sum("facts" in item._fields for item in read.items), read)
    yield "| data | database | load, events/s | bare, events/s | load / bare | again, events/s | again / load |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder, postgres_server(Path(folder)) as server:
        servers = {"sqlite": None, "postgresql": server}
        kinds = {_KINDS[name]: Databases(Path(folder), servers[name]) for name in options.databases}
        for name, (count, made) in releases.items():
            held = replace(made, items=list(made.items))
            rounds: dict[str, list[Round]] = {kind: [] for kind in kinds}
            for _ in range(options.repeat):
                for kind, databases in kinds.items():
                    rounds[kind].append(_round(databases, held))
            for kind, seconds in rounds.items():
                yield _line(name, kind, count, seconds)


def _line(name: str, kind: str, count: int, rounds: Sequence[Round]) -> str:
    def rate(take: Callable[[Round], float]) -> str:
        found = sorted(count / take(each) for each in rounds)
        return f"{statistics.median(found):,.0f} ({found[0]:,.0f} to {found[-1]:,.0f})"

    def ratio(take: Callable[[Round], float]) -> str:
        return f"{statistics.median(map(take, rounds)):.2f}"

    cells = (
        name,
        kind,
        rate(lambda r: r.load),
        rate(lambda r: r.bare),
        ratio(lambda r: r.bare / r.load),
        rate(lambda r: r.again),
        ratio(lambda r: r.load / r.again),
    )
    return f"| {' | '.join(cells)} |"


def _round(databases: Databases, made: Release) -> Round:
    url, other = databases.migrated(), databases.migrated()
    engine, bare = (db.writer(Settings(database_url=each)) for each in (url, other))
    loaded, again = _timed(lambda: load(engine, made)), _timed(lambda: load(engine, made))
    rows_of = _sqlite_rows if databases.server is None else _postgres_rows
    seconds = _inserted(engine, bare, rows_of)
    for used, name in ((engine, url), (bare, other)):
        used.dispose()
        databases.drop(name)
    return Round(loaded, again, seconds)


def _timed(act: Callable[[], Any]) -> float:
    gc.collect()
    gc.freeze()  # the made-up events that are held for every round are no business of the collector
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


Insert = Callable[[Any], None]  # by a cursor


def _inserted(source: Engine, target: Engine, rows_of: Callable[[Any, str], Insert]) -> float:
    """Seconds for all rows of `source` to go into `target`, in one transaction; a table's rows are fetched before."""
    seconds = 0.0
    with source.connect() as held, target.connect() as connection, connection.begin() as transaction:
        reading, writing = (c.connection.driver_connection.cursor() for c in (held, connection))  # type: ignore[union-attr]
        for table in _SQLITE_TABLES if source.dialect.name == "sqlite" else TABLES:
            seconds += _timed(partial(rows_of(reading, table), writing))
        seconds += _timed(transaction.commit)
    return seconds


def _sqlite_rows(cursor: Any, table: str) -> Insert:
    key = "rowid, " if table == "event_search" else ""
    cursor.execute(f"SELECT {key}* FROM {table}")
    columns = [column[0] for column in cursor.description]
    kept = [n for n, name in enumerate(columns) if name not in _GENERATED]
    names, marks = ", ".join(columns[n] for n in kept), ", ".join("?" * len(kept))
    rows = [tuple([row[n] for n in kept]) for row in cursor]
    return lambda into: into.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _postgres_rows(cursor: Any, table: str) -> Insert:
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")
    names = ", ".join(column.name for column in cursor.description if column.name not in _GENERATED)
    with cursor.copy(f"COPY {table} ({names}) TO STDOUT") as copy:
        text = b"".join(map(bytes, copy))

    def insert(into: Any) -> None:
        with into.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for first in range(0, len(text), 1 << 17):
                copy.write(text[first : first + (1 << 17)])

    return insert


if __name__ == "__main__":
    main(sys.argv[1:])

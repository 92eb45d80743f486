"""What the tallies know of how many events there are: timelines, hundreds of rows of which are written in one go, and totals."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import chain, compress, islice
from typing import Any, TypeAlias

from pydantic_core import from_json

from app import rendering, stats, tally_counts
from app.filters import StatsQuery
from app.pagination import Page
from app.snapshots import Reader


def is_line(query: StatsQuery, unit: stats.Unit, low: date, high: date) -> bool:
    """It is one row after the other of what is possible in whole periods, which the tallies know."""
    if query.keys or query.date_match == "certain" or stats.cut(unit, low, high):
        return False
    return tally_counts.counts(query)


async def page(reader: Reader, query: StatsQuery, unit: stats.Unit, low: date, high: date) -> Page:
    """The rows of the whole periods of a range, which are what most ask for."""
    going_on, made = await changes(reader, query, unit)
    coarser = tally_counts.COARSER[unit]
    begins = stats.first_day(coarser, stats.number(coarser, low))
    names, blank = _named_periods(unit, begins, high)
    columns: list[Sequence[Any]] = [blank, *stats.line(names, going_on, made)]
    columns = [column[stats.count(unit, begins, low) - 1 :] for column in columns]
    if query.fill == "none" and not all(columns[1]):
        columns = [list(compress(column, columns[1])) for column in columns]
    rows, *counts = columns
    numbers = chain.from_iterable(zip(*counts, strict=True))
    return Page([(b",".join(rows), numbers)], None, len(rows), total_is_exact=True)


def _named_periods(unit: stats.Unit, low: date, high: date) -> tuple[list[str], list[bytes]]:
    """What the periods of a range are called, and their rows before there are numbers in them."""
    years = [_year(unit, year) for year in range(low.year, high.year + 1)]
    skipped = stats.count(unit, date(low.year, 1, 1), low) - 1
    end = skipped + stats.count(unit, low, high)
    names, rows = (list(islice(chain.from_iterable(of), skipped, end)) for of in zip(*years, strict=True))
    return names, rows


@lru_cache(1_000)
def _year(unit: stats.Unit, year: int) -> tuple[Sequence[str], Sequence[bytes]]:
    """The same of a year."""
    periods = range(stats.number(unit, date(year, 1, 1)), stats.number(unit, date(year, 12, 31)) + 1)
    rows = [rendering.stats_row(whole_period_json(unit, at)) for at in periods]
    return [stats.name(unit, at) for at in periods], rows


_Lines: TypeAlias = dict[stats.Key, list[stats.Change]]
# Of a key, the periods in which so many events begin and end.
_Across: TypeAlias = tuple[stats.Key, int, int, int]


async def buckets(
    reader: Reader, query: StatsQuery, unit: stats.Unit, low: date | None, high: date | None
) -> list[stats.Bucket]:
    """The rows of any range, of each value of the query's keys; TooManyRows when they are too many.

    Where events are asked for that surely lie in the range, those that reach out of it are taken away: they are few. A
    period that the range cuts is counted as a range of its own.
    """
    across = await _across(reader, query, unit)
    lines = await _lines(reader, query, unit, most=query.limit + _CUT_AWAY + 2 * len(across))
    for key, begun, ended, events in across:
        if key in lines:
            lines[key] += [(begun, -events, 0, 0, 0), (ended, 0, -events, 0, 0)]
    cut, fill = stats.cut(unit, low, high), query.fill == "zero"
    found = stats.timeline(unit, lines, low, high, fill=fill, most=query.limit + len(cut) * len(lines))
    for at, days in cut.items():
        counts = await _within(reader, query, days, [each for each in across if each[1] <= at <= each[2]])
        found = [(at, row[1], *counts.get(row[1], (0, 0, 0))) if row[0] == at else row for row in found]
    found = stats.trimmed(unit, found, low, high, fill=fill)
    if len(found) > query.limit:
        raise stats.TooManyRows
    return found


# So many changes may make no row: those of two periods, which a range cuts, for each key.
_CUT_AWAY = 20_000


async def _lines(reader: Reader, query: StatsQuery, unit: stats.Unit, most: int) -> _Lines:
    """Where events begin and end, of each key that has some in the range; TooManyRows beyond so many changes."""
    keys, begins = query.keys, stats.number(unit, date.min)
    lines: _Lines = {key: [] for key in await totals(reader, query)} if keys else {(): []}
    made = tally_counts.key(query, "lines", unit, *keys)
    values = tally_counts.values(query) | {"most": most + 1}
    found = await reader.prepared(made, lambda _: tally_counts.lines(query, unit, keys), values)
    if sum(row[len(keys)] is not None for row in found) > most:
        raise stats.TooManyRows
    for *key, period, starts, ends, within, deaths in found:
        if (line := lines.get(tuple(key))) is not None:
            line.append((stats.number_of(period) if period else begins, starts, ends, within, deaths))
    return lines


async def _across(reader: Reader, query: StatsQuery, unit: stats.Unit) -> Sequence[_Across]:
    """The events that are not asked for, since they reach out of the range."""
    if query.date_match == "possible" or (query.date_from is None and query.date_to is None):
        return []
    keys, made = query.keys, tally_counts.key(query, "across", unit, *query.keys)
    found = await reader.prepared(
        made, lambda _: tally_counts.across(query, unit, keys), tally_counts.values(query)
    )
    return [
        (tuple(key), stats.number_of(begun), stats.number_of(ended), events)
        for *key, begun, ended, events in found
    ]


async def _within(
    reader: Reader, query: StatsQuery, days: tuple[date, date], across: Sequence[_Across]
) -> stats.Totals:
    """The counts of a part of a period, without those events."""
    start, end = days
    part = query.model_copy(update={"date_from": start, "date_to": end, "date_match": "possible"})
    counts = await totals(reader, part)
    for key, _, _, events in across:
        possible, certain, deaths = counts[key]
        counts[key] = possible - events, certain, deaths
    return counts


async def totals(reader: Reader, query: StatsQuery) -> stats.Totals:
    """The counts of each value of the query's keys, in all of its range."""
    keys, values = query.keys, tally_counts.values(query)
    made = partial(tally_counts.key, query, *keys)
    rows = await reader.prepared(made("totals"), lambda _: tally_counts.totals(query, keys), values)
    left: Sequence[Any] = ()
    if query.date_to is not None:
        left = await reader.prepared(made("going on"), lambda _: tally_counts.going_on(query, keys), values)
    going_on = {tuple(key): (int(events), int(deaths)) for *key, events, deaths in left}
    found = {}
    for *key, possible, begun, toll in rows:
        events, deaths = going_on.get(tuple(key), (0, 0))
        certain = int(begun) - events
        reached = certain if query.date_match == "certain" else int(possible)
        if reached or not keys:
            found[tuple(key)] = reached, certain, int(toll) - deaths
    return found


async def changes(reader: Reader, query: StatsQuery, unit: stats.Unit) -> tuple[int, stats.Columns]:
    """How many events go on as the changes begin that the tallies know of, and these."""
    key, values = tally_counts.key(query, "periods", unit), tally_counts.values(query)
    ((going_on, names, *counts),) = await reader.prepared(
        key, partial(tally_counts.periods, query, unit), values
    )
    if names is None:
        return going_on, ([], [], [], [], [])
    return going_on, (names.split(","), *from_json(f"[[{'],['.join(counts)}]]"))


@lru_cache(20_000)  # a timeline names the same few over and over
def whole_period_json(unit: stats.Unit, at: int) -> bytes:
    """What a row says of a period that no range cuts."""
    return period_json(unit, at, stats.first_day(unit, at), stats.last_day(unit, at))


def period_json(unit: stats.Unit, at: int, start: date, end: date) -> bytes:
    """What a row says of a period: its name, and its days within the asked range."""
    return rendering.stats_heading_json({unit: stats.name(unit, at), "start": start, "end": end})

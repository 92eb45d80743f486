"""What the tallies know of how many events there are: timelines, hundreds of rows of which are written in one go, and totals."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import chain, compress, islice
from typing import Any

from pydantic_core import from_json

from app import rendering, stats, tally_counts
from app.filters import StatsQuery
from app.pagination import Page
from app.snapshots import Reader


def known(query: StatsQuery) -> bool:
    """The tallies know what may have happened in the whole periods of a range, whatever is asked of its edges."""
    bounded = query.date_from is not None or query.date_to is not None
    return not query.keys and tally_counts.counts(query) and not (query.date_match == "certain" and bounded)


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


async def buckets(
    reader: Reader, query: StatsQuery, unit: stats.Unit, low: date | None, high: date | None
) -> list[stats.Bucket]:
    """The rows of any range: of whole periods, but for those that it cuts, whose part is a range of its own."""
    going_on, made = await changes(reader, query, unit)
    before = (stats.number(unit, date.min), going_on, 0, 0, 0)
    line = [before, *zip(map(stats.number_of, made[0]), *made[1:], strict=True)]
    cut, fill = stats.cut(unit, low, high), query.fill == "zero"
    found = stats.timeline(unit, {(): line}, low, high, fill=fill, most=query.limit + len(cut))
    for at, (start, end) in cut.items():
        part = query.model_copy(update={"date_from": start, "date_to": end})
        counts = (await totals(reader, part))[()]
        found = [(at, (), *counts) if bucket[0] == at else bucket for bucket in found]
    # The only row of an open range may be there for what lies in its period, and not in the range.
    lone = len(found) == 1 and (low is None or high is None)
    if lone or not fill:
        found = [bucket for bucket in found if bucket[2]]
    if len(found) > query.limit:
        raise stats.TooManyRows
    return found


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

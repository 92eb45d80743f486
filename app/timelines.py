"""Counts of events by time, country, type, actor and dataset: from the tallies where they know, else from the events."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app import codes, event_counts, rendering, stats, tally_counts, tally_timelines
from app.errors import BadRequest, fault
from app.filters import StatsQuery
from app.pagination import Page
from app.prepared import Statement
from app.queries import check_references
from app.snapshots import Reader
from app.tables import Actor, Country, Dataset


async def events(reader: Reader, query: StatsQuery) -> Page:
    """The rows of the groups that are asked for, for `rendering.stats_json`; BadRequest when they are too many."""
    await check_references(reader, query)
    low, high = query.bounds
    unit = query.unit
    few = unit and low and high and stats.count(unit, low, high) <= query.limit
    if unit and low and high and few and tally_timelines.is_line(query, unit, low, high):
        return await tally_timelines.page(reader, query, unit, low, high)
    try:
        found = await (_in_time(reader, query, unit) if unit else _altogether(reader, query))
    except stats.TooManyRows:
        raise BadRequest(_too_many(query)) from None
    named = await _named(reader, query.keys, found)
    when, row_of = _when(query), rendering.stats_row
    rows = [(row_of(when(at), named[key]), counts) for at, key, *counts in found]
    return Page(rows, None, len(rows), total_is_exact=True)


def _too_many(query: StatsQuery) -> dict[str, Any]:
    why = f"makes more than {query.limit} rows: group more coarsely, or narrow the range by date_from and date_to"
    return fault("group", why)


async def _in_time(reader: Reader, query: StatsQuery, unit: stats.Unit) -> list[stats.Bucket]:
    low, high = query.bounds
    if tally_counts.counts(query, query.keys):
        return await tally_timelines.buckets(reader, query, unit, low, high)
    changes = await _changes(reader, query, unit)
    return stats.timeline(unit, changes, low, high, fill=query.fill == "zero", most=query.limit)


def _when(query: StatsQuery) -> Callable[[int], bytes]:
    """What rows say of their period: its name, and its days within the asked range."""
    unit = query.unit
    if unit is None:
        return lambda _: b""
    whole = partial(tally_timelines.whole_period_json, unit)
    cut = {
        at: tally_timelines.period_json(unit, at, *days)
        for at, days in stats.cut(unit, *query.bounds).items()
    }
    return (lambda at: cut.get(at) or whole(at)) if cut else whole


async def _changes(
    reader: Reader, query: StatsQuery, unit: stats.Unit
) -> Mapping[stats.Key, Sequence[stats.Change]]:
    """Where events begin and end, by key; what lies outside the range is told as at its edge."""
    counted = await _count(reader, query, min((query.limit + 2) ** 2, _MOST_PAIRS), unit)
    found: dict[stats.Key, list[stats.Change]] = {} if query.keys else {(): []}  # there also when it is empty
    for first, last, *key, possible, certain, deaths in counted:
        changes = found.setdefault(tuple(key), [])
        changes.append((stats.number_of(first), possible, 0, certain, deaths))
        changes.append((stats.number_of(last), 0, possible, 0, 0))
    return found


async def _altogether(reader: Reader, query: StatsQuery) -> list[stats.Bucket]:
    sure = query.certain()
    one_range = (sure.date_from, sure.date_to) == (query.date_from, query.date_to)
    known = one_range and tally_counts.counts(query, query.keys)
    found = await (tally_timelines.totals(reader, query) if known else _counted(reader, query))
    if len(found) > query.limit:
        raise stats.TooManyRows
    by_size = sorted(found.items(), key=lambda row: (-row[1][0], row[0]))
    return [(0, key, *counts) for key, counts in by_size]


async def _counted(reader: Reader, query: StatsQuery) -> stats.Totals:
    """From the events."""
    return {tuple(row[:-3]): tuple(row[-3:]) for row in await _count(reader, query, query.limit)}


# Of the pairs of periods in which events begin and end, an answer of N rows has N² at most: where these are fewer.
_MOST_PAIRS = 400_000


async def _count(
    reader: Reader, query: StatsQuery, most: int, unit: stats.Unit | None = None
) -> Sequence[Any]:
    """What is counted of the events; TooManyRows beyond `most`."""
    rows = await reader.rows(event_counts.counted(query, unit).limit(most + 1))
    if len(rows) > most:
        raise stats.TooManyRows
    return rows


_NAMES: Mapping[str, tuple[Any, ...]] = {
    "country": (col(Country.code), col(Country.name)),
    "actor": (col(Actor.id), col(Actor.name)),
    "dataset": (col(Dataset.id), col(Dataset.title)),
}


async def _named(
    reader: Reader, keys: Sequence[str], found: Sequence[stats.Bucket]
) -> Mapping[stats.Key, bytes]:
    """What rows say of each key: its values and their names."""
    if not keys:
        return {(): b""}
    said = {}
    values = {key for _, key, *_ in found}
    names = [
        await _names(reader, key, set(among))
        for key, among in zip(keys, zip(*values, strict=True), strict=False)
    ]
    for value in values:
        heading: dict[str, str] = {}
        for dimension, code, called in zip(keys, value, names, strict=True):
            heading |= {dimension: code, f"{dimension}_name": called[code]}
        said[value] = rendering.stats_heading_json(heading)
    return said


async def _names(reader: Reader, key: str, values: set[str]) -> Mapping[str, str]:
    if key == "type":
        return {code.code: code.label for code in codes.lists()["event_type"]}
    code = _NAMES[key][0]
    named: Statement = select(*_NAMES[key])
    found: Sequence[Any] = await reader.rows(named.where(code.in_(sorted(values))))
    return {row[0]: row[1] for row in found}

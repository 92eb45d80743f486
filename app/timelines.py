"""The SELECTs that count events by time, country, type, actor and dataset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Subquery,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlmodel import col

from app import codes, rendering, stats, tally_counts, tally_timelines
from app.errors import BadRequest, fault
from app.filters import StatsQuery
from app.pagination import Page
from app.periods import Period
from app.prepared import Statement
from app.queries import check_references
from app.snapshots import Reader
from app.tables import Actor, Country, Dataset, Event, EventActor, EventCountry
from app.where import clauses


async def events(reader: Reader, query: StatsQuery) -> Page:
    """The rows of the groups that are asked for, for `rendering.stats_json`; BadRequest when they are too many."""
    await check_references(reader, query)
    low, high = _bounds(query)
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


def _bounds(query: StatsQuery) -> tuple[date | None, date | None]:
    """The first and the last day that are asked for; None where that is open."""
    low = None if query.date_from == date.min else query.date_from
    return low, None if query.date_to == date.max else query.date_to


async def _in_time(reader: Reader, query: StatsQuery, unit: stats.Unit) -> list[stats.Bucket]:
    low, high = _bounds(query)
    if tally_counts.counts(query, query.keys):
        return await tally_timelines.buckets(reader, query, unit, low, high)
    changes = await _changes(reader, query, unit, low, high)
    return stats.timeline(unit, changes, low, high, fill=query.fill == "zero", most=query.limit)


def _when(query: StatsQuery) -> Callable[[int], bytes]:
    """What rows say of their period: its name, and its days within the asked range."""
    unit = query.unit
    if unit is None:
        return lambda _: b""
    whole = partial(tally_timelines.whole_period_json, unit)
    cut = {
        at: tally_timelines.period_json(unit, at, *days)
        for at, days in stats.cut(unit, *_bounds(query)).items()
    }
    return (lambda at: cut.get(at) or whole(at)) if cut else whole


async def _changes(
    reader: Reader, query: StatsQuery, unit: stats.Unit, low: date | None, high: date | None
) -> Mapping[stats.Key, Sequence[stats.Change]]:
    """Where events begin and end, by key; what lies outside the range may be told as at its edge."""
    start: Any = col(Event.date_start)
    end: Any = col(Event.date_end)
    # Without this, events that reach out of the range on many days would be as many rows.
    begun = start if low is None else case((start < low, literal(low, Date)), else_=start)
    ended = end if high is None else case((end > high, literal(high, Date)), else_=end)
    periods = {"begun": Period(begun, unit), "ended": Period(ended, unit)}
    most = min((query.limit + 2) ** 2, _MOST_PAIRS)
    counted = await _count(reader, query, most, periods, Period(start, unit) == Period(end, unit))
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
    reader: Reader,
    query: StatsQuery,
    most: int,
    periods: Mapping[str, ColumnElement[str]] | None = None,
    within: ColumnElement[bool] | None = None,
) -> Sequence[Any]:
    """(*periods, *keys, possible, certain, deaths) of the events, in one pass; TooManyRows beyond `most`.

    Certain are those that surely lie in the range, and for which `within` holds.
    """
    found: dict[str, Any] = dict(periods or {})
    joined = [_MEMBERS[key](query) for key in query.keys if key in _MEMBERS]
    members = {subquery.name: subquery.c.member for subquery in joined}
    # Not the columns themselves, lest all be read in their order, from an index that has too little beside.
    found |= {f"key_{key}": func.coalesce(members.get(key, _COLUMNS.get(key)), "") for key in query.keys}
    sure = and_(true(), *_surely(query), *(() if within is None else (within,)))
    wanted: Statement = select(
        *(column.label(name) for name, column in found.items()),
        func.count().label("possible"),
        func.coalesce(func.sum(case((sure, 1), else_=0)), 0).label("certain"),
        func.coalesce(func.sum(case((sure, col(Event.fatalities_best)), else_=0)), 0).label("deaths"),
    ).select_from(Event)
    for subquery in joined:
        wanted = wanted.join(subquery, subquery.c.document_id == col(Event.document_id))
    passed = [name for key in query.keys for name in _PASSED.get(key, ())]
    wanted = wanted.where(*clauses(query, passed), col(Event.span) >= 0)
    rows = await reader.rows(wanted.group_by(*map(literal_column, found)).limit(most + 1))
    if len(rows) > most:
        raise stats.TooManyRows
    return rows


def _surely(query: StatsQuery) -> Iterator[ColumnElement[bool]]:
    sure = query.certain()
    if sure.date_from is not None:
        yield col(Event.date_start) >= sure.date_from
    if sure.date_to is not None:
        yield col(Event.date_end) <= sure.date_to


# The filters that joined members have passed already.
_PASSED: Mapping[str, tuple[str, ...]] = {"country": ("country", "country_role"), "actor": ("actor",)}


def _countries(query: StatsQuery) -> Subquery:
    """Each event with each of its countries once, in the roles that are asked for."""
    of: Statement = select(col(EventCountry.document_id), col(EventCountry.country_code).label("member"))
    if query.country is not None:
        of = of.where(col(EventCountry.country_code).in_(query.country))
    if query.country_role is None:
        of = of.where(col(EventCountry.first_role))
    else:
        of = of.where(col(EventCountry.role).in_(query.country_role)).distinct()
    return of.subquery("country")


def _actors(query: StatsQuery) -> Subquery:
    """Each event with each of its actors once, or of those that are asked for."""
    of: Statement = select(col(EventActor.document_id), col(EventActor.actor_id).label("member"))
    of = of.where(col(EventActor.first_role))
    if query.actor is not None:
        of = of.where(col(EventActor.actor_id).in_(query.actor))
    return of.subquery("actor")


_MEMBERS: Mapping[str, Callable[[StatsQuery], Subquery]] = {"country": _countries, "actor": _actors}
_COLUMNS: Mapping[str, Any] = {"type": col(Event.type), "dataset": col(Event.dataset_id)}
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

"""The SELECTs that count events by time, country, type, actor and dataset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    String,
    Subquery,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from app import codes, stats, tally_counts
from app.db import Reader, Statement
from app.errors import BadRequest, fault
from app.filters import StatsQuery
from app.pagination import Page
from app.queries import check_references
from app.tables import Actor, Country, Dataset, Event, EventActor, EventCountry
from app.where import clauses


class _Period(FunctionElement[str]):
    """The name of the period that a day lies in: the first letters of its ISO form."""

    type = String()
    inherit_cache = True

    def __init__(self, day: ColumnElement[date], unit: stats.Unit) -> None:
        super().__init__(day, literal(stats.LENGTHS[unit], Integer))


@compiles(_Period)
def _sqlite_period(element: _Period, compiler: SQLCompiler, **kw: Any) -> str:
    day, length = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substr({day}, 1, {length})"


@compiles(_Period, "postgresql")
def _postgresql_period(element: _Period, compiler: SQLCompiler, **kw: Any) -> str:
    day, length = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"left(to_char({day}, 'YYYY-MM-DD'), {length})"


async def events(reader: Reader, query: StatsQuery) -> Page:
    """The rows of the groups that are asked for, as dictionaries; BadRequest when they are too many."""
    await check_references(reader, query)
    try:
        rows = await (_in_time(reader, query, query.unit) if query.unit else _altogether(reader, query))
    except stats.TooManyRows:
        raise BadRequest(_too_many(query)) from None
    await _add_names(reader, query, rows)
    return Page(rows, None, len(rows), total_is_exact=True)


def _too_many(query: StatsQuery) -> dict[str, Any]:
    why = f"makes more than {query.limit} rows: group more coarsely, or narrow the range by date_from and date_to"
    return fault("group", why)


async def _in_time(reader: Reader, query: StatsQuery, unit: stats.Unit) -> list[dict[str, Any]]:
    low = None if query.date_from == date.min else query.date_from
    high = None if query.date_to == date.max else query.date_to
    made = await _histograms(reader, query, unit, low, high)
    found = stats.timeline(unit, made, low, high, fill=query.fill == "zero", most=query.limit)
    keys = query.keys
    rows = []
    for period, key, possible, certain, deaths in found:
        name, first, last = stats.described(unit, period)
        rows.append({
            unit: name,
            "start": first if low is None else max(first, low),
            "end": last if high is None else min(last, high),
            **(_key(keys, key) if keys else _NO_KEY),
            "possible": possible,
            "certain": certain,
            "fatalities": deaths,
        })  # fmt: skip
    return rows


_NO_KEY: Mapping[str, str] = {}


def _key(keys: Sequence[str], key: stats.Key) -> dict[str, str]:
    """The values of a row, each with a place for its name."""
    row = {}
    for dimension, value in zip(keys, key, strict=True):
        row[dimension] = row[f"{dimension}_name"] = value
    return row


async def _histograms(
    reader: Reader, query: StatsQuery, unit: stats.Unit, low: date | None, high: date | None
) -> stats.Histograms:
    if not query.keys and tally_counts.counts(query) and _whole(query, unit, low, high):
        return await _tallied(reader, query, unit, low, high)
    start: Any = col(Event.date_start)
    end: Any = col(Event.date_end)
    # Without this, events that reach out of the range on many days would be as many rows.
    begun = start if low is None else case((start < low, literal(low, Date)), else_=start)
    ended = end if high is None else case((end > high, literal(high, Date)), else_=end)
    starts = await _count(reader, query, _Period(begun, unit), _Period(start, unit) == _Period(end, unit))
    ends = await _count(reader, query, _Period(ended, unit))
    one_series: stats.Histogram = {} if query.keys else {(): {}}  # it is there also when it is empty
    return stats.Histograms(
        starts={**one_series, **_by_key(starts, "possible")},
        ends=_by_key(ends, "possible"),
        within=_by_key(starts, "certain"),
        deaths=_by_key(starts, "deaths"),
    )


def _whole(query: StatsQuery, unit: stats.Unit, low: date | None, high: date | None) -> bool:
    """The range consists of whole periods, of which tallies know what may have happened in them."""
    if query.date_match == "certain" and (low or high):
        return False
    begins = low is None or low == stats.first_day(unit, stats.number(unit, low))
    return begins and (high is None or high == stats.last_day(unit, stats.number(unit, high)))


async def _tallied(
    reader: Reader, query: StatsQuery, unit: stats.Unit, low: date | None, high: date | None
) -> stats.Histograms:
    key, values = tally_counts.key(query, "periods", unit), tally_counts.values(query)
    rows = await reader.prepared(key, lambda _: tally_counts.periods(query, unit), values)
    first = stats.number(unit, low or date.min)
    last = stats.number(unit, high or date.max)
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    within: dict[int, int] = {}
    deaths: dict[int, int] = {}
    before = beyond = 0  # events that began before the range, or end after it, and touch it
    for period, begun, ended, inside, dead in rows:
        at = stats.number_of(period)
        if at < first:
            before += begun - ended
        elif at <= last:
            beyond += begun - ended
            if begun:  # a zero would reach as far as a count
                starts[at] = starts.get(at, 0) + begun
            if ended:
                ends[at] = ends.get(at, 0) + ended
            if inside:
                within[at] = within.get(at, 0) + inside
                deaths[at] = deaths.get(at, 0) + dead
    beyond += before
    if before:
        starts[first] = starts.get(first, 0) + before
    if beyond:
        ends[last] = ends.get(last, 0) + beyond
    return stats.Histograms({(): starts}, {(): ends}, {(): within}, {(): deaths})


def _by_key(rows: Sequence[Any], counted: str) -> dict[stats.Key, dict[int, int]]:
    found: dict[stats.Key, dict[int, int]] = {}
    for row in rows:
        period, *key = row[:-3]
        found.setdefault(tuple(key), {})[stats.number_of(period)] = getattr(row, counted)
    return found


async def _altogether(reader: Reader, query: StatsQuery) -> list[dict[str, Any]]:
    sure = query.certain()
    one_range = (sure.date_from, sure.date_to) == (query.date_from, query.date_to)
    known = one_range and tally_counts.counts(query, query.keys)
    found = await (_summed(reader, query) if known else _counted(reader, query))
    if len(found) > query.limit:
        raise stats.TooManyRows
    keys = query.keys
    return [
        {**_key(keys, key), "possible": possible, "certain": certain, "fatalities": deaths}
        for key, (possible, certain, deaths) in sorted(found.items(), key=lambda row: (-row[1][0], row[0]))
    ]


_Totals: TypeAlias = dict[stats.Key, tuple[int, int, int]]  # possible, certain and deaths, by key


async def _summed(reader: Reader, query: StatsQuery) -> _Totals:
    """From the tallies."""
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


async def _counted(reader: Reader, query: StatsQuery) -> _Totals:
    """From the events."""
    return {tuple(row[:-3]): tuple(row[-3:]) for row in await _count(reader, query)}


async def _count(
    reader: Reader,
    query: StatsQuery,
    period: ColumnElement[str] | None = None,
    within: ColumnElement[bool] | None = None,
) -> Sequence[Any]:
    """(period, *keys, possible, certain, deaths) of the events; TooManyRows where an answer would be.

    Certain are those that surely lie in the range, and for which `within` holds. Every period in which events of a key
    begin or end makes a row, but for an open end, of which a key has one: so more than twice the limit is too many.
    """
    found: dict[str, Any] = {} if period is None else {"period": period}
    joined = [_MEMBERS[key](query) for key in query.keys if key in _MEMBERS]
    members = {subquery.name: subquery.c.member for subquery in joined}
    found |= {f"key_{key}": members.get(key, _COLUMNS.get(key)) for key in query.keys}
    sure = and_(true(), *_surely(query), *(() if within is None else (within,)))
    wanted: Statement = select(
        *(column.label(name) for name, column in found.items()),
        func.count().label("possible"),
        func.coalesce(func.sum(case((sure, 1), else_=0)), 0).label("certain"),
        func.coalesce(func.sum(case((sure, col(Event.fatalities_best)), else_=0)), 0).label("deaths"),
    ).select_from(Event)
    for subquery in joined:
        wanted = wanted.join(subquery, subquery.c.event_id == col(Event.id))
    passed = [name for key in query.keys for name in _PASSED.get(key, ())]
    wanted = wanted.where(*clauses(query, passed), col(Event.withdrawn).is_(None))
    most = 2 * query.limit
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
    of: Statement = select(col(EventCountry.event_id), col(EventCountry.country_code).label("member"))
    if query.country is not None:
        of = of.where(col(EventCountry.country_code).in_(query.country))
    if query.country_role is None:
        of = of.where(col(EventCountry.first_role))
    else:
        of = of.where(col(EventCountry.role).in_(query.country_role)).distinct()
    return of.subquery("country")


def _actors(query: StatsQuery) -> Subquery:
    """Each event with each of its actors once, or of those that are asked for."""
    of: Statement = select(col(EventActor.event_id), col(EventActor.actor_id).label("member"))
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


async def _add_names(reader: Reader, query: StatsQuery, rows: list[dict[str, Any]]) -> None:
    for key in query.keys:
        names = await _names(reader, key, {row[key] for row in rows})
        for row in rows:
            row[f"{key}_name"] = names[row[key]]


async def _names(reader: Reader, key: str, values: set[str]) -> Mapping[str, str]:
    if key == "type":
        return {code.code: code.label for code in codes.lists()["event_type"]}
    code = _NAMES[key][0]
    named: Statement = select(*_NAMES[key])
    found: Sequence[Any] = await reader.rows(named.where(code.in_(sorted(values))))
    return {row[0]: row[1] for row in found}

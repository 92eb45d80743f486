"""The SELECT that counts events one by one, by time, country, type, actor and dataset, where no tally has them counted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Subquery, and_, case, func, literal, literal_column, select, true
from sqlmodel import col

from app import stats
from app.conditions import begins, ends
from app.filters import StatsQuery
from app.periods import Period
from app.prepared import Statement
from app.rare_lists import LEADS
from app.tables import Event, EventActor, EventCountry
from app.where import clauses, given

_DATES = {"date_from", "date_to"}


class _Rows(NamedTuple):
    """Rows with the days and deaths of events: their table and what is joined to it, the values of keys, and which
    of them count."""

    table: Any
    keys: Mapping[str, Any]
    conditions: Sequence[ColumnElement[bool]]
    joined: Sequence[Subquery] = ()


def counted(query: StatsQuery, unit: stats.Unit | None = None) -> Statement:
    """(*periods, *keys, possible, certain, deaths) of the events that `query` asks for, in one pass.

    The periods are those in which events begin and end, where a unit is given; what lies outside the range is told as
    at its edge. Certain are those that surely lie in the range, and in one period of it.
    """
    rows = _listed(query) or _events(query)
    found = {} if unit is None else _periods(query, unit, rows.table)
    found |= {f"key_{key}": rows.keys[key] for key in query.keys}
    sure = and_(true(), *_surely(query, unit, rows.table))
    deaths = col(rows.table.fatalities_best)
    wanted: Statement = select(
        *(column.label(name) for name, column in found.items()),
        func.count().label("possible"),
        func.coalesce(func.sum(case((sure, 1), else_=0)), 0).label("certain"),
        func.coalesce(func.sum(case((sure, deaths), else_=0)), 0).label("deaths"),
    ).select_from(rows.table)
    for subquery in rows.joined:
        wanted = wanted.join(subquery, subquery.c.document_id == col(Event.document_id))
    wanted = wanted.where(*rows.conditions, col(rows.table.span) >= 0)
    return wanted.group_by(*map(literal_column, found))


def _periods(query: StatsQuery, unit: stats.Unit, table: Any) -> dict[str, ColumnElement[str]]:
    low, high = query.bounds
    start: Any = col(table.date_start)
    end: Any = col(table.date_end)
    # Without this, events that reach out of the range on many days would be as many rows.
    begun = start if low is None else case((start < low, literal(low, Date)), else_=start)
    ended = end if high is None else case((end > high, literal(high, Date)), else_=end)
    return {"begun": Period(begun, unit), "ended": Period(ended, unit)}


def _surely(query: StatsQuery, unit: stats.Unit | None, table: Any) -> Sequence[ColumnElement[bool]]:
    sure = query.certain()
    start: Any = col(table.date_start)
    end: Any = col(table.date_end)
    within = [] if unit is None else [Period(start, unit) == Period(end, unit)]
    return [*within, *_dated(sure, table)]


def _dated(query: StatsQuery, table: Any) -> Sequence[ColumnElement[bool]]:
    first = [] if query.date_from is None else [begins(query, query.date_from, table)]
    return first if query.date_to is None else [*first, ends(query, query.date_to, table)]


def _listed(query: StatsQuery) -> _Rows | None:
    """The rows of an index below the event's, where it has all that is asked for, and for each key one of each event."""
    for name, table, column in LEADS:
        own = {name, *_DATES, *(("country_role",) if name == "country" else ())}
        if table is Event or not (given(query) <= own and {*query.keys} <= {name}):
            continue
        values, roles = getattr(query, name), query.country_role
        several = name not in query.keys and (values is None or len(values) > 1)
        if several or len(roles or ("",)) > 1:
            continue
        conditions = [col(table.first_role).is_(True) if roles is None else col(table.role).in_(roles)]
        if values is not None:
            conditions.append(col(column).in_(values))
        return _Rows(table, {name: col(column)}, [*conditions, *_dated(query, table)])
    return None


def _events(query: StatsQuery) -> _Rows:
    """The events themselves, each with its countries and actors where these are counted by."""
    joined = [_MEMBERS[key](query) for key in query.keys if key in _MEMBERS]
    columns = {
        "type": col(Event.type),
        "dataset": col(Event.dataset_id),
        **{subquery.name: subquery.c.member for subquery in joined},
    }
    # Not the columns themselves, lest all be read in their order, from an index that has too little beside.
    keys = {key: func.coalesce(column, "") for key, column in columns.items()}
    passed = [name for key in query.keys for name in _PASSED.get(key, ())]
    return _Rows(Event, keys, clauses(query, passed), joined)


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

__all__ = ["counted"]

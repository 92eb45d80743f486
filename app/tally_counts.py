"""Counts of events that the tallies answer: the SELECTs over `event_tally`."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import reduce
from operator import add, le, lt
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, func, select
from sqlmodel import col

from app.db import Statement
from app.filters import EventFilters
from app.tables import EventTally

_SCOPED = {"country": "country", "type": "type", "dataset": "dataset"}
_FILTERS = (
    "country_role",
    "mode",
    "context",
    "status",
    "actor",
    "source",
    "q",
    "bbox",
    "fatalities_min",
    "updated_since",
)


def scope(query: EventFilters) -> str | None:
    """The scope whose tallies count what `query` asks for; None when no tally does."""
    if any(getattr(query, name) is not None for name in _FILTERS):
        return None
    given = [(name, values) for name in _SCOPED if (values := getattr(query, name)) is not None]
    if not given:
        return "all"
    (name, values), *more = given
    return None if more or len(values) > 1 else f"{_SCOPED[name]}:{values[0]}"


def counts(query: EventFilters) -> bool:
    """The tallies know how many events `query` finds."""
    dated = query.date_from is not None or query.date_to is not None
    return scope(query) is not None and not (dated and query.date_match == "certain")


def key(query: EventFilters) -> tuple[Any, ...]:
    """Queries with the same key have the same statement."""
    return "tally", query.date_from is None, query.date_to is None


def values(query: EventFilters) -> dict[str, str]:
    """What is bound to its marks."""
    bound = {"scope": scope(query) or ""}
    for name in ("date_from", "date_to"):
        day: date | None = getattr(query, name)
        if day is not None:
            bound |= {f"{name}_year": str(day)[:4], f"{name}_month": str(day)[:7], f"{name}_day": str(day)}
    return bound


def total(query: EventFilters) -> Statement:
    """How many events there are: those that began by the end of the range, but for those that ended before it."""
    began = _sum(EventTally.starts, None if query.date_to is None else "date_to")
    if query.date_from is None:
        return select(began)
    return select(began - _sum(EventTally.ends, "date_from", lt))


def periods(query: EventFilters, unit: str) -> tuple[tuple[Any, ...], Statement, dict[str, str]]:
    """(key, statement, values) of (period, starts, ends, within, deaths) of a scope that `counts` knows."""
    columns = (EventTally.period, EventTally.starts, EventTally.ends, EventTally.within, EventTally.deaths)
    found = select(*map(col, columns)).where(
        col(EventTally.scope) == bindparam("scope"), col(EventTally.level) == bindparam("level")
    )
    return ("tallies",), found, {"scope": scope(query) or "", "level": unit}


def totals(query: EventFilters, dimension: str) -> tuple[tuple[Any, ...], Statement, dict[str, str]] | None:
    """(key, statement, values) of (scope, events, deaths) of every value of a dimension; None when no tally knows."""
    dated = query.date_from is not None or query.date_to is not None
    if dimension not in _SCOPED or dated or scope(query) != "all":
        return None
    found = select(
        col(EventTally.scope),
        col(EventTally.starts),
        col(EventTally.deaths),
    ).where(
        col(EventTally.scope) >= bindparam("first"),
        col(EventTally.scope) < bindparam("last"),
        col(EventTally.level) == "all",
        col(EventTally.starts) > 0,
    )
    return ("totals", dimension), found, {"first": f"{dimension}:", "last": f"{dimension};"}


def _sum(
    number: Any, name: str | None = None, up_to: Callable[[Any, Any], ColumnElement[bool]] = le
) -> ColumnElement[int]:
    """The sum of whole years, then of the months of the last year, then of the days of the last month.

    Each is a sum of its own: SQLite would look at every period of the scope for all three at once.
    """
    parts = [(col(EventTally.level) == "year",)] if name is None else _parts(name, up_to)
    sums = [
        select(func.coalesce(func.sum(col(number)), 0))
        .where(col(EventTally.scope) == bindparam("scope"), *conditions)
        .scalar_subquery()
        for conditions in parts
    ]
    return reduce(add, sums)


def _parts(
    name: str, up_to: Callable[[Any, Any], ColumnElement[bool]]
) -> Iterator[tuple[ColumnElement[bool], ...]]:
    level, period = col(EventTally.level), col(EventTally.period)
    year, month, day = [bindparam(f"{name}_{part}", type_=String()) for part in ("year", "month", "day")]
    yield level == "year", period < year
    yield level == "month", period >= year, period < month
    yield level == "day", period >= month, up_to(period, day)

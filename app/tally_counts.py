"""Counts of events that the tallies answer: the SELECTs over `event_tally`.

What may have happened in a range is all that began by its end but for what ended before it. What surely did is all that
began in it but for what went on after it: an index has the few events that go on after a day.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from app import spans, stats, where
from app.filters import EventFilters
from app.periods import Period
from app.prepared import REPLANNED, Statement
from app.tables import Event, EventCountry, EventTally

_DIMENSIONS = ("country", "type", "dataset")
_ENDS = ("date_from", "date_to")
# Written into the text: what is bound takes time with every call.
_ANY: ColumnElement[str] = literal_column("''")
_NONE: ColumnElement[int] = literal_column("0")
_AFTER = "~"  # sorts after all that a period is called


def counts(query: EventFilters, keys: Sequence[str] = ()) -> bool:
    """The tallies know how many events `query` finds, of each value of `keys`.

    Types and datasets add up, since an event has one of each; countries do not.
    """
    if not where.given(query) <= {*_DIMENSIONS, *_ENDS}:
        return False
    adds_up = query.country is None or len(query.country) == 1 or "country" in keys
    return adds_up and set(keys) <= set(_DIMENSIONS)


def key(query: EventFilters, *more: Any) -> tuple[Any, ...]:
    """Queries with the same key have the same statement."""
    return ("tally", where.shape(query), query.date_match, *more)


def values(query: EventFilters) -> dict[str, Any]:
    """What is bound to its marks."""
    bound = where.bound(query)
    for end in _ENDS:
        day: date | None = getattr(query, end)
        if day is not None:
            until = f"{day}{_AFTER}" if end == "date_to" else str(day)
            bound |= {f"{end}_year": str(day)[:4], f"{end}_month": str(day)[:7], f"{end}_day": until}
    if query.date_to is not None:
        first = query.date_from or date.min
        bound |= {f"since_{of}": max(first, spans.earliest(query.date_to, of)) for of in spans.CLASSES}
    if query.date_from is not None and query.date_match == "certain":
        bound |= {f"before_{of}": spans.earliest(query.date_from, of) for of in spans.CLASSES}
    return bound


def total(query: EventFilters) -> Statement:
    """How many events there are."""
    found = totals(query).subquery()
    if query.date_match == "possible" or query.date_to is None:
        return select(found.c.possible if query.date_match == "possible" else found.c.begun)
    left = select(going_on(query).subquery().c.events).scalar_subquery()
    return select(found.c.begun - left).execution_options(**{REPLANNED: True})


def totals(query: EventFilters, keys: Sequence[str] = ()) -> Statement:
    """(*keys, possible, begun, toll): the events that touch the range, that begin in it, and the deaths in these.

    Each is a sum over whole years, the months of the last year, and the days of the last month, up to the end of the
    range; and up to its start, which is taken away. The years up to both are read once.
    """
    added = union_all(*_parts(query, keys)).subquery("part").c
    by = [added[key] for key in keys]
    numbers = [func.coalesce(func.sum(added[name]), _NONE).label(name) for name in _NUMBERS]
    return select(*by, *numbers).group_by(*by)


_NUMBERS = ("possible", "begun", "toll")
_Numbers: TypeAlias = Sequence[Any]


def _parts(query: EventFilters, keys: Sequence[str]) -> Iterator[Statement]:
    part, asked = partial(_part, query, keys), [end for end in _ENDS if getattr(query, end) is not None]
    if "date_to" not in asked:
        yield part("all", (_ANY, literal_column(f"'{_AFTER}'")), _up_to_end)
    if len(asked) > 1:
        yield part("year", (_ANY, _mark("date_to", "year")), _up_to_both)
    for end in asked:
        numbers = _up_to_end if end == "date_to" else _up_to_start
        year, month, day = (_mark(end, level) for level in ("year", "month", "day"))
        if len(asked) == 1:
            yield part("year", (_ANY, year), numbers)
        yield part("month", (year, month), numbers)
        yield part("day", (month, day), numbers)


def _mark(end: str, level: str) -> ColumnElement[str]:
    return bindparam(f"{end}_{level}", type_=String)


def _up_to_end(held: Any) -> _Numbers:
    return [col(held.starts), col(held.starts), col(held.toll)]


def _up_to_start(held: Any) -> _Numbers:
    return [-col(held.ends), -col(held.starts), -col(held.toll)]


def _up_to_both(held: Any) -> _Numbers:
    """Of a year before that in which the range begins, only what goes on after it."""
    starts, ends, toll = col(held.starts), col(held.ends), col(held.toll)
    before = col(held.period) < _mark("date_from", "year")
    return [
        case((before, starts - ends), else_=starts),
        case((before, _NONE), else_=starts),
        case((before, _NONE), else_=toll),
    ]


def _part(
    query: EventFilters,
    keys: Sequence[str],
    level: str,
    bounds: tuple[ColumnElement[str], ColumnElement[str]],
    numbers: Callable[[Any], _Numbers],
) -> Statement:
    """The sums over the periods of a level within bounds."""
    held, (low, high) = aliased(EventTally), bounds
    periods = (
        col(held.level) == literal_column(f"'{level}'"),
        col(held.period) >= low,
        col(held.period) < high,
    )
    sums = [func.sum(number).label(name) for name, number in zip(_NUMBERS, numbers(held), strict=True)]
    if not keys:
        return select(*sums).where(*periods, *_cells(held, query, keys))
    known = aliased(EventTally)  # each is looked up, and the outer join has SQLite begin with them
    by = [getattr(known, key) for key in keys]
    same_cell = [getattr(held, name) == getattr(known, name) for name in _DIMENSIONS]
    return (
        select(*by, *sums)
        .select_from(known)
        .join(held, and_(*same_cell, *periods), isouter=True)
        .where(col(known.level) == "all", *_cells(known, query, keys))
        .group_by(*by)
    )


def going_on(query: EventFilters, keys: Sequence[str] = ()) -> Statement:
    """(*keys, events, deaths) of the events that begin in the range and may have gone on after it."""
    marks = where.marked(query)
    those = union_all(*(_after(of, marks) for of in spans.CLASSES)).subquery("going")
    deaths = func.coalesce(func.sum(those.c.fatalities_best), _NONE).label("deaths")
    return _counted(query, keys, those, func.count(those.c.id).label("events"), deaths)


def across(query: EventFilters, unit: stats.Unit, keys: Sequence[str]) -> Statement:
    """(*keys, begun, ended, events) of those that reach out of the range: the periods in which so many begin and end."""
    marks = where.marked(query)
    before = [_before(of, marks) for of in spans.CLASSES if query.date_from is not None]
    after = [_after(of, marks) for of in spans.CLASSES if query.date_to is not None]
    those = union_all(*before, *after).subquery("going")
    ends = [Period(those.c.date_start, unit).label("begun"), Period(those.c.date_end, unit).label("ended")]
    return _counted(query, keys, those, *ends, func.count(those.c.id).label("events"), by=ends)


def _counted(
    query: EventFilters,
    keys: Sequence[str],
    those: Subquery,
    *counts: ColumnElement[Any],
    by: Sequence[ColumnElement[Any]] = (),
) -> Statement:
    """(*keys, *counts) of those events that the query asks for."""
    marks = where.marked(query)
    columns = {"country": EventCountry.country_code, "type": those.c.type, "dataset": those.c.dataset_id}
    grouped = [col(columns[key]) for key in keys]
    found: Statement = select(*grouped, *counts).select_from(those)
    if query.country is not None or "country" in keys:
        involved = and_(col(EventCountry.event_id) == those.c.id, col(EventCountry.first_role))
        found = found.join(EventCountry, involved)
    asked = [
        col(column).in_(getattr(marks, name)) for name, column in columns.items() if getattr(query, name)
    ]
    found = found.where(*asked).group_by(*grouped, *by)
    # How few go on after a day PostgreSQL knows of one that it is told; after any, it would read all countries of all.
    return found.execution_options(**{REPLANNED: True})


def _after(of: int, marks: where.Marks) -> Statement:
    """The events of a class of length that begin in the range, and may have gone on after it."""
    began, ended, last = col(Event.date_start), col(Event.date_end), marks.date_to
    return _lasting(of, began >= bindparam(f"since_{of}", type_=Date), began <= last, ended > last)


def _before(of: int, marks: where.Marks) -> Statement:
    """Those that begin before the range, and may have gone on in it."""
    began, ended, first = col(Event.date_start), col(Event.date_end), marks.date_from
    return _lasting(of, began >= bindparam(f"before_{of}", type_=Date), began < first, ended >= first)


def _lasting(of: int, *when: ColumnElement[bool]) -> Statement:
    """Of an index that has nothing but events of more than a day."""
    names = ("id", "date_start", "date_end", "type", "dataset_id", "fatalities_best")
    begun, ended = col(Event.date_start), col(Event.date_end)
    of_class = col(Event.span) == literal_column(str(of))
    columns = [col(getattr(Event, name)) for name in names]
    return select(*columns).where(of_class, *when, begun < ended, col(Event.withdrawn).is_(None))


# The periods whose sums stand for all that lies before a range of finer ones.
COARSER: Mapping[stats.Unit, stats.Unit] = {"year": "year", "month": "year", "day": "month"}


def periods(query: EventFilters, unit: stats.Unit, dialect: str) -> Statement:
    """(going on, periods, starts, ends, within, deaths), of each type and dataset that adds up, up to the end of the range.

    Each but the first is a list as text, all in the same order: to hand over hundreds of rows takes twice as long. They
    begin with the coarser period in which the range does; what is going on by then is a number.
    """
    counted = [col(getattr(EventTally, name)) for name in ("period", "starts", "ends", "within", "deaths")]
    cells = list(_cells(EventTally, query, ()))
    level, period = col(EventTally.level), col(EventTally.period)
    held, going_on = [level == literal_column(f"'{unit}'"), *cells], _NONE
    if query.date_to is not None:
        held.append(period <= bindparam(f"date_to_{unit}", type_=String))
    if query.date_from is not None:
        coarser = COARSER[unit]
        first = bindparam(f"date_from_{coarser}", type_=String)
        held.append(period >= first)
        change = func.coalesce(func.sum(col(EventTally.starts) - col(EventTally.ends)), _NONE)
        before: Statement = select(cast(change, BigInteger))
        before = before.where(level == literal_column(f"'{coarser}'"), *cells, period < first)
        going_on = before.scalar_subquery()
    texts = counted if dialect == "sqlite" else [cast(column, String) for column in counted]
    comma: Any = literal_column("','")
    return select(going_on, *(func.aggregate_strings(text, comma) for text in texts)).where(*held)


def lines(query: EventFilters, unit: stats.Unit, keys: Sequence[str]) -> Statement:
    """(*keys, period, starts, ends, within, deaths) of the periods that a range touches; of as many as `most` is bound to.

    What is going on before them is told first, without a period.
    """
    by, cells = [col(getattr(EventTally, key)) for key in keys], [*_cells(EventTally, query, keys)]
    level, period = col(EventTally.level), col(EventTally.period)
    starts, ends, within, deaths = (
        _added(getattr(EventTally, name)) for name in ("starts", "ends", "within", "deaths")
    )
    here = level == literal_column(f"'{unit}'")
    held: Statement = select(*by, period.label("period"), starts, ends, within, deaths).where(here, *cells)
    held = held.group_by(*by, period).having(or_(starts != _NONE, ends != _NONE))
    held = held.limit(bindparam("most", type_=Integer))
    if query.date_to is not None:
        held = held.where(period <= bindparam(f"date_to_{unit}", type_=String))
    if query.date_from is None:
        return held
    coarser, first = COARSER[unit], bindparam(f"date_from_{unit}", type_=String)
    begins = bindparam(f"date_from_{coarser}", type_=String)
    earlier = and_(level == literal_column(f"'{coarser}'"), period < begins)
    if coarser != unit:
        earlier = or_(earlier, and_(here, period >= begins, period < first))
    nothing = [_NONE.label(name) for name in ("ends", "within", "deaths")]
    before: Statement = select(*by, cast(null(), String).label("period"), starts - ends, *nothing)
    before = before.where(earlier, *cells).group_by(*by)
    each = (select(one.subquery()) for one in (before, held.where(period >= first)))
    return select(union_all(*each).subquery())


def _added(column: Any) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(column), _NONE), BigInteger)


def _cells(tally: Any, query: EventFilters, keys: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """The rows that add up to what is asked for. Every row is of one dataset."""
    marks = where.marked(query)
    for name in _DIMENSIONS:
        if getattr(query, name) is not None:
            yield getattr(tally, name).in_(getattr(marks, name))
        elif name in keys:
            yield getattr(tally, name) > _ANY
        elif name != "dataset":
            yield getattr(tally, name) == _ANY

"""Which index a list of events is read from: the SELECTs of a page and of a count, made once for each shape."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    union,
    union_all,
)
from sqlmodel import col

from app import filters, search, spans
from app.db import Statement
from app.filters import EventList, Marks
from app.pagination import Order, after, as_count, as_day, as_instant, as_text
from app.tables import Event, EventActor, EventContext, EventCountry

_DATE = (as_day, as_text)
_TIME = (as_instant, as_text)
ORDERS = {
    "-date": Order((col(Event.date_start), col(Event.id)), descending=True, read=_DATE),
    "date": Order((col(Event.date_start), col(Event.id)), read=_DATE),
    "-updated": Order((col(Event.updated), col(Event.id)), descending=True, read=_TIME),
    "updated": Order((col(Event.updated), col(Event.id)), read=_TIME),
    "-fatalities": Order(
        (col(Event.fatalities_rank), col(Event.id)), descending=True, read=(as_count, as_text)
    ),
}
_MOST_BRANCHES = 24
_CHILDREN: tuple[tuple[str, Any, Any], ...] = (  # the rarest value first: its list is the shortest
    ("actor", EventActor, EventActor.actor_id),
    ("country", EventCountry, EventCountry.country_code),
    ("context", EventContext, EventContext.context),
)
_DATES = ("date_from", "date_to")


class _Lead(NamedTuple):
    """The table whose index gives the order, the filters that it answers, and one condition for each range of it."""

    table: Any
    event_id: Any
    answers: Sequence[str]
    ranges: Sequence[Sequence[ColumnElement[bool]]]
    disjoint: bool  # no event lies in two ranges


def key(query: EventList, sort: str, what: Hashable) -> Hashable:
    """Queries with the same key have the same statement."""
    return what, sort, query.cursor is None, query.date_match, filters.shape(query)


def values(query: EventList, sort: str) -> dict[str, Any]:
    """What is bound to the marks of either statement."""
    bound = filters.bound(query) | after(query, ORDERS[sort]) | {"limit": query.limit + 1}
    if query.q is not None:
        bound |= _places(query, sort, bound)
    if query.date_from is not None:
        for of in spans.CLASSES:
            bound[f"earliest_{of}"] = spans.earliest(query.date_from, of)
    return bound


def _places(query: EventList, sort: str, bound: dict[str, Any]) -> dict[str, int]:
    """Where in the full-text index a page by date begins and ends at most."""
    places = {}
    if query.cursor is not None and sort in ("-date", "date"):
        whole_day = search.SEQUENCE if sort == "-date" else 0
        places["after_place"] = search.row_id(bound["after_0"], whole_day)
    if query.date_to is not None:
        places["last_place"] = search.row_id(query.date_to, search.SEQUENCE)
    return places


def page(query: EventList, sort: str, dialect: str) -> Statement:
    """(document, key ...) of one page and one event more."""
    order = ORDERS[sort]
    by_date = sort in ("-date", "date")
    if by_date and query.q is not None and dialect == "sqlite":
        return _page_of_words(query, order)
    lead = _lead(query) if by_date else None
    limit = bindparam("limit", type_=Integer)
    if lead is None:
        marks = filters.marked(query)
        found = select(col(Event.document), *order.columns).where(
            *filters.clauses(marks), col(Event.withdrawn).is_(None)
        )
        if query.cursor is not None:
            found = found.where(order.behind())
        return found.order_by(*order.clauses()).limit(limit)
    here = Order((lead.table.date_start, lead.event_id), order.descending)
    ranges = list(_ranges(query, lead))
    if query.cursor is not None:
        ranges = [one.where(here.behind()) for one in ranges]
    if len(ranges) == 1:
        found = ranges[0].with_only_columns(col(Event.document), *here.columns)
        if lead.table is not Event and not _joins_event(query, lead):
            found = found.join(Event, col(Event.id) == lead.event_id)
        return found.order_by(*here.clauses()).limit(limit)
    pages = [one.order_by(*here.clauses()).limit(limit).subquery() for one in ranges]
    together = (union_all if lead.disjoint else union)(*(select(each.c.day, each.c.id) for each in pages))
    keys = together.subquery()
    out = Order((keys.c.day, keys.c.id), order.descending)
    cut = select(keys.c.day, keys.c.id).order_by(*out.clauses()).limit(limit).subquery()
    last = Order((cut.c.day, cut.c.id), order.descending)
    return (
        select(col(Event.document), cut.c.day, cut.c.id)
        .join_from(cut, Event, col(Event.id) == cut.c.id)
        .order_by(*last.clauses())
    )


def _page_of_words(query: EventList, order: Order) -> Statement:
    """The page from SQLite's full-text index, which is in the order of days: the day of the last event, then the page.

    Within a day the index has an order of its own, so all of the last day is looked at.
    """
    words, limit = search.WORDS, bindparam("limit", type_=Integer)
    marks = filters.marked(query, probing=True)
    conditions = [
        search.holds_words(),
        *filters.clauses(marks, without=("q",)),
        col(Event.withdrawn).is_(None),
    ]
    if query.cursor is not None:
        conditions.append(order.behind())
        bound = bindparam("after_place", type_=BigInteger)
        conditions.append(words.c.rowid <= bound if order.descending else words.c.rowid >= bound)
    if query.date_to is not None:
        conditions.append(words.c.rowid <= bindparam("last_place", type_=BigInteger))
    joined = words.join(Event, col(Event.change_seq) == words.c.rowid.op("&")(literal(search.SEQUENCE)))
    place = words.c.rowid.desc() if order.descending else words.c.rowid
    first = (
        select(words.c.rowid.label("place"))
        .select_from(joined)
        .where(*conditions)
        .order_by(place)
        .limit(limit)
    )
    furthest = (func.min if order.descending else func.max)(first.subquery().c.place)
    last = select(furthest).scalar_subquery()
    day = last.op(">>")(literal(search.DAY_SHIFT)).op("<<")(literal(search.DAY_SHIFT))
    whole_days = (
        words.c.rowid >= day if order.descending else words.c.rowid <= day.op("|")(literal(search.SEQUENCE))
    )
    found = select(col(Event.document), *order.columns).select_from(joined).where(*conditions, whole_days)
    return found.order_by(*order.clauses()).limit(limit)


def count(query: EventList, most: int | None) -> Statement:
    """How many events there are, up to `most`."""
    lead = _lead(query)
    if lead is None:
        marks = filters.marked(query)
        ranges: list[Select[Any]] = [
            select(col(Event.id).label("id")).where(*filters.clauses(marks), col(Event.withdrawn).is_(None))
        ]
    else:
        ranges = list(_ranges(query, lead))
    together: Any = ranges[0]
    if len(ranges) > 1:
        together = (union_all if lead is not None and lead.disjoint else union)(*ranges)
        together = select(together.subquery())
    if most is not None:
        together = together.limit(literal(most, Integer))
    return select(func.count()).select_from(together.subquery())


def _ranges(query: EventList, lead: _Lead) -> Iterable[Select[Any]]:
    """(day, id) of the events in each range of the index, with all other filters."""
    marks = filters.marked(query, probing=lead.table is not Event)
    rest = filters.clauses(marks, without=lead.answers)
    if lead.table is Event:
        rest.append(col(Event.withdrawn).is_(None))
    for conditions in lead.ranges:
        one = select(col(lead.table.date_start).label("day"), lead.event_id.label("id")).where(*conditions)
        if rest and lead.table is not Event:
            one = one.join(Event, col(Event.id) == lead.event_id)
        yield one.where(*rest)


def _joins_event(query: EventList, lead: _Lead) -> bool:
    return bool(filters.clauses(filters.marked(query, probing=True), without=lead.answers))


def _lead(query: EventList) -> _Lead | None:
    marks = filters.marked(query)
    narrow = query.bbox is not None
    if query.q is not None or narrow or query.source is not None:
        return None
    for name, table, column in _CHILDREN:
        found: list[Any] | None = getattr(marks, name)
        if found is None:
            continue
        roles = marks.country_role if name == "country" else None
        answers = (name, *_DATES, *(("country_role",) if name == "country" else ()))
        each = [
            (column == value, col(table.first_role).is_(True) if role is None else col(table.role) == role)
            for value, role in product(found, roles or [None])
        ]
        dated = _dated(marks, table)
        ranges = [(*who, *when) for who, when in product(each, dated)]
        if len(ranges) <= _MOST_BRANCHES:
            return _Lead(table, col(table.event_id), answers, ranges, disjoint=len(each) == 1)
        return None
    if query.country_role is not None:
        return None
    return _Lead(Event, col(Event.id), _DATES, _dated(marks, Event), disjoint=True)


def _dated(marks: Marks, table: Any) -> list[tuple[ColumnElement[bool], ...]]:
    """The conditions on the days, for each class of length that has a bound of its own."""
    start, end, span = col(table.date_start), col(table.date_end), col(table.span)
    conditions = [] if marks.date_to is None else [start <= marks.date_to]
    if marks.date_match == "certain" and marks.date_to is not None:
        conditions.append(end <= marks.date_to)
    if marks.date_from is None:
        return [(span >= 0, *conditions)]
    if marks.date_match == "certain":
        return [(span >= 0, start >= marks.date_from, *conditions)]
    conditions.append(end >= marks.date_from)
    return [
        (*_in_class(span, of), start >= bindparam(f"earliest_{of}", type_=Date()), *conditions)
        for of in spans.CLASSES
    ]


def _in_class(span: Any, of: int) -> tuple[ColumnElement[bool], ...]:
    """As text, and with the very words of the index of the lasting ones: SQLite uses a partial index only then."""
    this = span == literal_column(str(of))
    return (this, span > literal_column("0")) if of else (this,)


__all__ = ["ORDERS", "count", "key", "page", "values"]

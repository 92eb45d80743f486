"""Lists of events that have words, as SQLite's full-text index leads to them, which is in the order of days."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Join,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlmodel import col

from app import rare_lists, search, where
from app.filters import EventList
from app.pagination import Order
from app.tables import Event


def page(query: EventList, order: Order) -> Select[Any]:
    """(key ..., document's id) of a page by date and one event more: the day of the last event, then the page.

    Within a day the index has an order of its own, so all of the last day is looked at.
    """
    words, limit = search.WORDS, bindparam("limit", type_=Integer)
    source, conditions = _joined(query)
    if query.cursor is not None:
        conditions.append(order.behind())
    if query.date_to is not None or (query.cursor is not None and order.descending):
        conditions.append(words.c.rowid <= bindparam("last_place", type_=BigInteger))
    if query.cursor is not None and not order.descending:
        conditions.append(words.c.rowid >= bindparam("first_place", type_=BigInteger))
    place = words.c.rowid.desc() if order.descending else words.c.rowid
    first = select(words.c.rowid.label("place")).select_from(source).where(*conditions)
    furthest = func.min if order.descending else func.max
    last = select(furthest(first.order_by(place).limit(limit).subquery().c.place)).scalar_subquery()
    day = last.op(">>")(literal(search.DAY_SHIFT)).op("<<")(literal(search.DAY_SHIFT))
    whole_days = (
        words.c.rowid >= day if order.descending else words.c.rowid <= day.op("|")(literal(search.SEQUENCE))
    )
    found = select(*order.columns, col(Event.document_id)).select_from(source)
    return found.where(*conditions, whole_days).order_by(*order.clauses()).limit(limit)


def bounds(query: EventList, bound: Mapping[str, Any]) -> dict[str, int]:
    """Where in the index a page by date begins and ends at most, given what else is bound.

    Of two bounds on the same side SQLite leads to the one and reads all as far as the other.
    """
    found = {}
    if query.date_to is not None:
        found["last_place"] = search.document_id(query.date_to) | search.SEQUENCE
    if query.cursor is not None and query.sort == "-date":
        whole_day = search.document_id(bound["after_0"]) | search.SEQUENCE
        found["last_place"] = min(whole_day, found.get("last_place", whole_day))
    elif query.cursor is not None and query.sort == "date":
        found["first_place"] = search.document_id(bound["after_0"])
    return found


def counted(query: EventList, most: int) -> Select[Any]:
    """The first events up to so many, one after the other: without an order, a list of all would come first."""
    source, conditions = _joined(query)
    return select(col(Event.id)).select_from(source).where(*conditions).limit(literal(most, Integer))


def _joined(query: EventList) -> tuple[Join, list[ColumnElement[bool]]]:
    """Events that are found by their words, and what they have to fulfil."""
    marks, words = where.marked(query, probing=True), search.WORDS
    others = where.clauses(marks, without=("q",))
    source = words.join(Event, col(Event.document_id) == words.c.rowid)
    return source, [search.holds_words(), *_at_hand(query), *others, col(Event.span) >= 0]


# A common word has so many events that to look one up takes a hundred times as long as to see that it is not in a list.
# So many fit into one: those of an index that has their places in the list of words, and of one that has not.
_COVERED, _LOOKED_UP = 50_000, 5_000
_READ_ALONG = {"q", "type", "dataset", "status"}  # stand where an event is looked up by its words


def _at_hand(query: EventList) -> Iterator[ColumnElement[bool]]:
    """For each filter that another index answers: where that finds few events, the row of words is one of theirs."""
    for those in rare_lists.passing(query):
        if those.name not in _READ_ALONG:
            yield _is_listed(those, _COVERED if those.has_documents else _LOOKED_UP)


def _is_listed(those: rare_lists.Passing, most: int) -> ColumnElement[bool]:
    some = those.places().limit(literal(most + 1)).subquery()
    are_many = select(func.count() > literal(most)).select_from(some).scalar_subquery()
    # With the sign, SQLite goes through the words, rather than look up each of the list in their index.
    row: ColumnElement[int] = literal_column("+event_search.rowid")
    return or_(are_many, row.in_(those.documents()))

"""Lists and counts of events of which a filter with an index of its own may leave few: SQLite plans without the values."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlmodel import col

from app import places, search, where
from app.conditions import has_usual, in_cells, is_unusual
from app.filters import EventList
from app.pagination import Order
from app.tables import Event, EventActor, EventContext, EventCountry, Evidence

# Filters that anything between none and all events may pass, with the column of their index.
_INDEXED = {"updated_since": Event.updated, "fatalities_min": Event.fatalities_rank}
# So many are looked up and sorted sooner than another index, in page order, is read until a page of them is full. Of
# several filters, what one leaves says less of how far that is.
_FEW, _FEW_OF_SEVERAL = 10_000, 100_000
_ROW: ColumnElement[int] = literal_column("event.rowid")
_LEADS: tuple[tuple[str, Any, Any], ...] = (  # the rarest value first
    ("source", Evidence, Evidence.source_id),
    ("actor", EventActor, EventActor.actor_id),
    ("country", EventCountry, EventCountry.country_code),
    ("context", EventContext, EventContext.context),
    ("status", Event, Event.status),
    ("type", Event, Event.type),
    ("dataset", Event, Event.dataset_id),
)


class Few:
    """What a filter leaves of all events, if that is little."""

    def __init__(self, most: int, key: Any, place: Any, passes: ColumnElement[bool]) -> None:
        self._most, self._key = literal(most), key
        self._places: Select[Any] = select(place).where(passes).correlate(None)
        some = self._places.limit(literal(most + 1)).subquery()
        are_few = func.count() <= self._most
        # Both limits ask for it, and it is found out once.
        self._known: CTE = select(are_few.label("are_few")).select_from(some).cte("few")

    @classmethod
    def of(cls, query: EventList, order: Order | None = None) -> Self | None:
        """For the first such filter of a query, unless its index is in page order anyhow."""
        marks, most = where.marked(query), _most(query)
        for name, column in _INDEXED.items():
            if getattr(query, name) is not None and (order is None or column is not order.columns[0]):
                return cls(most, _ROW, _ROW, col(column) >= getattr(marks, name))
        return None

    @classmethod
    def in_any_order(cls, query: EventList) -> Self | None:
        """For the first filter of a query that an index answers, if it is in the order of days."""
        marks, most, document = where.marked(query), _most(query), col(Event.document_id)
        if query.mode is not None:  # which only the index of types has
            return None
        for name, table, column in _LEADS:
            asked = getattr(query, name)
            if asked is None or (name == "status" and has_usual(asked)):
                continue
            passes = [is_unusual()] if name == "status" else []
            passes.append(col(column).in_(getattr(marks, name)))
            if table is Evidence:
                return cls(most, col(Event.id), col(table.event_id), and_(*passes))
            return cls(most, document, col(table.document_id), and_(*passes))
        if query.q is not None:
            return cls(most, document, search.WORDS.c.rowid, search.holds_words())
        if query.bbox is not None and places.breadth(query.bbox) != places.WIDE:
            return cls(most, document, document, in_cells(query.bbox, marked=True))
        return None

    def unless(self, limit: ColumnElement[int]) -> ColumnElement[int]:
        """The limit of a list that is read in page order."""
        return self._limit(if_few=literal(0), otherwise=limit)

    def _limit(self, if_few: ColumnElement[int], otherwise: ColumnElement[int]) -> ColumnElement[int]:
        known = select(self._known.c.are_few).scalar_subquery()
        return case((known, if_few), else_=otherwise)

    def or_else(
        self,
        listed: Select[Any],
        order: Order,
        conditions: Iterable[ColumnElement[bool]],
        limit: ColumnElement[int],
    ) -> Select[Any]:
        """(key ..., document's id) of `listed`, read up to `unless`, or of the few that fulfil `conditions`."""
        few = self._select((*order.columns, col(Event.document_id)), conditions)
        few = few.order_by(*order.clauses()).limit(limit)
        either = union_all(*(select(one.subquery()) for one in (listed, few))).subquery()
        keys = Order(tuple(either.c)[:-1], order.descending)
        return select(either).order_by(*keys.clauses()).limit(limit)

    def or_ids(
        self, listed: Select[Any], conditions: Iterable[ColumnElement[bool]], most: int | None
    ) -> Select[Any]:
        """The ids of `listed`, up to so many, or of the few that fulfil `conditions`."""
        listed = listed.limit(self.unless(literal(-1 if most is None else most)))  # -1: all
        few = self._select((col(Event.id),), conditions)
        return select(union_all(*(select(one.subquery()) for one in (listed, few))).subquery())

    def _select(self, columns: Sequence[Any], conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
        these = self._places.limit(self._limit(if_few=self._most, otherwise=literal(0)))
        return select(*columns).where(self._key.in_(these), *conditions)


def _most(query: EventList) -> int:
    return _FEW if len(where.given(query)) == 1 else _FEW_OF_SEVERAL

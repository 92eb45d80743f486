"""Lists and counts of events of which a filter with an index of its own may leave few: SQLite plans without the values."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import CTE, ColumnElement, Select, case, func, literal, literal_column, select, union_all
from sqlmodel import col

from app import where
from app.filters import EventList
from app.pagination import Order
from app.tables import Event

# Filters that anything between none and all events may pass, with the column of their index.
_INDEXED = {"updated_since": Event.updated, "fatalities_min": Event.fatalities_rank}
# So many are looked up and sorted sooner than another index, in page order, is read until a page of them is full.
_FEW = 5_000
_ROW: ColumnElement[int] = literal_column("event.rowid")


class Few:
    """What a filter leaves of all events, if that is little."""

    def __init__(self, passes: ColumnElement[bool]) -> None:
        some: Select[Any] = select(literal_column("1")).where(passes).limit(literal(_FEW + 1))
        are_few = func.count() <= literal(_FEW)
        # Both limits ask for it, and it is found out once.
        self._known: CTE = select(are_few.label("are_few")).select_from(some.subquery()).cte("few")
        self._passes = passes

    @classmethod
    def of(cls, query: EventList, order: Order | None = None) -> Self | None:
        """For the first such filter of a query, unless its index is in page order anyhow."""
        for name, column in _INDEXED.items():
            if getattr(query, name) is not None and (order is None or column is not order.columns[0]):
                return cls(col(column) >= getattr(where.marked(query), name))
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
        rows = select(_ROW).select_from(Event).where(self._passes).correlate(None)
        these = rows.limit(self._limit(if_few=literal(_FEW), otherwise=literal(0)))
        return select(*columns).where(_ROW.in_(these), *conditions)

"""Lists and counts of events of which a filter with an index of its own may leave few: SQLite plans without the values."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, TypeAlias

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
# What an index answers, the rarest value first: its list is the shortest.
LEADS: tuple[tuple[str, Any, Any], ...] = (
    ("actor", EventActor, EventActor.actor_id),
    ("country", EventCountry, EventCountry.country_code),
    ("context", EventContext, EventContext.context),
    ("status", Event, Event.status),
    ("dataset", Event, Event.dataset_id),
    ("type", Event, Event.type),
)

# A column of events, that of a table with its values, and a condition on it.
_Set: TypeAlias = tuple[Any, Any, ColumnElement[bool]]


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
        """For the first filter that narrows anything down, unless its index is in page order anyhow."""
        found = next(_narrowing(query, order), None)
        return None if found is None else cls(_FEW, *found)

    @classmethod
    def in_any_order(cls, query: EventList) -> Self | None:
        """For the first filter that an index answers, which is not in page order unless that is by day."""
        found = next(_answered(query), None)
        if found is None or query.mode is not None:  # only the index of types has modes
            return None
        return cls(_FEW if len(where.given(query)) == 1 else _FEW_OF_SEVERAL, *found)

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


def _narrowing(query: EventList, order: Order | None) -> Iterator[_Set]:
    marks = where.marked(query)
    for name, column in _INDEXED.items():
        if getattr(query, name) is not None and (order is None or column is not order.columns[0]):
            yield _ROW, _ROW, col(column) >= getattr(marks, name)


def _answered(query: EventList) -> Iterator[_Set]:
    marks, document = where.marked(query), col(Event.document_id)
    if query.source is not None:
        yield col(Event.id), col(Evidence.event_id), col(Evidence.source_id).in_(marks.source)
    for name, table, column in LEADS:
        if (values := getattr(marks, name)) is None:
            continue
        if name != "status":
            yield document, col(table.document_id), col(column).in_(values)
        elif query.status is not None and not has_usual(query.status):
            yield document, document, and_(is_unusual(), col(column).in_(values))
    if query.bbox is not None and places.breadth(query.bbox) != places.WIDE:
        yield document, document, in_cells(query.bbox, marked=True)
    if query.q is not None:
        yield document, search.WORDS.c.rowid, search.holds_words()

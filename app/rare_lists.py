"""Lists and counts of events of which a filter with an index of its own may leave few: SQLite plans without the values."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import (
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

_DOCUMENT = col(Event.document_id)


class Passing(NamedTuple):
    """The events that pass one filter, by an index: a column of events, that of the index which is the same, and a condition."""

    name: str
    key: Any
    place: Any
    passes: ColumnElement[bool]

    @property
    def has_documents(self) -> bool:
        """Their documents' ids stand in the index."""
        return self.key is _DOCUMENT

    def places(self) -> Select[Any]:
        """What of the index says which they are."""
        return select(self.place).where(self.passes).correlate(None)

    def documents(self) -> Select[Any]:
        """Their documents' ids."""
        if self.has_documents:
            return self.places()
        return select(_DOCUMENT).where(self.key.in_(self.places())).correlate(None)


def passing(query: EventList) -> Iterator[Passing]:
    """Those of each filter of a query that an index answers, the rarest value first; modes are in that of types alone."""
    marks = where.marked(query)
    if query.source is not None:
        reported = col(Evidence.source_id).in_(marks.source)
        yield Passing("source", col(Event.id), col(Evidence.event_id), reported)
    for name, column in _INDEXED.items():
        if getattr(query, name) is not None:
            yield Passing(name, _ROW, _ROW, col(column) >= getattr(marks, name))
    for name, table, column in LEADS:
        if (values := getattr(marks, name)) is None:
            continue
        if name != "status":
            yield Passing(name, _DOCUMENT, col(table.document_id), col(column).in_(values))
        elif query.status is not None and not has_usual(query.status):
            yield Passing(name, _DOCUMENT, _DOCUMENT, and_(is_unusual(), col(column).in_(values)))
    if query.bbox is not None and places.breadth(query.bbox) != places.WIDE:
        yield Passing("bbox", _DOCUMENT, _DOCUMENT, in_cells(query.bbox, marked=True))
    if query.q is not None:
        yield Passing("q", _DOCUMENT, search.WORDS.c.rowid, search.holds_words())


class _Tried(NamedTuple):
    """The events that pass a filter, how many of them are few, and whether they are, which is found out once."""

    those: Passing
    most: ColumnElement[int]
    are_few: ColumnElement[bool]


def _tried(those: Passing, most: int) -> _Tried:
    some = those.places().limit(literal(most + 1)).subquery()
    counted = select((func.count() <= literal(most)).label("are_few")).select_from(some)
    return _Tried(those, literal(most), select(counted.cte(f"few_{those.name}").c.are_few).scalar_subquery())


class Few:
    """What the first of some filters leaves of all events that leaves little."""

    def __init__(self, tried: Sequence[_Tried]) -> None:
        self._tried = tried

    @classmethod
    def of(cls, query: EventList, order: Order | None = None, *, led: bool) -> Self | None:
        """Of the filters whose index is not in page order anyhow. Where the list is `led` by an index of its own, only
        those that anything may pass are worth it; else the first of the others, too."""
        tried = []
        for those in sorted(passing(query), key=lambda each: each.name not in _INDEXED):
            if those.name in _INDEXED:
                if order is None or _INDEXED[those.name] is not order.columns[0]:
                    tried.append(_tried(those, _FEW))
            elif not led and query.mode is None:
                tried.append(_tried(those, _FEW if len(where.given(query)) == 1 else _FEW_OF_SEVERAL))
                break
        return cls(tried) if tried else None

    def unless(self, limit: ColumnElement[int]) -> ColumnElement[int]:
        """The limit of a list that is read in page order."""
        return _none_if([each.are_few for each in self._tried], limit)

    def or_else(
        self,
        listed: Select[Any],
        order: Order,
        conditions: Sequence[ColumnElement[bool]],
        limit: ColumnElement[int],
    ) -> Select[Any]:
        """(key ..., document's id) of `listed`, read up to `unless`, or of the few that fulfil `conditions`."""
        columns = (*order.columns, col(Event.document_id))
        few = [one.order_by(*order.clauses()).limit(limit) for one in self._looked_up(columns, conditions)]
        either = union_all(*(select(one.subquery()) for one in (listed, *few))).subquery()
        keys = Order(tuple(either.c)[:-1], order.descending)
        return select(either).order_by(*keys.clauses()).limit(limit)

    def or_ids(
        self, listed: Select[Any], conditions: Sequence[ColumnElement[bool]], most: int | None
    ) -> Select[Any]:
        """The ids of `listed`, up to so many, or of the few that fulfil `conditions`."""
        listed = listed.limit(self.unless(literal(-1 if most is None else most)))  # -1: all
        few = self._looked_up((col(Event.id),), conditions)
        return select(union_all(*(select(one.subquery()) for one in (listed, *few))).subquery())

    def _looked_up(
        self, columns: Sequence[Any], conditions: Sequence[ColumnElement[bool]]
    ) -> Iterator[Select[Any]]:
        """A list by each filter; those of all but the first that leaves few are empty."""
        before: list[ColumnElement[bool]] = []
        for those, most, are_few in self._tried:
            these = those.places().limit(_none_if(before, case((are_few, most), else_=literal(0))))
            yield select(*columns).where(those.key.in_(these), *conditions)
            before.append(are_few)


def _none_if(any_of: Sequence[ColumnElement[bool]], limit: ColumnElement[int]) -> ColumnElement[int]:
    return case(*((each, literal(0)) for each in any_of), else_=limit) if any_of else limit

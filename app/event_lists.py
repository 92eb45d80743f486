"""Which index a list of events is read from: the SELECTs of a page and of a count, made once for each shape."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import product
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from pydantic_core import from_json
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    TableValuedAlias,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    true,
    union,
    union_all,
)
from sqlmodel import col

from app import places, rare_lists, spans, where, word_lists
from app.conditions import has_usual, in_cells, is_unusual
from app.filters import MOST_FEATURES, EventList
from app.pagination import Order, after, as_count, as_day, as_instant, as_text
from app.prepared import REPLANNED, Statement
from app.tables import CountryDocument, Event, EventDocument
from app.where import Marks


def _by_day(event: Any) -> Any:
    return event["date"]["start"] or str(date.min)


def _by_fatalities(event: Any) -> Any:
    best = event["fatalities"] and event["fatalities"]["best"]
    return -1 if best is None else best


def _order(
    column: Any, read: Callable[[Any], Any], of: Callable[[Any], Any], *, descending: bool = False
) -> Order:
    """Of rows that are documents, by a column, whose value is read off the document; then by id."""

    def key(row: Any) -> Sequence[Any]:
        event = from_json(row[0])
        return of(event), event["id"]

    return Order((col(column), col(Event.id)), descending, (read, as_text), key)


ORDERS = {
    "-date": _order(Event.date_start, as_day, _by_day, descending=True),
    "date": _order(Event.date_start, as_day, _by_day),
    "-updated": _order(Event.updated, as_instant, itemgetter("updated"), descending=True),
    "updated": _order(Event.updated, as_instant, itemgetter("updated")),
    "-fatalities": _order(Event.fatalities_rank, as_count, _by_fatalities, descending=True),
}
_MOST_BRANCHES = 24
_DATES = ("date_from", "date_to")
_COVERED = {"status", "type", "dataset", *_DATES}  # what the index of documents' ids answers
_BY_DATE = ("-date", "date")
_LONGEST = MOST_FEATURES + 1  # of a page, with the one event more
_DOCUMENT = col(EventDocument.id) == col(Event.document_id)
Part = Literal["begun within", "begun before"]


class _Lead(NamedTuple):
    """The table whose index gives the order, the filters that it answers, and one condition for each range of it."""

    table: Any
    answers: Sequence[str]
    ranges: Sequence[Sequence[ColumnElement[bool]]]
    disjoint: bool  # no event lies in two ranges

    @property
    def event_id(self) -> Any:
        return col(self.table.id if self.table is Event else self.table.event_id)


def key(query: EventList, what: Hashable) -> Hashable:
    """Queries with the same key have the same statement."""
    return what, query.sort, query.cursor is None, query.date_match, where.shape(query)


def parts(query: EventList) -> Sequence[Part]:
    """The statements that a page is read by until it is full, in the order of its events.

    By date, all events that begin within the days asked for stand together: one range of an index, which is enough
    for most pages. Those that had begun before and still went on come after them, or before.
    """
    if query.sort not in _BY_DATE:
        return ("begun within",)
    both = _both_parts(query)
    return both if query.sort == "-date" else both[::-1]


def _both_parts(query: EventList) -> Sequence[Part]:
    if query.date_from is None or query.date_match == "certain" or _lead_of(query) is None:
        return ("begun within",)
    return ("begun within", "begun before")


def values(query: EventList) -> dict[str, Any]:
    """What is bound to the marks of every statement."""
    bound = where.bound(query) | after(query, ORDERS[query.sort]) | {"limit": query.limit + 1}
    if query.q is not None:
        bound |= word_lists.bounds(query, bound)
    return bound if query.date_from is None else bound | _looking_back(query.date_from)


@lru_cache(1_000)
def _looking_back(day: date) -> dict[str, Any]:
    return {f"earliest_{of}": spans.earliest(day, of) for of in spans.CLASSES}


def page(query: EventList, part: Part, dialect: str) -> Statement:
    """The documents of one page and of one event more."""
    order, limit, by_date = ORDERS[query.sort], bindparam("limit", type_=Integer), query.sort in _BY_DATE
    if dialect == "sqlite" and by_date and part == "begun within" and _is_of_a_country(query):
        return _of_a_country(query, order, limit)
    if query.q is not None and dialect == "sqlite" and by_date:
        return _with_documents(word_lists.page(query, order), order, "sqlite")
    each = places.each_cell() if dialect == "postgresql" and _is_boxed(query, places.NARROW) else None
    in_turn = dialect == "sqlite" and part == "begun within" and _is_boxed(query)
    cells = _cells(query) if in_turn else [] if each is None else [each.c.cell]
    lead = _lead(query, part, cells) if by_date else None
    few = rare_lists.Few.of(query, order, led=lead is not None) if dialect == "sqlite" else None
    most = limit if few is None else few.unless(limit)
    found: Select[Any]
    if lead is None:
        wanted: Select[Any] = select(*order.columns, col(Event.document_id)).where(
            *_conditions(query, part, order, probing=few is not None)
        )
        if dialect == "postgresql" and query.q is not None:
            return _planned(_however_long(wanted, order, limit), query, lead)
        found = wanted.order_by(*order.clauses()).limit(most)
    else:
        here = Order((lead.table.date_start, lead.event_id), order.descending)
        ranges = list(_ranges(query, lead))
        if query.cursor is not None:
            ranges = [one.where(here.behind()) for one in ranges]
        if len(ranges) == 1 and not _is_boxed(query) and few is None:
            found = ranges[0].join(EventDocument, col(EventDocument.id) == lead.table.document_id)
            documents: Statement = found.with_only_columns(col(EventDocument.document))
            return _planned(documents.order_by(*here.clauses()).limit(limit), query, lead)
        if not in_turn:
            ranges = [select(_first_of(one.order_by(*here.clauses()).limit(most), each)) for one in ranges]
        keys = _together(ranges, disjoint=lead.disjoint)
        out = Order((keys.c.day, keys.c.id), order.descending)
        found = select(keys).order_by(*out.clauses()).limit(most)
    if few is not None:
        found = few.or_else(found, order, _conditions(query, part, order, probing=True), limit)
    return _planned(_with_documents(found, order, dialect), query, lead)


def _however_long(wanted: Select[Any], order: Order, limit: BindParameter[int]) -> Statement:
    """A page of events with words, planned for a tenth of the longest.

    PostgreSQL takes a word that it does not know for one of some hundred events, spread evenly over all days: where
    there are fewer, or none, a short page would be sought through all events. A limit from a subquery it does not know
    when it plans.
    """
    page = wanted.order_by(*order.clauses()).limit(literal(_LONGEST))
    return _with_documents(page, order, "postgresql").limit(select(limit).scalar_subquery())


def _conditions(
    query: EventList, part: Part, order: Order, *, probing: bool = False
) -> list[ColumnElement[bool]]:
    """What an event of this part fulfils, wherever it is read from."""
    conditions = _all_asked(query, probing=probing)
    if query.cursor is not None:
        conditions.append(order.behind())
    if len(parts(query)) > 1:
        begun, first = col(Event.date_start), where.marked(query).date_from
        conditions.append(begun >= first if part == "begun within" else begun < first)
    return conditions


def _all_asked(query: EventList, *, probing: bool = False) -> list[ColumnElement[bool]]:
    return [*where.clauses(where.marked(query, probing=probing)), col(Event.span) >= 0]


def _planned(statement: Statement, query: EventList, lead: _Lead | None) -> Statement:
    """One plan is good for all values where an index answers all that is asked; else it is good for few."""
    answered: set[str] = set()
    if lead is not None:  # the index of cells has the coordinates
        answered = {*lead.answers, "bbox"} if _is_boxed(query) else {*lead.answers}
    return statement.execution_options(**{REPLANNED: not where.given(query) <= answered})


def _is_of_a_country(query: EventList) -> bool:
    """Nothing is asked for but one country and dates."""
    return (
        query.country is not None and len(query.country) == 1 and where.given(query) <= {"country", *_DATES}
    )


def _of_a_country(query: EventList, order: Order, limit: BindParameter[int]) -> Statement:
    """A page of the table that has a country's documents side by side in page order."""
    marks, listed = where.marked(query), CountryDocument
    here = Order((col(listed.date_start), col(listed.event_id)), order.descending)
    (dated,) = _dated(marks, listed, "begun within")
    found = select(col(listed.document)).where(col(listed.country_code) == marks.country[0], *dated)
    if query.cursor is not None:
        found = found.where(here.behind())
    return found.order_by(*here.clauses()).limit(limit)


def _with_documents(page: Select[Any], order: Order, dialect: str) -> Statement:
    """The documents of a page of (day or another key, id, document's id): what is sorted is not them.

    SQLite looks up what stands in the place of a column for one row after another, in the order of the page.
    """
    cut = page.subquery()
    *keys, document_id = cut.c
    its = col(EventDocument.id) == document_id
    if dialect == "sqlite":
        return select(select(col(EventDocument.document)).where(its).scalar_subquery()).select_from(cut)
    return (
        select(col(EventDocument.document))
        .join_from(cut, EventDocument, its)
        .order_by(*Order(tuple(keys), order.descending).clauses())
    )


def _first_of(page: Select[Any], cells: TableValuedAlias | None) -> Subquery:
    """A page, or the page of each cell."""
    if cells is None:
        return page.subquery()
    each = page.lateral()
    return select(each).join_from(cells, each, true()).subquery()


def _together(ranges: Sequence[Select[Any]], *, disjoint: bool) -> Subquery:
    """Each event once."""
    if len(ranges) == 1:
        return ranges[0].subquery()
    return (union_all if disjoint else union)(*ranges).subquery()


def count(query: EventList, most: int | None, dialect: str) -> Statement:
    """How many events there are, up to `most`."""
    if (
        dialect == "sqlite"
        and most is not None
        and query.q is not None
        and where.given(query) <= {"q", *_COVERED}
    ):
        return select(func.count()).select_from(word_lists.counted(query, most).subquery())
    leads = [lead for part in _both_parts(query) if (lead := _lead(query, part)) is not None]
    listed = bool(leads) and not _is_scanned(query)
    if listed:
        ranges = [one for lead in leads for one in _ranges(query, lead)]
        if most is not None:  # of several that share events, all would be read before any is counted
            ranges = [select(one.limit(literal(most, Integer)).subquery()) for one in ranges]
        together = _together(ranges, disjoint=leads[0].disjoint)
    else:
        conditions = _all_asked(query)
        # All have a document; said here, it has SQLite read the index that begins with it, and no row.
        if where.given(query) <= _COVERED:
            conditions.append(col(Event.document_id) > literal(0))
        together = select(col(Event.id)).where(*conditions).subquery()
    counted: Select[Any] = select(together.c.id)
    few = rare_lists.Few.of(query, led=bool(leads)) if dialect == "sqlite" else None
    if few is not None:
        counted = few.or_ids(counted, _all_asked(query, probing=True), most)
    if most is not None:
        counted = counted.limit(literal(most, Integer))
    return _planned(select(func.count()).select_from(counted.subquery()), query, leads[0] if listed else None)


def _is_scanned(query: EventList) -> bool:
    """Nothing but a range of days leads to what is asked for, and all in it would be looked up for the rest."""
    lead = _lead_of(query)
    leads_by_date = lead is not None and not lead[0] and not _is_boxed(query)
    return leads_by_date and not where.given(query) <= set(_DATES)


def _ranges(query: EventList, lead: _Lead) -> Iterable[Select[Any]]:
    """(day, id, document_id) of the events in each range of the index, with all other filters."""
    marks = where.marked(query, probing=lead.table is not Event or _is_boxed(query))
    rest = where.clauses(marks, without=lead.answers)
    wanted: Select[Any] = select(
        col(lead.table.date_start).label("day"),
        lead.event_id.label("id"),
        col(lead.table.document_id).label("document_id"),
    )
    if rest and lead.table is not Event:
        wanted = wanted.join(Event, col(Event.document_id) == col(lead.table.document_id))
    for conditions in lead.ranges:
        yield wanted.where(*conditions, *rest)


def _lead_of(query: EventList) -> tuple[str, Any, Any] | None:
    """The filter, table and column by which events are read in the order of days; None when no index has it."""
    if query.q is not None or query.source is not None:
        return None
    if _is_boxed(query):
        return ("", Event, None)
    for lead in rare_lists.LEADS:
        asked = getattr(query, lead[0])
        if asked is not None and not (lead[0] == "status" and has_usual(asked)):
            roles = query.country_role if lead[0] == "country" else None
            fits = len(asked) * len(roles or [None]) * len(spans.CLASSES) <= _MOST_BRANCHES
            return lead if fits else None
    return ("", Event, None) if query.country_role is None else None


def _is_boxed(query: EventList, most: int = places.BROAD) -> bool:
    """The page is merged from the cells of the map that a box touches, and its documents are looked up last."""
    if query.actor is not None:
        most = places.SMALL  # an actor has fewer events than a larger box
    return query.bbox is not None and places.breadth(query.bbox) <= most


def _cells(query: EventList) -> Sequence[ColumnElement[int]]:
    """A mark for each cell of a box that touches few: SQLite reads them in turn until the page is full."""
    return [bindparam(name, type_=Integer) for name in places.one_by_one(query.bbox or ())]


def _lead(query: EventList, part: Part, cells: Sequence[ColumnElement[int]] = ()) -> _Lead | None:
    if (found := _lead_of(query)) is None:
        return None
    name, table, column = found
    marks = where.marked(query)
    dated = _dated(marks, table, part)
    if query.bbox is not None and _is_boxed(query):
        here = [col(Event.cell) == cell for cell in cells] or [in_cells(query.bbox, marked=True)]
        dated = [(cell, *when) for cell, when in product(here, dated)]
    if not name:
        return _Lead(table, _DATES, dated, disjoint=True)
    asked = getattr(marks, name)
    if table is Event:
        unusual = [is_unusual()] if name == "status" else []
        ranges = [(column == value, *unusual, *when) for value, when in product(asked, dated)]
        return _Lead(table, (name, *_DATES), ranges, disjoint=True)
    roles = marks.country_role if name == "country" else None
    answers = (name, *_DATES, *(("country_role",) if name == "country" else ()))
    each = [
        (column == value, col(table.first_role).is_(True) if role is None else col(table.role) == role)
        for value, role in product(asked, roles or [None])
    ]
    ranges = [(*who, *when) for who, when in product(each, dated)]
    return _Lead(table, answers, ranges, disjoint=len(each) == 1)


def _dated(marks: Marks, table: Any, part: Part) -> list[tuple[ColumnElement[bool], ...]]:
    """The conditions on the days; what had begun before is bounded for each class of length on its own."""
    start, end = col(table.date_start), col(table.date_end)
    if part == "begun before":
        return [
            (
                *_in_class(col(table.span), of),
                start >= bindparam(f"earliest_{of}", type_=Date()),
                start < marks.date_from,
                end >= marks.date_from,
            )
            for of in spans.CLASSES
        ]
    conditions = [] if table is CountryDocument else [col(table.span) >= 0]
    if marks.date_from is not None:
        conditions.append(start >= marks.date_from)
    if marks.date_to is not None:
        conditions.append(start <= marks.date_to)
        if marks.date_match == "certain":
            conditions.append(end <= marks.date_to)
    return [tuple(conditions)]


def _in_class(span: Any, of: int) -> tuple[ColumnElement[bool], ...]:
    """As text, and with the very words of the index of the lasting ones: SQLite uses a partial index only then."""
    this = span == literal_column(str(of))
    return (this, span > literal_column("0")) if of else (this,)


__all__ = ["ORDERS", "count", "key", "page", "parts", "values"]

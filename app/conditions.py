"""The SQL that filters of events stand for: conditions on an event and on what hangs on it."""

from collections.abc import Hashable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from app import places, search
from app.tables import USUAL_STATUS, Event, EventCountry, Evidence
from app.where import Marks


class Either(FunctionElement[Any]):
    """What each kind of database takes for the same."""

    inherit_cache = True

    def __init__(self, sqlite: Any, postgresql: Any) -> None:
        super().__init__(sqlite, postgresql)
        self.type = postgresql.type


@compiles(Either, "sqlite")
def _on_sqlite(element: Either, compiler: Any, **kw: Any) -> str:
    sqlite, _ = element.clauses
    return str(compiler.process(sqlite, **kw))


@compiles(Either, "postgresql")
def _on_postgresql(element: Either, compiler: Any, **kw: Any) -> str:
    _, postgresql = element.clauses
    return str(compiler.process(postgresql, **kw))


def involves(query: Any) -> ColumnElement[bool]:
    """The countries that are asked for have a part in the event, in the roles that are."""
    conditions = []
    if query.country is not None:
        conditions.append(col(EventCountry.country_code).in_(query.country))
    if query.country_role is not None:
        conditions.append(col(EventCountry.role).in_(query.country_role))
    return has(query, EventCountry, *conditions)


def has(query: Any, below: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The event has a row in a table below it. A list is short to look through, or else a row is quick to look up."""
    if getattr(query, "probing", False):
        return any_row(col(below.event_id) == col(Event.id), *conditions)
    if below is Evidence:
        return col(Event.id).in_(select(col(below.event_id)).where(*conditions))
    # An index of SQLite has both ends of this, so that neither table is looked into. On PostgreSQL a context is looked
    # up by its event's id alone.
    here = Either(col(Event.document_id), col(Event.id))
    there = Either(col(below.document_id), col(below.event_id))
    return here.in_(select(there).select_from(below).where(*conditions))


def any_row(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """There is a row like this. The limit changes nothing, but SQLite 3.51.0 and 3.51.1 would give whatever has
    several such rows as often."""
    one: ColumnElement[int] = literal_column("1")
    return select(one).where(*conditions).limit(one).exists()


def holds(text: Any, query: Any) -> ColumnElement[bool]:
    """The event has all words of a text."""
    probing = bool(getattr(query, "probing", False))
    return search.Matches(col(Event.document_id), col(Event.id), text, probing=probing)


def own(column: Any, query: Any) -> Any:
    """A column of the event; in a form that no index is looked up by where the events come from elsewhere."""
    return Either(func.coalesce(column, ""), col(column)) if getattr(query, "probing", False) else col(column)


def has_status(statuses: Any, query: Any) -> ColumnElement[bool]:
    """The event has one of these, which an index has where none is the usual one."""
    asked: list[str] = getattr(query.asked, "status", []) if isinstance(query, Marks) else statuses
    found: ColumnElement[bool] = own(Event.status, query).in_(statuses)
    if has_usual(asked) or getattr(query, "probing", False):
        return found
    return and_(is_unusual(), found)


def is_unusual() -> ColumnElement[bool]:
    """In the very words of the index of such events: SQLite uses a partial index only then."""
    return col(Event.status) != literal_column(f"'{USUAL_STATUS}'")


def has_usual(statuses: list[str]) -> bool:
    """Most events may be meant by these."""
    return USUAL_STATUS in statuses


def within(box: list[Any], query: Any) -> ColumnElement[bool]:
    """The event's point lies in a box."""
    west, south, east, north = box
    marks = isinstance(query, Marks)
    asked = query.asked.bbox if marks else box
    longitude, latitude = col(Event.longitude), col(Event.latitude)
    across = or_(longitude >= west, longitude <= east) if _crosses(asked) else longitude.between(west, east)
    if asked[0] == -180 or asked[2] == 180:  # one meridian, written in two ways
        across = or_(across, longitude == literal_column("-180"), longitude == literal_column("180"))
    within = and_(latitude.between(south, north), across)
    if places.breadth(asked) == places.WIDE or getattr(query, "probing", False):
        return within
    return and_(in_cells(asked, marked=marks), within)


def in_cells(box: list[float], *, marked: bool) -> ColumnElement[bool]:
    """The event is in one of the cells that a box touches, or that are bound to their mark."""
    few = places.breadth(box) <= places.NARROW
    return places.InCells(col(Event.cell), None if marked else places.cells(box), few=few)


def box_bound(box: list[float]) -> dict[str, Any]:
    """What is bound to the marks of a box."""
    cells = {} if places.breadth(box) == places.WIDE else {places.MARK: places.cells(box)}
    return cells | places.one_by_one(box) | {f"bbox_{n}": degrees for n, degrees in enumerate(box)}


def box_shape(box: list[float]) -> tuple[Hashable, ...]:
    """What of a box decides on the text of its condition."""
    edge = box[0] == -180 or box[2] == 180
    return places.breadth(box), len(places.one_by_one(box)), _crosses(box), edge


def _crosses(box: list[float]) -> bool:
    """The box lies across the antimeridian."""
    return box[0] > box[2]


def begins(query: Any, day: date, of: Any = Event) -> ColumnElement[bool]:
    """The event, or what repeats its days, may end, or surely begins, on a day or after it."""
    return col(of.date_start if query.date_match == "certain" else of.date_end) >= day


def ends(query: Any, day: date, of: Any = Event) -> ColumnElement[bool]:
    """It may begin, or surely ends, on a day or before it."""
    return col(of.date_end if query.date_match == "certain" else of.date_start) <= day

"""Query models: each filter is one field with its type, help, bounds and SQL clause together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlmodel import col

from app import search, stats
from app.pagination import Digits, ListQuery, Query
from app.tables import (
    Actor,
    Country,
    Dataset,
    Event,
    EventActor,
    EventContext,
    EventCountry,
    Evidence,
    Source,
)
from app.values import MANY, Box, CountryCode, FirstDay, Instant, LastDay, Listed, Region, RowId, Split, Text


@dataclass(frozen=True, slots=True)
class Where:
    """The SQL that a value stands for, given the value and the whole query."""

    clause: Callable[[Any, Any], ColumnElement[bool] | None]


@dataclass(frozen=True, slots=True)
class Refers:
    """The column whose values a parameter's values must be among."""

    column: Any


def clauses(query: Query) -> list[ColumnElement[bool]]:
    """What `query` asks for, to be joined by AND."""
    found = []
    for name, field in type(query).model_fields.items():
        value = getattr(query, name)
        if value is not None:
            found += [mark.clause(value, query) for mark in field.metadata if isinstance(mark, Where)]
    return [clause for clause in found if clause is not None]


def references(query: Query) -> list[tuple[str, Any, list[str]]]:
    """(parameter, column, values) of each parameter that names rows of another table."""
    return [
        (name, mark.column, getattr(query, name))
        for name, field in type(query).model_fields.items()
        if getattr(query, name) is not None
        for mark in field.metadata
        if isinstance(mark, Refers)
    ]


def _involves(country: list[str] | None, roles: list[str] | None) -> ColumnElement[bool]:
    chosen = select(col(EventCountry.event_id))
    if country is not None:
        chosen = chosen.where(col(EventCountry.country_code).in_(country))
    if roles is not None:
        chosen = chosen.where(col(EventCountry.role).in_(roles))
    return col(Event.id).in_(chosen)


def _child(event_id: Any, column: Any, values: list[str]) -> ColumnElement[bool]:
    return col(Event.id).in_(select(event_id).where(col(column).in_(values)))


def _within(box: list[float]) -> ColumnElement[bool]:
    west, south, east, north = box
    longitude, latitude = col(Event.longitude), col(Event.latitude)
    across = longitude.between(west, east) if west <= east else or_(longitude >= west, longitude <= east)
    return and_(latitude.between(south, north), across)


def _named(folded: Any, text: str) -> ColumnElement[bool]:
    """Every word begins a word of the folded names; a word holds no wildcard."""
    return and_(*((" " + col(folded)).like(f"% {word}%") for word in search.words(text)))


# Open ends lie at date.min and date.max: no day that a client can name reaches them for certain.
_FIRST_CERTAIN, _LAST_CERTAIN = date.min + timedelta(1), date.max - timedelta(1)


def _begins(query: "EventFilters", day: date) -> ColumnElement[bool]:
    if query.date_match == "certain":
        return col(Event.date_start) >= max(day, _FIRST_CERTAIN)
    return col(Event.date_end) >= day


def _ends(query: "EventFilters", day: date) -> ColumnElement[bool]:
    if query.date_match == "certain":
        return col(Event.date_end) <= min(day, _LAST_CERTAIN)
    return col(Event.date_start) <= day


class EventFilters(Query):
    """What events can be asked for by, wherever events are asked for."""

    country: Annotated[
        list[CountryCode] | None,
        Split,
        Field(
            max_length=MANY,
            description="Countries with any role in the event, by ISO 3166-1 alpha-2, alpha-3 or numeric code"
            " (several: any of them).",
            examples=["NE"],
        ),
        Where(lambda v, q: _involves(v, q.country_role)),
    ] = None
    country_role: Annotated[
        list[Annotated[str, Listed("country_role")]] | None,
        Split,
        Field(
            description="Only countries with this role: `location` (it happened there), `party` (its state or"
            " forces took part), `mentioned`. Narrows `country`; alone, any country will do.",
            examples=["location"],
        ),
        Where(lambda v, q: _involves(None, v) if q.country is None else None),
    ] = None
    date_from: Annotated[
        FirstDay | None,
        Field(
            description="First day of the range, inclusive: `2024-04-19`, `2024-04` or `2024`; a coarser date"
            " stands for its first day.",
            examples=["2024-04"],
        ),
        Where(lambda v, q: _begins(q, v)),
    ] = None
    date_to: Annotated[
        LastDay | None,
        Field(
            description="Last day of the range, inclusive; a coarser date stands for its last day.",
            examples=["2024-04"],
        ),
        Where(lambda v, q: _ends(q, v)),
    ] = None
    date_match: Annotated[
        Literal["possible", "certain"],
        Field(
            description="`possible`: the days on which the event may have happened touch the range;"
            " `certain`: they all lie within it."
        ),
    ] = "possible"
    type: Annotated[
        list[Annotated[str, Listed("event_type")]] | None,
        Split,
        Field(description="PLOVER event types; see `/v1/codes`.", examples=["RETREAT"]),
        Where(lambda v, q: col(Event.type).in_(v)),
    ] = None
    mode: Annotated[
        list[Annotated[str, Listed("mode")]] | None,
        Split,
        Field(description="PLOVER modes, the finer division of a type.", examples=["withdraw"]),
        Where(lambda v, q: col(Event.mode).in_(v)),
    ] = None
    context: Annotated[
        list[Annotated[str, Listed("context")]] | None,
        Split,
        Field(description="PLOVER contexts: what the event was about.", examples=["military"]),
        Where(lambda v, q: _child(EventContext.event_id, EventContext.context, v)),
    ] = None
    status: Annotated[
        list[Annotated[str, Listed("event_status")]] | None,
        Split,
        Field(
            description="Whether it occurred, is going on, is planned, or is only alleged.",
            examples=["planned"],
        ),
        Where(lambda v, q: col(Event.status).in_(v)),
    ] = None
    actor: Annotated[
        list[RowId] | None,
        Split,
        Field(
            max_length=MANY,
            description="Ids of actors with any role in the event.",
            examples=["kurt-campbell"],
        ),
        Refers(Actor.id),
        Where(lambda v, q: _child(EventActor.event_id, EventActor.actor_id, v)),
    ] = None
    source: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of sources that report on the event."),
        Refers(Source.id),
        Where(lambda v, q: _child(Evidence.event_id, Evidence.source_id, v)),
    ] = None
    dataset: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of datasets.", examples=["niger-2024"]),
        Refers(Dataset.id),
        Where(lambda v, q: col(Event.dataset_id).in_(v)),
    ] = None
    q: Annotated[
        Text | None,
        Field(
            description="Words that must all occur in title, summary (in any language held), or the names of"
            " place and actors. Case, accents and Vietnamese đ do not matter.",
            examples=["quân đội"],
        ),
        Where(lambda v, q: search.Matches(col(Event.change_seq), col(Event.id), search.words(v))),
    ] = None
    bbox: Annotated[
        Box | None,
        Field(
            min_length=4,
            max_length=4,
            description="`west,south,east,north` in degrees; west > east crosses the antimeridian. Only events"
            " with a known point are found.",
            examples=[[-6, 11, 16, 24]],
        ),
        Where(lambda v, q: _within(v)),
    ] = None
    fatalities_min: Annotated[
        int | None,
        Field(ge=0, le=10_000_000, description="The best estimate of fatalities is known and at least this."),
        Digits,
        Where(lambda v, q: col(Event.fatalities_rank) >= v),
    ] = None
    updated_since: Annotated[
        Instant | None,
        Field(description="Changed here at or after this RFC 3339 time.", examples=["2024-04-19T00:00:00Z"]),
        Where(lambda v, q: col(Event.updated) >= v),
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise PydanticCustomError("reversed", "date_to is before date_from", {"parameter": "date_to"})
        return self


class EventQuery(EventFilters, ListQuery):
    """A list of events."""

    sort: Annotated[
        Literal["-date", "date", "-updated", "updated", "-fatalities"],
        Field(
            description="`-date` newest first, by first possible day; `-fatalities` most first, unknown last."
            " Every order ends in the id, so it is total."
        ),
    ] = "-date"


class StatsQuery(EventFilters):
    """Counts of events, by group."""

    group: Annotated[
        list[Literal["year", "month", "day", "country", "type", "actor", "dataset"]] | None,
        Split,
        Field(
            max_length=2,
            description="What to count by: one or two, of which one may be a time (`year`, `month`, `day`)."
            " Without it, everything is one row.",
            examples=["month"],
        ),
    ] = None
    fill: Annotated[
        Literal["none", "zero"],
        Field(
            description="`zero` gives a row to every period between the first and the last, or of the asked"
            " range, also where nothing is; `none` leaves those rows out."
        ),
    ] = "none"
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="The most rows you take. An answer that would be longer is refused, never cut.",
            examples=[1000],
        ),
        Digits,
    ] = 10_000

    @property
    def unit(self) -> stats.Unit | None:
        """The time that is grouped by."""
        return next((unit for unit in stats.LENGTHS if unit in (self.group or ())), None)

    @property
    def keys(self) -> list[str]:
        """What is grouped by beside the time."""
        return [dimension for dimension in self.group or () if dimension != self.unit]

    def certain(self) -> Self:
        """The same, of the events that surely lie in the range."""
        return self.model_copy(update={"date_match": "certain"})

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if len(set(self.keys) & set(stats.LENGTHS)) > 0:
            raise PydanticCustomError(
                "times", "takes only one of year, month and day", {"parameter": "group"}
            )
        if self.fill == "zero" and self.unit is None:
            raise PydanticCustomError("fill", "needs year, month or day in group", {"parameter": "fill"})
        return self


class ChangeQuery(BaseModel):
    """What changed since a token."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str | None,
        Field(
            description="The `token` of an earlier answer: what has changed after it is told. Without one,"
            " everything is.",
            max_length=200,
        ),
    ] = None
    limit: Annotated[
        int, Field(ge=1, le=1000, description="How many changes a page holds at most."), Digits
    ] = 100


class CountryQuery(ListQuery):
    """A list of countries."""

    region: Annotated[
        Region | None,
        Field(description="A region or subregion of UN M49, such as `Western Africa`.", examples=["Africa"]),
        Where(lambda v, q: or_(col(Country.region) == v, col(Country.subregion) == v)),
    ] = None
    q: Annotated[
        Text | None,
        Field(description="Beginnings of words of the English or Vietnamese name.", examples=["Niger"]),
        Where(lambda v, q: _named(Country.folded, v)),
    ] = None


class ActorQuery(ListQuery):
    """A list of actors."""

    kind: Annotated[
        list[Annotated[str, Listed("actor_kind")]] | None,
        Split,
        Field(description="Kinds of actor.", examples=["person"]),
        Where(lambda v, q: col(Actor.kind).in_(v)),
    ] = None
    country: Annotated[
        list[CountryCode] | None,
        Split,
        Field(max_length=MANY, description="Countries that the actor belongs to.", examples=["NE"]),
        Where(lambda v, q: col(Actor.country_code).in_(v)),
    ] = None
    parent: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of the actors that it is part of."),
        Refers(Actor.id),
        Where(lambda v, q: col(Actor.parent_id).in_(v)),
    ] = None
    q: Annotated[
        Text | None,
        Field(description="Beginnings of words of its names and aliases.", examples=["campbell"]),
        Where(lambda v, q: _named(Actor.folded, v)),
    ] = None


class SourceQuery(ListQuery):
    """A list of sources."""

    kind: Annotated[
        list[Annotated[str, Listed("source_kind")]] | None,
        Split,
        Field(description="Kinds of source.", examples=["article"]),
        Where(lambda v, q: col(Source.kind).in_(v)),
    ] = None
    language: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="BCP 47 tag.", examples=["vi"]),
        Where(lambda v, q: col(Source.language) == v),
    ] = None
    dataset: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of datasets whose events it reports on."),
        Refers(Dataset.id),
        Where(
            lambda v, q: exists().where(
                Evidence.source_id == Source.id, Evidence.event_id == Event.id, col(Event.dataset_id).in_(v)
            )
        ),
    ] = None


class DatasetQuery(ListQuery):
    """A list of datasets."""

    kind: Annotated[
        list[Annotated[str, Listed("dataset_kind")]] | None,
        Split,
        Field(description="Kinds of dataset.", examples=["dossier"]),
        Where(lambda v, q: col(Dataset.kind).in_(v)),
    ] = None

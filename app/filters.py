"""What events are asked for by: each filter is one field with its type, help, bounds and SQL clause together."""

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlmodel import col

from app import conditions, search, stats
from app.pagination import Digits, ListQuery, Query
from app.tables import (
    Actor,
    Dataset,
    Event,
    EventActor,
    EventContext,
    Evidence,
    Source,
)
from app.values import (
    MANY,
    Box,
    CountryCode,
    FirstDay,
    FlatBox,
    Instant,
    Interval,
    LastDay,
    Listed,
    RowId,
    Split,
    Text,
)
from app.where import Refers, Where

# Open ends lie at date.min and date.max: no day that a client can name reaches them for certain.
_FIRST_CERTAIN, _LAST_CERTAIN = date.min + timedelta(1), date.max - timedelta(1)


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
        Where(lambda v, q: conditions.involves(q)),
    ] = None
    country_role: Annotated[
        list[Annotated[str, Listed("country_role")]] | None,
        Split,
        Field(
            description="Only countries with this role: `location` (it happened there), `party` (its state or"
            " forces took part), `mentioned`. Narrows `country`; alone, any country will do.",
            examples=["location"],
        ),
        Where(lambda v, q: conditions.involves(q) if q.country is None else None),
    ] = None
    date_from: Annotated[
        FirstDay | None,
        Field(
            description="First day of the range, inclusive: `2024-04-19`, `2024-04` or `2024`; a coarser date"
            " stands for its first day.",
            examples=["2024-04"],
        ),
        Where(lambda v, q: conditions.begins(q, v)),
    ] = None
    date_to: Annotated[
        LastDay | None,
        Field(
            description="Last day of the range, inclusive; a coarser date stands for its last day.",
            examples=["2024-04"],
        ),
        Where(lambda v, q: conditions.ends(q, v)),
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
        Where(lambda v, q: conditions.own(Event.type, q).in_(v)),
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
        Where(lambda v, q: conditions.has(q, EventContext, col(EventContext.context).in_(v))),
    ] = None
    status: Annotated[
        list[Annotated[str, Listed("event_status")]] | None,
        Split,
        Field(
            description="Whether it occurred, is going on, is planned, or is only alleged.",
            examples=["planned"],
        ),
        Where(conditions.has_status, shape=conditions.has_usual),
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
        Where(lambda v, q: conditions.has(q, EventActor, col(EventActor.actor_id).in_(v))),
    ] = None
    source: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of sources that report on the event."),
        Refers(Source.id),
        Where(lambda v, q: conditions.has(q, Evidence, col(Evidence.source_id).in_(v))),
    ] = None
    dataset: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of datasets.", examples=["niger-2024"]),
        Refers(Dataset.id),
        Where(lambda v, q: conditions.own(Event.dataset_id, q).in_(v)),
    ] = None
    q: Annotated[
        Text | None,
        Field(
            description="Words that must all occur in title, summary (in any language held), or the names of"
            " place and actors. Case, accents and Vietnamese đ do not matter.",
            examples=["quân đội"],
        ),
        Where(conditions.holds, bound=search.sought),
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
        Where(conditions.within, bound=conditions.box_bound, shape=conditions.box_shape),
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
        if self.date_match == "certain":
            self.keep_off_open_ends()
        return self

    def keep_off_open_ends(self) -> None:
        self.date_from = self.date_from and max(self.date_from, _FIRST_CERTAIN)
        self.date_to = self.date_to and min(self.date_to, _LAST_CERTAIN)


class EventList(EventFilters, ListQuery):
    """A list of events, whoever asks for it."""

    sort: Annotated[
        Literal["-date", "date", "-updated", "updated", "-fatalities"],
        Field(
            description="`-date` newest first, by first possible day; `-fatalities` most first, unknown last."
            " Every order ends in the id, so it is total."
        ),
    ] = "-date"


class EventQuery(EventList):
    """A list of events in the formats of the API."""

    limit: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="How many events a page holds at most. Left out, a page of JSON holds 100, and the"
            " other formats hold all there is.",
        ),
        Digits,
    ] = Field(default_factory=lambda: 100)  # a default that is published would be that of every format
    format: Annotated[
        Literal["json", "geojson", "csv", "ndjson"] | None,
        Field(
            description="What the events are written as. Left out, the `Accept` header says it; `json` when it"
            " has no wish."
        ),
    ] = None


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

    @property
    def bounds(self) -> tuple[date | None, date | None]:
        """The first and the last day that are asked for; None where that is open."""
        low = None if self.date_from == date.min else self.date_from
        return low, None if self.date_to == date.max else self.date_to

    def certain(self) -> Self:
        """The same, of the events that surely lie in the range."""
        surely = self.model_copy(update={"date_match": "certain"})
        surely.keep_off_open_ends()
        return surely

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if len(set(self.keys) & set(stats.LENGTHS)) > 0:
            raise PydanticCustomError(
                "times", "takes only one of year, month and day", {"parameter": "group"}
            )
        if self.fill == "zero" and self.unit is None:
            raise PydanticCustomError("fill", "needs year, month or day in group", {"parameter": "fill"})
        return self


MOST_FEATURES = 10_000


class OgcQuery(EventList):
    """The same list, with what OGC API - Features has other words or bounds for."""

    limit: Annotated[
        int,
        Field(
            ge=1,
            description=f"How many features a page holds at most; more than {MOST_FEATURES:,} are taken for"
            " as many.",
        ),
        Digits,
        AfterValidator(partial(min, MOST_FEATURES)),
    ] = 100
    bbox: Annotated[
        FlatBox | None,
        Field(
            min_length=4,
            max_length=6,
            description="`west,south,east,north` in degrees (CRS84), or `west,south,lowest,east,north,highest`,"
            " of which the heights do not matter; west > east crosses the antimeridian. Only events with a"
            " known point are found.",
            examples=[[-6, 11, 16, 24]],
        ),
        Where(conditions.within, bound=conditions.box_bound, shape=conditions.box_shape),
    ] = None
    datetime: Annotated[
        Interval | None,
        Field(
            description="A date or RFC 3339 time, or an interval of them: `2024-04-01/2024-04-30`,"
            " `2024-04-01/..`, `../2024-04-30`. Finds every event that may have happened then, to the day in"
            " UTC; `date_match=certain` those that surely did.",
            examples=["2024-04-01/2024-04-30"],
        ),
    ] = None

    @model_validator(mode="after")
    def _as_range(self) -> Self:
        """An interval is the range of `date_from` and `date_to`, and narrows it where these are given."""
        if self.datetime is not None:
            first, last = self.datetime
            self.date_from = max(filter(None, (self.date_from, first)), default=None)
            self.date_to = min(filter(None, (self.date_to, last)), default=None)
            if self.date_from and self.date_to and self.date_from > self.date_to:
                raise PydanticCustomError(
                    "apart", "does not meet date_from and date_to", {"parameter": "datetime"}
                )
            if self.date_match == "certain":
                self.keep_off_open_ends()
        return self


class FeedQuery(EventFilters):
    """The events that changed last."""

    limit: Annotated[
        int, Field(ge=1, le=1000, description="How many events the feed holds at most."), Digits
    ] = 100

    def as_events(self) -> EventList:
        return EventList.model_construct(**dict(self), sort="-updated")

"""What goes over the wire: the one definition of each resource's JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from app import codes


class _Wire(BaseModel):
    pass


def _one_of(code_list: str) -> Any:
    return Field(json_schema_extra={"enum": list(codes.values(code_list))})


# Events are rendered by the million: a typed dictionary becomes JSON without being validated first.


class Translation(TypedDict):
    title: str
    summary: str | None


class EventDate(TypedDict):
    """When, only as precisely as the sources allow."""

    edtf: Annotated[str, Field(description="EDTF level 1 (ISO 8601-2), as the sources support it")]
    start: Annotated[date | None, Field(description="First possible day; null when open or unknown")]
    end: Annotated[date | None, Field(description="Last possible day, inclusive; null when open or unknown")]
    precision: Annotated[str, _one_of("date_precision")]


class Place(TypedDict):
    """Where. A point is given only where it is known to the precision that is said."""

    name: str | None
    admin1: str | None
    country: Annotated[str | None, Field(description="ISO 3166-1 alpha-2")]
    latitude: Annotated[float | None, Field(description="Degrees north, WGS 84")]
    longitude: Annotated[float | None, Field(description="Degrees east, WGS 84")]
    precision: Annotated[str, _one_of("place_precision")]


class EventCountry(TypedDict):
    code: str
    name: str
    role: Annotated[str, _one_of("country_role")]


class EventActor(TypedDict):
    id: str
    name: str
    role: Annotated[str, _one_of("actor_role")]


class Fatalities(TypedDict):
    """Estimates as the source gives them, also when they are out of order."""

    low: int | None
    best: int | None
    high: int | None


class Figure(TypedDict):
    """A number that the sources report; `low` alone is "at least", `high` alone "at most"."""

    measure: str
    low: float | int | None
    best: float | int | None
    high: float | int | None
    unit: str


class EventSource(TypedDict):
    id: str
    title: str
    publisher: str | None
    language: str | None
    published: Annotated[str | None, Field(description="EDTF")]
    url: str | None


class Event(TypedDict):
    id: str
    dataset: str
    type: Annotated[str, _one_of("event_type")]
    mode: Annotated[str | None, Field(description="PLOVER mode")]
    contexts: Annotated[list[str], Field(description="PLOVER contexts")]
    status: Annotated[str, _one_of("event_status")]
    title: str
    summary: str | None
    translations: Annotated[dict[str, Translation], Field(description="By BCP 47 language tag")]
    date: EventDate
    place: Annotated[Place | None, Field(description="Null when unknown")]
    countries: list[EventCountry]
    actors: list[EventActor]
    fatalities: Fatalities | None
    figures: list[Figure]
    sources: list[EventSource]
    independent_origins: Annotated[
        int,
        Field(
            description="How many independent origins the sources go back to: a translation and its original"
            " are one, and a source of unknown lineage never adds one"
        ),
    ]
    revision: Annotated[int, Field(description="Raised by one whenever the event's record is edited")]
    updated: datetime


class Evidence(TypedDict):
    """What one source says of the event, or of one field of it."""

    source: str
    field: Annotated[str | None, Field(description="The field it speaks of; null for the event as a whole")]
    paragraph: Annotated[int | None, Field(description="1-based block of the source's text")]
    start: Annotated[
        int | None, Field(description="First code point of the passage, 0-based, in the source's text")
    ]
    end: Annotated[int | None, Field(description="Code point behind the passage")]
    passage_sha256: Annotated[str | None, Field(description="SHA-256 of the passage in UTF-8")]
    quote: Annotated[str | None, Field(description="The passage; null where it may not be passed on")]
    reported: Annotated[str | None, Field(description="The value as this source gives it")]
    stance: Annotated[str, _one_of("stance")]
    attributed_to: Annotated[str | None, Field(description="Who said it, inside the source")]
    note: str | None


class EventWithEvidence(Event):
    evidence: list[Evidence]


class Change(TypedDict):
    """The latest state of an event that has changed; a withdrawn one is a tombstone."""

    id: str
    kind: Annotated[str, Field(json_schema_extra={"enum": ["event", "withdrawn"]})]
    at: datetime
    event: Annotated[Event | None, Field(description="Null when it is withdrawn")]
    reason: Annotated[str | None, Field(description="Why it is withdrawn")]
    successor: Annotated[str | None, Field(description="Id of the event that takes its place")]


class ChangedField(_Wire):
    field: Annotated[str, Field(description="A field of the event's JSON, `evidence`, or `withdrawn`")]
    old: Any
    new: Any


class Revision(_Wire):
    revision: int
    at: datetime
    changes: Annotated[list[ChangedField], Field(description="Empty for the first revision")]


class History(_Wire):
    """The revisions of an event, oldest first."""

    id: str
    revisions: list[Revision]


class Country(_Wire):
    code: Annotated[str, Field(description="ISO 3166-1 alpha-2, XK, or ISO 3166-3 for a state that is gone")]
    alpha3: str
    numeric: str | None
    name: str
    name_vi: str
    region: Annotated[str, Field(description="UN M49 region")]
    subregion: str
    gw: Annotated[int | None, Field(description="Gleditsch-Ward number")]
    cow: Annotated[int | None, Field(description="Correlates of War number")]
    fips: Annotated[str | None, Field(description="FIPS 10-4")]
    cameo: Annotated[str | None, Field(description="CAMEO country code")]
    valid_from: Annotated[int | None, Field(description="First year, of a state that is gone")]
    valid_to: Annotated[int | None, Field(description="Last year, of a state that is gone")]
    note: str | None


class Actor(_Wire):
    id: str
    kind: Annotated[str, _one_of("actor_kind")]
    country: Annotated[str | None, Field(description="ISO 3166-1 alpha-2")]
    parent: Annotated[str | None, Field(description="The actor that it is part of")]
    name: str
    names: Annotated[dict[str, str], Field(description="By BCP 47 language tag")]
    aliases: list[str]


class Source(_Wire):
    id: str
    kind: Annotated[str, _one_of("source_kind")]
    title: str
    publisher: str | None
    language: Annotated[str | None, Field(description="BCP 47")]
    published: Annotated[str | None, Field(description="EDTF")]
    authors: list[str]
    url: str | None
    licence: str | None
    lineage: Annotated[str, _one_of("lineage")]
    derived_from: Annotated[str | None, Field(description="The source that it copies or translates")]
    text_sha256: Annotated[str | None, Field(description="SHA-256 of the text that evidence points into")]
    text_length: Annotated[int | None, Field(description="Code points of that text")]
    note: str | None


class Coverage(_Wire):
    start: date | None
    end: date | None


class LastLoad(_Wire):
    version: str
    file: str
    file_sha256: str
    started: datetime
    finished: datetime | None
    outcome: Annotated[str, _one_of("load_outcome")]
    read: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    withdrawn: int


class Dataset(_Wire):
    id: str
    kind: Annotated[str, _one_of("dataset_kind")]
    title: str
    titles: Annotated[dict[str, str], Field(description="By BCP 47 language tag")]
    version: str
    licence: str
    citation: str
    note: str | None
    events: int
    coverage: Annotated[
        Coverage, Field(description="First and last possible day of its events, as far as bounded")
    ]
    last_load: LastLoad | None


class Code(_Wire):
    code: str
    label: str
    label_vi: str
    definition: str
    parent: Annotated[
        str | None, Field(description="Of a mode, its event type; of a CAMEO root, its PLOVER type")
    ]
    quad: Annotated[
        int | None,
        Field(
            description="1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict"
        ),
    ]


class CodeLists(_Wire):
    """Every code list by name."""

    lists: dict[str, list[Code]]


class _Page(_Wire):
    next: Annotated[
        str | None, Field(description="The next page, root-relative; null exactly when the list is exhausted")
    ]
    total: Annotated[int | None, Field(description="Null unless asked for with `count`")]
    total_is_exact: Annotated[bool | None, Field(description="False when `total` is a lower bound")]


class EventPage(_Page):
    items: list[Event]


class Point(_Wire):
    type: Literal["Point"]
    coordinates: Annotated[list[float], Field(min_length=2, max_length=2, description="Longitude, latitude")]


class EventFeature(_Wire):
    type: Literal["Feature"]
    id: str
    geometry: Annotated[Point | None, Field(description="Null where no point is known")]
    properties: Event


class Link(_Wire):
    rel: str
    href: str
    type: str


class EventFeatures(_Wire):
    """A FeatureCollection of GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[EventFeature]
    bbox: Annotated[
        list[float],
        Field(
            default_factory=list,
            min_length=4,
            max_length=4,
            description="`west,south,east,north` of the points; absent when there are none",
        ),
    ]
    links: list[Link]
    next: Annotated[str | None, Field(description="The next page, root-relative; null when there is none")]
    numberMatched: Annotated[  # noqa: N815  the name that OGC API - Features gives it
        int, Field(default_factory=int, description="Absent unless counted to the end, see `count`")
    ]


class JsonFeedItem(_Wire):
    id: Annotated[str, Field(description="A tag URI, the same on every server")]
    url: str
    title: str
    content_text: str
    date_modified: datetime
    tags: Annotated[list[str], Field(description="Type, contexts and countries")]


class JsonFeed(_Wire):
    """JSON Feed 1.1."""

    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    home_page_url: str
    feed_url: str
    items: list[JsonFeedItem]


class ChangePage(_Page):
    items: list[Change]
    token: Annotated[str, Field(description="Where to go on from, later: send it as `since`")]


class CountryPage(_Page):
    items: list[Country]


class ActorPage(_Page):
    items: list[Actor]


class SourcePage(_Page):
    items: list[Source]


class DatasetPage(_Page):
    items: list[Dataset]


Position = Annotated[list[float], Field(min_length=2, max_length=2, description="Longitude, latitude")]
Ring = Annotated[list[Position], Field(min_length=4)]


class StatsRow(TypedDict):
    """Counts of one group. It has the fields of what was grouped by, and no others."""

    year: NotRequired[Annotated[str, Field(description="`2024`")]]
    month: NotRequired[Annotated[str, Field(description="`2024-04`")]]
    day: NotRequired[Annotated[str, Field(description="`2024-04-19`")]]
    start: NotRequired[Annotated[date, Field(description="First day of the period within the asked range")]]
    end: NotRequired[Annotated[date, Field(description="Last day of the period within the asked range")]]
    country: NotRequired[Annotated[str, Field(description="ISO 3166-1 alpha-2")]]
    country_name: NotRequired[str]
    type: NotRequired[Annotated[str, _one_of("event_type")]]
    type_name: NotRequired[str]
    actor: NotRequired[str]
    actor_name: NotRequired[str]
    dataset: NotRequired[str]
    dataset_name: NotRequired[str]
    possible: Annotated[int, Field(description="Events that may have happened then: their days touch it")]
    certain: Annotated[int, Field(description="Those that surely did: all their days lie within it")]
    fatalities: Annotated[int, Field(description="Known best estimates of the certain events, added up")]


class StatsPage(_Page):
    items: list[StatsRow]


class Fault(_Wire):
    parameter: Annotated[str | None, Field(description="The parameter at fault")] = None
    pointer: Annotated[str | None, Field(description="JSON pointer into the body")] = None
    detail: str
    allowed: Annotated[list[str] | None, Field(description="What would be right, where it can be listed")] = (
        None
    )
    did_you_mean: str | None = None


class Problem(_Wire):
    """Every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault]
    request_id: str | None


class Withdrawn(Problem):
    reason: str
    successor: Annotated[str | None, Field(description="Id of the event that takes its place")]


class PolygonShape(_Wire):
    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygonShape(_Wire):
    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


class OutlineProperties(_Wire):
    code: Annotated[str, Field(description="ISO 3166-1 alpha-2, or XK")]
    name: str
    name_vi: str


class Outline(_Wire):
    """One country as a GeoJSON feature; one that is too small to be drawn is a point."""

    type: Literal["Feature"]
    id: Annotated[str, Field(description="The country's code")]
    properties: OutlineProperties
    geometry: Point | PolygonShape | MultiPolygonShape


class Outlines(_Wire):
    """A GeoJSON FeatureCollection (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[Outline]


class Health(_Wire):
    status: Literal["ok"]

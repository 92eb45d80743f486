"""What goes over the wire under /ogc: the flat properties of a feature, and the documents of OGC API - Features."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model


@dataclass(frozen=True, slots=True)
class Flat:
    """A property of a feature: its type, and where an event's JSON has it."""

    type: Any
    of: Callable[[Mapping[str, Any]], Any]


def _at(field: str, inner: str | None = None) -> Callable[[Mapping[str, Any]], Any]:
    if inner is None:
        return itemgetter(field)

    def get(event: Mapping[str, Any]) -> Any:
        outer = event[field]
        return None if outer is None else outer[inner]

    return get


def _joined(values: Iterable[str]) -> str | None:
    """Each once, although a country may have several roles; many tables that features go to have no lists."""
    return "|".join(dict.fromkeys(values)) or None


def _each(field: str, name: str) -> Flat:
    return Flat(str | None, lambda event: _joined(one[name] for one in event[field]))


# A program that reads features makes a column of each.
PROPERTIES = {
    "id": Flat(str, _at("id")),
    "dataset": Flat(str, _at("dataset")),
    "type": Flat(str, _at("type")),
    "mode": Flat(str | None, _at("mode")),
    "contexts": Flat(str | None, lambda event: _joined(event["contexts"])),
    "status": Flat(str, _at("status")),
    "title": Flat(str, _at("title")),
    "summary": Flat(str | None, _at("summary")),
    "date_start": Flat(date | None, _at("date", "start")),
    "date_end": Flat(date | None, _at("date", "end")),
    "date_precision": Flat(str, _at("date", "precision")),
    "edtf": Flat(str, _at("date", "edtf")),
    "place_name": Flat(str | None, _at("place", "name")),
    "place_admin1": Flat(str | None, _at("place", "admin1")),
    "place_country": Flat(str | None, _at("place", "country")),
    "latitude": Flat(float | None, _at("place", "latitude")),
    "longitude": Flat(float | None, _at("place", "longitude")),
    "place_precision": Flat(str | None, _at("place", "precision")),
    "countries": _each("countries", "code"),
    "actors": _each("actors", "id"),
    "fatalities_low": Flat(int | None, _at("fatalities", "low")),
    "fatalities_best": Flat(int | None, _at("fatalities", "best")),
    "fatalities_high": Flat(int | None, _at("fatalities", "high")),
    "sources": _each("sources", "id"),
    "independent_origins": Flat(int, _at("independent_origins")),
    "revision": Flat(int, _at("revision")),
    "updated": Flat(datetime, _at("updated")),
}


class OgcLink(BaseModel):
    """To where a client goes on."""

    href: Annotated[str, Field(description="Absolute")]
    rel: str
    type: str
    title: str


class LandingPage(BaseModel):
    title: str
    description: str
    links: list[OgcLink]


class Conformance(BaseModel):
    """The conformance classes that this API holds to."""

    conformsTo: list[str]  # noqa: N815


class SpatialExtent(BaseModel):
    bbox: list[list[float]]
    crs: str


class TemporalExtent(BaseModel):
    interval: Annotated[
        list[list[datetime | None]],
        Field(description="From the first to the last possible day of its events"),
    ]
    trs: str


class Extent(BaseModel):
    spatial: SpatialExtent
    temporal: TemporalExtent


class Collection(BaseModel):
    id: str
    title: str
    description: str
    links: list[OgcLink]
    extent: Extent
    itemType: Literal["feature"]  # noqa: N815
    crs: list[str]


class Collections(BaseModel):
    links: list[OgcLink]
    collections: list[Collection]


class OgcPoint(BaseModel):
    type: Literal["Point"]
    coordinates: Annotated[
        list[float], Field(min_length=2, max_length=2, description="Degrees east, degrees north")
    ]


EventProperties: type[BaseModel] = create_model(
    "EventProperties", **{name: (flat.type, ...) for name, flat in PROPERTIES.items()}
)  # type: ignore[call-overload]


class FlatFeature(BaseModel):
    """An event as a feature (RFC 7946)."""

    type: Literal["Feature"]
    id: str
    geometry: Annotated[OgcPoint | None, Field(description="Null where no point is known")]
    properties: EventProperties  # type: ignore[valid-type]


class LinkedFlatFeature(FlatFeature):
    links: list[OgcLink]


class FlatFeatures(BaseModel):
    """A page of events as features (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[FlatFeature]
    links: Annotated[list[OgcLink], Field(description="`next` is there unless the list is exhausted")]
    numberReturned: int  # noqa: N815
    numberMatched: Annotated[  # noqa: N815
        int, Field(default=None, description="Exact; left out unless asked for with `count`")
    ]


class JsonSchema(BaseModel):
    """A JSON Schema."""

    schema_: Annotated[str, Field(alias="$schema")]
    id: Annotated[str, Field(alias="$id")]
    type: Literal["object"]
    title: str
    description: Annotated[str, Field(default=None)]
    properties: dict[str, dict[str, Any]]
    additionalProperties: Annotated[bool, Field(default=None)]  # noqa: N815

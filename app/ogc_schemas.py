"""What goes over the wire under /ogc: the flat properties of a feature, and the documents of OGC API - Features."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from app.columns import COLUMNS, flat

_TYPES: Mapping[str, Any] = {
    "text": str,
    "list": str,
    "date": date,
    "time": datetime,
    "integer": int,
    "number": float,
}


def properties(event: Mapping[str, Any]) -> dict[str, Any]:
    """The flat columns of an event; a list is joined, since many tables that features go to have none."""
    values = zip(COLUMNS, flat(event), strict=True)
    return {
        column.name: ("|".join(value) or None) if column.kind == "list" else value for column, value in values
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
    "EventProperties",
    **{
        column.name: (Annotated[_TYPES[column.kind] | None, Field(description=column.description)], ...)
        for column in COLUMNS
    },
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

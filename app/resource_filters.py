"""What changes, countries, actors, sources and datasets are asked for by."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col

from app import search
from app.conditions import any_row
from app.pagination import Digits, ListQuery
from app.tables import (
    Actor,
    Country,
    Dataset,
    Event,
    Evidence,
    Source,
)
from app.values import (
    MANY,
    CountryCode,
    Listed,
    Region,
    RowId,
    Split,
    Text,
)
from app.where import Refers, Where


def _named(folded: Any, text: str) -> ColumnElement[bool]:
    """Every word begins a word of the folded names; a word holds no wildcard."""
    return and_(*((" " + col(folded)).like(f"% {word}%") for word in search.words(text)))


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
        Where(lambda v, q: func.lower(col(Source.language)) == v.lower()),
    ] = None
    dataset: Annotated[
        list[RowId] | None,
        Split,
        Field(max_length=MANY, description="Ids of datasets whose events it reports on."),
        Refers(Dataset.id),
        Where(
            lambda v, q: any_row(
                col(Evidence.source_id) == col(Source.id),
                col(Evidence.event_id) == col(Event.id),
                col(Event.dataset_id).in_(v),
                col(Event.withdrawn).is_(None),
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

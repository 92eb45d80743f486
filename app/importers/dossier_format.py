"""The format of a dossier; its JSON Schema is published from here."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app import edtf
from app.values import CountryCode, Listed

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_LARGEST = 2**31 - 1  # what a database column takes
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


def _text(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("must be text: put quotes around it")  # noqa: TRY004 (Pydantic reads ValueError)
    return value


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds the character U+0000, which no database keeps")
    return text


def _whole(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _edtf(text: str) -> str:
    return edtf.parse(text).text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Slug = Annotated[str, Field(pattern=SLUG, max_length=80, description="Lowercase words joined by hyphens")]
Edtf = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_edtf),
    Field(description="EDTF level 1: 2024-04-19, 2024-04, 2023/2024-04-19, ../2024"),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(min_length=1), AfterValidator(_storable)]
Count = Annotated[int, Field(ge=0, le=_LARGEST)]
Language = Annotated[str, Field(pattern=LANGUAGE)]


class Multilingual(_Part):
    """A text in English, and in any other language by its BCP 47 tag."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"propertyNames": {"pattern": LANGUAGE}})
    __pydantic_extra__: dict[Language, Words] = Field(init=False)

    en: Words

    def others(self) -> dict[str, str]:
        return dict(self.__pydantic_extra__ or {})

    def all(self) -> dict[str, str]:
        return {"en": self.en} | self.others()


class Dataset(_Part):
    id: Slug
    title: Multilingual
    version: Words
    licence: Words
    citation: Words
    note: Words | None = None


class Text(_Part):
    """The text that passages point into; it stays outside the dossier."""

    sha256: Annotated[Sha256, Field(description="SHA-256 of the text's UTF-8 bytes")]
    length: Annotated[int, Field(ge=0, le=_LARGEST, description="Unicode code points")]


class Source(_Part):
    id: Slug
    kind: Annotated[str, Listed("source_kind")]
    title: Words
    publisher: Words | None = None
    language: Language | None = None
    published: Edtf | None = None
    authors: list[Words] = []
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    licence: Words | None = None
    lineage: Annotated[str, Listed("lineage")] = "unknown"
    derived_from: Slug | None = None
    text: Text | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _derived_names_its_source(self) -> Self:
        if (self.lineage == "derived") != (self.derived_from is not None):
            raise ValueError("lineage is 'derived' exactly when derived_from names a source")
        return self


class Actor(_Part):
    id: Slug
    kind: Annotated[str, Listed("actor_kind")]
    country: CountryCode | None = None
    parent: Slug | None = None
    name: Multilingual
    aliases: list[Words] = []


class Place(_Part):
    name: Words | None = None
    admin1: Words | None = None
    country: CountryCode | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    precision: Annotated[str, Listed("place_precision")]

    @model_validator(mode="after")
    def _honest_point(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude come together")
        if self.precision == "country" and self.latitude is not None:
            raise ValueError("a place known only by its country has no point")
        return self


Number = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_whole)]


class Figure(_Part):
    """`low` alone is "at least", `high` alone is "at most"."""

    low: Number | None = None
    best: Number | None = None
    high: Number | None = None
    unit: Words

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = [value for value in (self.low, self.best, self.high) if value is not None]
        if not given or given != sorted(given):
            raise ValueError("give low, best or high, in rising order")
        return self


class Fatalities(_Part):
    low: Count | None = None
    best: Count | None = None
    high: Count | None = None


class Passage(_Part):
    """Where in the source's text; `dateline locate` prints one."""

    paragraph: Annotated[int, Field(ge=1, le=_LARGEST, description="1-based block between blank lines")]
    start: Annotated[
        int, Field(ge=0, le=_LARGEST, description="First code point, 0-based, in the whole text")
    ]
    end: Annotated[int, Field(ge=1, le=_LARGEST, description="Code point behind the last one")]
    sha256: Annotated[Sha256, Field(description="SHA-256 of the passage's UTF-8 bytes")]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:
            raise ValueError("end must be greater than start")
        return self


class Evidence(_Part):
    source: Slug
    field: Annotated[
        str | None, Field(description="What it speaks of; left out for the event as a whole")
    ] = None
    passage: Passage | None = None
    reported: Annotated[str | None, Field(description="The value as the source gives it", min_length=1)] = (
        None
    )
    stance: Annotated[str, Listed("stance")] = "supports"
    attributed_to: Annotated[Words | None, Field(description="Who says it, inside the source")] = None
    note: Words | None = None


Roles = Literal["location", "party", "mentioned"]
ActorRoles = Literal["initiator", "recipient", "participant", "mediator", "mentioned"]


class Event(_Part):
    id: Slug
    type: Annotated[str, Listed("event_type")]
    mode: Annotated[str, Listed("mode")] | None = None
    contexts: list[Annotated[str, Listed("context")]] = []
    status: Annotated[str, Listed("event_status")]
    title: Multilingual
    summary: Multilingual | None = None
    date: Edtf
    place: Place | None = None
    countries: dict[Roles, list[CountryCode]] = {}
    actors: dict[ActorRoles, list[Slug]] = {}
    fatalities: Fatalities | None = None
    figures: dict[Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")], Figure] = {}
    evidence: Annotated[list[Evidence], Field(min_length=1)]


class Withdrawn(_Part):
    id: Slug
    reason: Words
    successor: Annotated[str | None, Field(description="The local id of the event that takes its place")] = (
        None
    )


class Dossier(_Part):
    """One dossier: a dataset, its sources and actors, and its events with their evidence."""

    dataset: Dataset
    sources: Annotated[list[Source], Field(min_length=1)]
    actors: list[Actor] = []
    events: list[Event]
    withdrawn: list[Withdrawn] = []


# Every key that a dossier knows, for suggesting the one that was meant.
KEYS = tuple(dict.fromkeys(name for part in _Part.__subclasses__() for name in part.model_fields))

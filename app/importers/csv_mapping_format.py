"""The format of a mapping: where in a CSV file each field of an event stands, and how it is written there."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from app import codes
from app.importers import csv_values as read_as
from app.importers.csv_values import Reader, shown
from app.importers.dossier_format import Language, Slug, Words
from app.values import Listed

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _as_text(value: object) -> object:
    return str(value) if type(value) in (int, float) else value


Scalar = Annotated[str, BeforeValidator(_as_text)]


class Value(Part):
    """Where a value comes from: a column, a template that names columns in braces, or a constant.

    `map` translates it, into "" where that means that it is unknown. `default`, which may name columns as a
    template does, stands for what is unknown or not in the map.
    """

    column: Words | None = None
    template: Words | None = None
    constant: Annotated[Words, BeforeValidator(_as_text)] | None = None
    map: dict[str, Scalar] | None = None
    default: Scalar | None = None
    _read: Reader = PrivateAttr(default_factory=lambda: read_as.words)

    @property
    def read(self) -> Reader:
        return self._read

    @model_validator(mode="before")
    @classmethod
    def _is_a_table(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError('say where it comes from, as in { column = "…" } or { constant = "…" }')  # noqa: TRY004 (pydantic's)
        return given

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if [self.column, self.template, self.constant].count(None) != 2:
            raise ValueError("give one of column, template and constant")
        for text in (self.template, self.default):
            if text and re.search(r"[{}]", PLACEHOLDER.sub("", text)):
                raise ValueError(f"the braces in {shown(text)} do not match")
        if self.template and not PLACEHOLDER.search(self.template):
            raise ValueError("a template names columns in braces; a fixed text is a constant")
        if self.constant and not (self.map is None and self.default is None):
            raise ValueError("a constant needs neither map nor default")
        return self

    def reads(self, read: Reader) -> Self:
        """Read texts by `read` from now on; ValueError if it cannot read what the mapping itself says."""
        self._read = read
        default = None if PLACEHOLDER.search(self.default or "") else self.default
        wrong = []
        for said in filter(None, (self.constant, default, *(self.map or {}).values())):
            for part in self.parts(said):
                try:
                    read(part)
                except ValueError as error:
                    wrong.append(str(error))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def parts(self, text: str) -> list[str]:
        return [text]

    def columns(self) -> Iterator[tuple[str, str]]:
        """The columns that it needs, each with the key that names it."""
        if self.column is not None:
            yield "column", self.column
        for key in ("template", "default"):
            yield from ((key, name) for name in PLACEHOLDER.findall(getattr(self, key) or ""))


class Many(Value):
    """A value that may be several, with `separator` between them."""

    separator: Annotated[str, Field(min_length=1)] | None = None

    def parts(self, text: str) -> list[str]:
        return [part.strip() for part in text.split(self.separator)] if self.separator else [text]


class Country(Value):
    """A country, by its code in `system` or by its name."""

    system: Literal["iso", "gw", "cow", "fips", "cameo", "name"]

    @model_validator(mode="after")
    def _is_read_by_system(self) -> Self:
        return self.reads(read_as.country(self.system))


class Countries(Country, Many):
    """The same, where it may be several."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Day(Value):
    """A date in EDTF, or in the forms that `format` gives."""

    format: Annotated[list[Annotated[str, AfterValidator(read_as.date_form)]], BeforeValidator(_as_list)] = []
    _may_be_open: ClassVar[bool] = False

    @model_validator(mode="after")
    def _is_read_by_format(self) -> Self:
        read = read_as.date_or_open if self._may_be_open else read_as.date
        return self.reads(read(*self.format))


class End(Day):
    """The same, or `..` where the event's start or end is open."""

    _may_be_open = True


def _by(read: Reader) -> AfterValidator:
    return AfterValidator(lambda value: value.reads(read))


def _code(name: str) -> AfterValidator:
    return _by(read_as.one_of(*codes.values(name)))


Id = Annotated[Value, _by(read_as.local_id)]
Prose = Annotated[Value, _by(read_as.prose)]
Count = Annotated[Value, _by(read_as.count)]
Quantity = Annotated[Value, _by(read_as.quantity)]


class Dataset(Part):
    """The dataset that the file's events belong to."""

    id: Slug
    title: Words
    titles: dict[Language, Words] = {}
    version: Words
    licence: Words
    citation: Words
    note: Words | None = None


class File(Part):
    """How the file is written."""

    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n]$')] = ","
    quote: Annotated[str, Field(pattern=r"^[^\r\n]?$")] = '"'
    encoding: Annotated[str, AfterValidator(read_as.encoding), Field(validate_default=True)] = "utf-8"
    empty: list[str] = []
    columns: Annotated[list[Words], Field(min_length=1)] | None = None


class Translation(Part):
    title: Value
    summary: Prose | None = None


class Date(Part):
    start: End
    end: End | None = None
    precision: Annotated[Value, _by(read_as.one_of("day", "week", "month", "year"))] | None = None


class Place(Part):
    name: Value | None = None
    admin1: Value | None = None
    country: Country | None = None
    latitude: Annotated[Value, _by(read_as.latitude)] | None = None
    longitude: Annotated[Value, _by(read_as.longitude)] | None = None
    precision: Annotated[Value, _code("place_precision")]

    @model_validator(mode="after")
    def _has_a_whole_point(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude come together")
        return self


class Fatalities(Part):
    low: Count | None = None
    best: Count | None = None
    high: Count | None = None


class Figure(Part):
    measure: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
    unit: Value
    low: Quantity | None = None
    best: Quantity | None = None
    high: Quantity | None = None


class Involved(Part):
    role: Annotated[str, Listed("country_role")]
    country: Countries


class Actor(Part):
    role: Annotated[str, Listed("actor_role")]
    name: Many
    id: Annotated[Many, _by(read_as.local_id)] | None = None
    kind: Annotated[Many, _code("actor_kind")]
    country: Countries | None = None

    @model_validator(mode="after")
    def _has_an_id_each(self) -> Self:
        if self.id and self.name.separator and not self.id.separator:
            raise ValueError("where names have a separator, ids need one too")
        return self


class Source(Part):
    kind: Annotated[Many, _code("source_kind")]
    title: Many | None = None
    publisher: Many | None = None
    url: Annotated[Many, _by(read_as.url)] | None = None
    published: Day | None = None
    language: Annotated[Many, _by(read_as.language)] | None = None

    @model_validator(mode="after")
    def _can_be_named(self) -> Self:
        if self.title is None and self.url is None:
            raise ValueError("a source needs a title or a url")
        return self


def _each_once(figures: Sequence[Figure]) -> Sequence[Figure]:
    measures = [figure.measure for figure in figures]
    if len(set(measures)) < len(measures):
        raise ValueError(f"each measure may stand once; there are {', '.join(measures)}")
    return figures


class Event(Part):
    """What a row says."""

    id: Id
    type: Annotated[Value, _code("event_type")]
    mode: Annotated[Value, _code("mode")] | None = None
    contexts: Annotated[Many, _code("context")] | None = None
    status: Annotated[Value, _code("event_status")]
    title: Value
    summary: Prose | None = None
    translations: dict[Language, Translation] = {}
    date: Date
    place: Place | None = None
    fatalities: Fatalities | None = None
    countries: list[Involved] = []
    actors: list[Actor] = []
    figures: Annotated[list[Figure], AfterValidator(_each_once)] = []
    sources: list[Source] = []


class Mapping(Part):
    """How the rows of a CSV file become the events of one dataset."""

    dataset: Dataset
    file: File = File()
    event: Event
    _name: str = PrivateAttr(default="mapping")

    @property
    def name(self) -> str:
        """The name of the file that it was read from."""
        return self._name

    def named(self, name: str) -> Self:
        self._name = name
        return self

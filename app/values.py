"""Types of parameter values: what a client may write, and what it is told when it is wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app import codes, edtf, search

MANY = 100  # values of one parameter


def _split(value: object) -> object:
    """`a,b` and repeated parameters are the same list."""
    if not isinstance(value, list):
        return value
    parts = [part.strip() for item in value for part in str(item).split(",")]
    if "" in parts:
        raise PydanticCustomError("empty_value", "holds an empty value")
    if len(parts) > MANY:
        raise PydanticCustomError("too_many", "takes at most {most} values", {"most": MANY})
    return list(dict.fromkeys(parts))


def _code(resolve: Callable[[str], str], value: str) -> str:
    try:
        return resolve(value)
    except codes.UnknownCode as error:
        context = {"allowed": error.allowed, "did_you_mean": error.nearest}
        raise PydanticCustomError("unknown_code", "{why}", {"why": str(error), **context}) from None


@dataclass(frozen=True, slots=True)
class Listed:
    """A code of list `name`: case does not matter, and OpenAPI shows what is allowed."""

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        check = partial(_code, partial(codes.resolve, self.name))
        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"enum": list(codes.values(self.name))}


def _day(read: Callable[[str], date], value: object) -> object:
    try:
        return read(value) if isinstance(value, str) else value
    except edtf.EdtfError as error:
        raise PydanticCustomError("date", "{why}", {"why": str(error)}) from None


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*", re.ASCII)


def _box(value: object) -> object:
    parts = str(value[0] if isinstance(value, list) and len(value) == 1 else value).split(",")
    if len(parts) != 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise PydanticCustomError("bbox", "must be four numbers: west,south,east,north")
    west, south, east, north = map(float, parts)
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise PydanticCustomError("bbox", "west and east must lie within -180 and 180 degrees")
    if not -90 <= south <= north <= 90:
        raise PydanticCustomError("bbox", "south and north must lie within -90 and 90 degrees, in that order")
    return [west, south, east, north]


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _instant(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = re.sub(r" (?=\d\d:\d\d$)", "+", value)  # a plus that the client did not encode
    try:
        if not _RFC3339.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError(
            "instant", "must be an RFC 3339 time, such as 2024-04-19T00:00:00Z"
        ) from None


_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _moment(text: str) -> date | None:
    """The day, in UTC, of one end of an interval; None when it is open."""
    if text in ("", ".."):
        return None
    return date.fromisoformat(text) if _FULL_DATE.fullmatch(text) else _instant(text).date()  # type: ignore[attr-defined]


def _interval(value: object) -> object:
    ends = str(value[0] if isinstance(value, list) and len(value) == 1 else value).split("/")
    try:
        first, last = _moment(ends[0]), _moment(ends[-1])
    except ValueError:  # which PydanticCustomError is, too
        first = last = None
    if len(ends) > 2 or (first is None and last is None):
        raise PydanticCustomError(
            "interval",
            "must be a date, an RFC 3339 time, or an interval of them with at most one open end, such as"
            " 2024-04-19, 2024-04-01/2024-04-30 or 2024-04-01/..",
        )
    if first and last and first > last:
        raise PydanticCustomError("reversed", "ends before it begins")
    return first, last


def _flat_box(value: object) -> object:
    """A box without its heights, which the events' points do not have."""
    parts = str(value[0] if isinstance(value, list) and len(value) == 1 else value).split(",")
    if len(parts) != 6:
        return _box(value)
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise PydanticCustomError("bbox", "must be four or six numbers")
    return _box(",".join(parts[:2] + parts[3:5]))


def _words(value: str) -> str:
    if not search.words(value):
        raise PydanticCustomError("no_word", "holds no word to look for")
    return value


Split = BeforeValidator(_split)
CountryCode = Annotated[str, AfterValidator(partial(_code, codes.country))]
_SHOWN_DAY = WithJsonSchema({"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"})
FirstDay = Annotated[date, BeforeValidator(partial(_day, edtf.first_day)), _SHOWN_DAY]
LastDay = Annotated[date, BeforeValidator(partial(_day, edtf.last_day)), _SHOWN_DAY]
Region = Annotated[str, AfterValidator(partial(_code, codes.region))]
RowId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=200)]
Text = Annotated[str, Field(max_length=200), AfterValidator(_words)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Box = Annotated[list[float], BeforeValidator(_box)]
FlatBox = Annotated[list[float], BeforeValidator(_flat_box)]
Interval = Annotated[
    tuple[date | None, date | None], BeforeValidator(_interval), WithJsonSchema({"type": "string"})
]

"""The flat columns of an event: the one definition of what tables of any format have, in this order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "list", "date", "time", "integer", "number"]
Get = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and how its value is got from an event's JSON."""

    name: str
    kind: Kind
    get: Get
    description: str


def _own(name: str) -> Get:
    return lambda event: event[name]


def _in(name: str, field: str) -> Get:
    return lambda event: None if event[name] is None else event[name][field]


def _each(name: str, field: str) -> Get:
    return lambda event: [item[field] for item in event[name]]


COLUMNS = (
    Column("id", "text", _own("id"), "The event's id; its address is `/v1/events/{id}`"),
    Column("dataset", "text", _own("dataset"), "Id of its dataset, which has the licence"),
    Column("type", "text", _own("type"), "PLOVER event type"),
    Column("mode", "text", _own("mode"), "PLOVER mode, the finer division"),
    Column("contexts", "list", _own("contexts"), "PLOVER contexts"),
    Column("status", "text", _own("status"), "Whether it occurred, is going on, is planned or is alleged"),
    Column("title", "text", _own("title"), "What happened, in a line"),
    Column("summary", "text", _own("summary"), "What happened, in a few"),
    Column("date_start", "date", _in("date", "start"), "First possible day; none when open or unknown"),
    Column("date_end", "date", _in("date", "end"), "Last possible day; none when open or unknown"),
    Column("date_precision", "text", _in("date", "precision"), "How exact the date is"),
    Column("edtf", "text", _in("date", "edtf"), "The date as the sources support it, in EDTF level 1"),
    Column("place_name", "text", _in("place", "name"), "Where"),
    Column("place_admin1", "text", _in("place", "admin1"), "First-level division"),
    Column("place_country", "text", _in("place", "country"), "ISO 3166-1 alpha-2"),
    Column(
        "latitude", "number", _in("place", "latitude"), "Degrees north, WGS 84; none without a known point"
    ),
    Column("longitude", "number", _in("place", "longitude"), "Degrees east, WGS 84"),
    Column("place_precision", "text", _in("place", "precision"), "How exact the place is"),
    Column("countries", "list", _each("countries", "code"), "Codes of the countries involved"),
    Column("country_roles", "list", _each("countries", "role"), "The role of each, in the same order"),
    Column("actors", "list", _each("actors", "id"), "Ids of the actors; names are in `/v1/actors`"),
    Column("actor_roles", "list", _each("actors", "role"), "The role of each, in the same order"),
    Column("fatalities_low", "integer", _in("fatalities", "low"), "Lowest estimate, as the source gives it"),
    Column("fatalities_best", "integer", _in("fatalities", "best"), "Best estimate"),
    Column("fatalities_high", "integer", _in("fatalities", "high"), "Highest estimate"),
    Column("sources", "list", _each("sources", "id"), "Ids of the sources; more is in `/v1/sources`"),
    Column("independent_origins", "integer", _own("independent_origins"), "How many origins they go back to"),
    Column("revision", "integer", _own("revision"), "Raised by one with every edit"),
    Column("updated", "time", _own("updated"), "When it last changed here, RFC 3339"),
)
NAMES = tuple(column.name for column in COLUMNS)
_GETS = tuple(column.get for column in COLUMNS)


def flat(event: Mapping[str, Any]) -> list[Any]:
    """The values of an event's columns, from its JSON."""
    return [get(event) for get in _GETS]


def described() -> str:
    """The columns as a table in Markdown, for the documentation."""
    rows = (f"| `{column.name}` | {column.kind} | {column.description} |" for column in COLUMNS)
    return "\n".join(("| column | kind | what it says |", "|---|---|---|", *rows))

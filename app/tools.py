"""The tools that language models are given: what each asks of the public API, and how it tells the answer."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, urlsplit

from app import search
from app.errors import BadRequest, fault, unknown
from app.tool_schemas import (
    NOTICE,
    TEXT_OR_NULL,
    Json,
    answer,
    listed,
    matched,
    object_of,
    parameters,
    whole,
)

_MOST_EVENTS, _USUAL_EVENTS = 50, 10
_MOST_COUNTS, _USUAL_COUNTS = 500, 100
_CANDIDATES = 200  # how many names are looked through for the best ones


class Refused(Exception):
    """What was asked is not possible; `problem` has the members of problem+json that say why."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(problem["detail"])
        self.problem = problem


class Api(Protocol):
    """The public API, as far as tools use it."""

    @property
    def document(self) -> Json:
        """Its OpenAPI document."""

    async def get(self, path: str, parameters: Mapping[str, Any]) -> Json:
        """The JSON of a GET; Refused for a problem."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: its name, what is said of it, the JSON Schemas of what it takes and gives, and what it does."""

    name: str
    title: str
    description: str
    takes: Json
    gives: Json
    run: Callable[[Api, Json], Awaitable[Json]]

    async def __call__(self, api: Api, arguments: Json) -> Json:
        """What it gives for `arguments`; an argument that it does not know, or that is missing, is refused."""
        given = {name: value for name, value in arguments.items() if value is not None}
        known = self.takes["properties"]
        faults = [unknown(name, list(known)) for name in given if name not in known]
        faults += [fault(name, "is required") for name in self.takes.get("required", []) if name not in given]
        if faults:
            raise _refused(*faults)
        return {"notice": NOTICE, **await self.run(api, given)}


def all_tools(document: Json) -> list[Tool]:
    """The five tools, with schemas taken from the API's OpenAPI document."""
    makers = (_searching, _getting, _counting, _resolving, _covering)
    return [make(document) for make in makers]


def _narrowing(document: Json) -> Json:
    """The filters of events, as arguments of a tool."""
    filters = parameters(document, "/v1/events")
    return {
        name: filters[name] for name in filters if name not in ("limit", "cursor", "count", "sort", "format")
    }


def _searching(document: Json) -> Tool:
    filters = parameters(document, "/v1/events")
    return Tool(
        "search_events",
        "Find events",
        "Events that match all filters, newest first, a small page at a time: send `next_cursor` back as"
        " `cursor`, with the same filters, for more. Several values of one filter are alternatives. Use"
        " `resolve` first to turn a name into a country code or an actor id. " + NOTICE,
        object_of(
            {
                **_narrowing(document),
                "sort": filters["sort"],
                "cursor": filters["cursor"] | {"description": "`next_cursor` of the page before"},
                "limit": whole("How many events at most", _MOST_EVENTS, _USUAL_EVENTS),
            }
        ),
        answer(document, listed({"$ref": "#/components/schemas/Event"}), next_cursor=TEXT_OR_NULL),
        _search_events,
    )


def _getting(document: Json) -> Tool:
    return Tool(
        "get_event",
        "Get one event with its evidence",
        "One event by its id, and under `evidence` what each source says of it, quoted, and who said it."
        " Cite these when you report the event. " + NOTICE,
        object_of({"event_id": {"type": "string", "description": "As `search_events` gives it"}}, "event_id"),
        answer(document, {"$ref": "#/components/schemas/EventWithEvidence"}),
        _get_event,
    )


def _counting(document: Json) -> Tool:
    asked = parameters(document, "/v1/stats/events")
    return Tool(
        "timeline",
        "Count events over time",
        "How many of the events that match the filters happened in each period: `certain` surely did;"
        " `possible` may have, so an imprecisely dated event counts in several. `group` may name a second"
        " dimension, such as `month` and `country`. Longer answers than `limit` are refused, never cut: ask"
        " for a shorter range or longer periods. " + NOTICE,
        object_of(
            asked
            | {
                "group": asked["group"] | {"default": ["month"]},
                "limit": whole("How many counts at most", _MOST_COUNTS, _USUAL_COUNTS),
            }
        ),
        answer(document, listed({"$ref": "#/components/schemas/StatsRow"})),
        _timeline,
    )


def _resolving(document: Json) -> Tool:
    schema = document["components"]["schemas"]
    return Tool(
        "resolve",
        "Find a country's code or an actor's id by name",
        "Countries and actors of which the name, an alias or a code is `name` (`match` is `exact`), or has"
        " words that begin with its words (`match` is `words`); exact ones come first. `complete` is false"
        " when there were too many to look through: write more of the name. " + NOTICE,
        object_of(
            {
                "name": {
                    "type": "string",
                    "maxLength": 200,
                    "description": "Such as `Niger` or `campbell`",
                },
                "limit": whole("How many countries and how many actors at most", 50, 10),
            },
            "name",
        ),
        answer(
            document,
            object_of(
                {
                    "countries": listed(matched(schema["Country"])),
                    "actors": listed(matched(schema["Actor"])),
                    "complete": {"type": "boolean"},
                },
                "countries",
                "actors",
                "complete",
            ),
        ),
        _resolve,
    )


def _covering(document: Json) -> Tool:
    schema = document["components"]["schemas"]
    return Tool(
        "coverage",
        "Tell what is covered",
        "The datasets held: kind, licence, how to cite them, how many events, and their first and last"
        " possible day. What no dataset covers is absent here, not absent from the world. " + NOTICE,
        object_of({}),
        answer(document, listed(schema["Dataset"])),
        _coverage,
    )


async def _search_events(api: Api, given: Json) -> Json:
    limit = _within(given, "limit", _MOST_EVENTS, _USUAL_EVENTS)
    page = await api.get("/v1/events", given | {"limit": limit})
    following = parse_qs(urlsplit(page["next"] or "").query).get("cursor", [None])
    return {"untrusted_data": page["items"], "next_cursor": following[0]}


async def _get_event(api: Api, given: Json) -> Json:
    event_id = str(given["event_id"])
    if not event_id or "/" in event_id:  # these would be other paths
        raise _refused(fault("event_id", "is not an id; use one that search_events gives"))
    return {"untrusted_data": await api.get(f"/v1/events/{quote(event_id, safe='')}", {})}


async def _timeline(api: Api, given: Json) -> Json:
    limit = _within(given, "limit", _MOST_COUNTS, _USUAL_COUNTS)
    counted = await api.get("/v1/stats/events", {"group": ["month"], **given, "limit": limit})
    return {"untrusted_data": counted["items"]}


async def _resolve(api: Api, given: Json) -> Json:
    limit, name = _within(given, "limit", 50, 10), str(given["name"])
    asked = {"q": name, "limit": _CANDIDATES}
    countries = await _named(api, "/v1/countries", asked)
    actors = await _named(api, "/v1/actors", asked)
    by_code = await _country(api, name)
    found = [*by_code, *(c for c in countries["items"] if c not in by_code)]
    return {
        "untrusted_data": {
            "countries": _best(
                found, name, lambda c: (c["code"], c["alpha3"], c["numeric"] or "", c["name"], c["name_vi"])
            )[:limit],
            "actors": _best(
                actors["items"], name, lambda a: (a["id"], a["name"], *a["names"].values(), *a["aliases"])
            )[:limit],
            "complete": not countries["next"] and not actors["next"],
        }
    }


async def _named(api: Api, path: str, asked: Json) -> Json:
    """A page of what is called so; a fault is told in the tool's own terms."""
    try:
        return await api.get(path, asked)
    except Refused as refusal:
        faults = [f | {"parameter": "name"} for f in refusal.problem["errors"]]
        raise (_refused(*faults) if faults else refusal) from refusal


async def _country(api: Api, code: str) -> list[Json]:
    if not (code.isascii() and code.isalnum() and len(code) in (2, 3)):
        return []
    try:
        return [await api.get(f"/v1/countries/{code}", {})]
    except Refused as refusal:
        if refusal.problem["status"] not in (400, 404):
            raise
        return []


def _best(items: Iterable[Json], name: str, names: Callable[[Json], Iterable[str]]) -> list[Json]:
    """`items` with how well they match; the exact ones first, otherwise in their order."""
    wanted = search.fold(name.strip())

    def match(item: Json) -> str:
        return "exact" if wanted in map(search.fold, names(item)) else "words"

    return sorted((item | {"match": match(item)} for item in items), key=lambda item: item["match"])


async def _coverage(api: Api, given: Json) -> Json:
    del given
    found: list[Json] = []
    cursor: Json = {}
    while True:
        page = await api.get("/v1/datasets", {"limit": 1000, **cursor})
        found += page["items"]
        if page["next"] is None:
            return {"untrusted_data": found}
        cursor = {"cursor": parse_qs(urlsplit(page["next"]).query)["cursor"][0]}


def _refused(*faults: Json) -> Refused:
    wrong = BadRequest(*faults)
    return Refused({"status": wrong.status, "detail": wrong.detail, "errors": wrong.errors})


def _within(given: Json, name: str, most: int, usual: int) -> int:
    value = given.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _refused(fault(name, f"must be a whole number from 1 to {most}"))
    return value

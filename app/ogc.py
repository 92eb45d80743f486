"""Answers of OGC API - Features: the same events as features, and the documents that lead to them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from app import queries, responses
from app.bodies import Headers
from app.filters import OgcQuery
from app.ogc_schemas import EventProperties, properties
from app.pagination import Page
from app.snapshots import Reader

GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_QUICK = 200  # features that are made in the event loop, which others wait for: some 30 microseconds each
CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
]


def feature_json(document: bytes) -> bytes:
    """An event's stored document as a feature."""
    return to_json(_feature(document))


def _feature(document: bytes) -> dict[str, Any]:
    event = from_json(document)
    told = properties(event)
    point = None
    if told["latitude"] is not None:
        point = {"type": "Point", "coordinates": [told["longitude"], told["latitude"]]}
    return {"type": "Feature", "id": event["id"], "geometry": point, "properties": told}


def linked(base: str) -> Callable[[tuple[bytes, bytes]], bytes]:
    """What makes one feature of an event's documents, with links to what it belongs to."""

    def as_json(documents: tuple[bytes, bytes]) -> bytes:
        feature = _feature(documents[0])
        here, event_id = f"{base}/collections/events", feature["id"]
        links = [
            _link(f"{here}/items/{event_id}", "self", "This event", GEOJSON),
            _link(here, "collection", "All events"),
            _link(f"{_above(base)}/v1/events/{event_id}", "related", "This event with its evidence"),
        ]
        return to_json(feature | {"links": links})

    return as_json


async def page(request: Request, query: OgcQuery) -> Response:
    """A page of features."""

    async def make(reader: Reader) -> tuple[bytes, Headers]:
        found = await queries.events(reader, query)
        following = responses.next_link(request, found)
        headers, links = responses.following(following), _links(request, following)
        if len(found.rows) <= _QUICK:
            return _features_json(found, links), headers
        return await asyncio.to_thread(_features_json, found, links), headers

    return await responses.made(request, make, GEOJSON)


def _features_json(found: Page, links: list[dict[str, str]]) -> bytes:
    # There is no timeStamp: the same address over the same data is the same bytes, under the same ETag.
    about: dict[str, Any] = {"links": links, "numberReturned": len(found.rows)}
    if found.total_is_exact:
        about["numberMatched"] = found.total
    features = b",".join(feature_json(row[0]) for row in found.rows)
    return b'{"type":"FeatureCollection","features":[%s],%s' % (features, to_json(about)[1:])


def _links(request: Request, following: str | None) -> list[dict[str, str]]:
    here = f"{base(request)}/collections/events"
    asked = f"?{request.url.query}" if request.url.query else ""
    links = [
        _link(f"{here}/items{asked}", "self", "This page", GEOJSON),
        _link(here, "collection", "All events"),
    ]
    return links if following is None else [*links, _link(following, "next", "The next page", GEOJSON)]


async def answer(
    request: Request, describe: Callable[[Reader, str], Awaitable[dict[str, Any]]], media_type: str
) -> Response:
    """What `describe` says of the data, at the address that the client knows."""

    async def make(reader: Reader) -> tuple[bytes, Headers]:
        return to_json(await describe(reader, base(request))), []

    return await responses.made(request, make, media_type)


async def collections(reader: Reader, base: str) -> dict[str, Any]:
    """Every collection."""
    links = [_link(f"{base}/collections", "self", "This document")]
    return {"links": links, "collections": [await collection(reader, base)]}


async def collection(reader: Reader, base: str) -> dict[str, Any]:
    """The one collection there is."""
    covered = await queries.coverage(reader)
    here = f"{base}/collections/events"
    ends = [covered.start and f"{covered.start}T00:00:00Z", covered.end and f"{covered.end}T23:59:59Z"]
    return {
        "id": "events",
        "title": "Events",
        "description": "What happened, is going on, is planned or is alleged. A point is as exact as"
        " `place_precision` says; an event without a known point has no geometry.",
        "links": [
            _link(here, "self", "This collection"),
            _link(f"{here}/items", "items", "Events", GEOJSON),
            # The name of this relation does not depend on case; GDAL thinks it does.
            _link(f"{here}/schema", "describedBy", "What each of them holds", SCHEMA),
            _link(f"{here}/queryables", _QUERYABLES, "What they can be asked for by", SCHEMA),
        ],
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]], "crs": _CRS84},
            "temporal": {"interval": [ends], "trs": _GREGORIAN},
        },
        "itemType": "feature",
        "crs": [_CRS84],
    }


def landing_json(base: str) -> bytes:
    """Where everything begins."""
    links = [
        _link(f"{base}/", "self", "This document"),
        _link(f"{base}/api", "service-desc", "The contract", OPENAPI),
        _link(f"{_above(base)}/docs", "service-doc", "The documentation", "text/html"),
        _link(f"{base}/conformance", "conformance", "Conformance classes"),
        _link(f"{base}/collections", "data", "Collections"),
    ]
    words = "Geopolitical events, each traceable to the passage that reports it."
    return to_json({"title": "Dateline", "description": words, "links": links})


def conformance_json() -> bytes:
    """The classes that this API holds to."""
    return to_json({"conformsTo": CONFORMS_TO})


def queryables_json(base: str) -> bytes:
    """The filters that name a value of an event, or one of several values."""
    published = OgcQuery.model_json_schema()["properties"]
    names = ("country", "type", "mode", "context", "status", "actor", "source", "dataset")
    each = {
        name: published[name]["anyOf"][0]["items"]
        | {"title": name, "description": published[name]["description"]}
        for name in names
    }
    return _schema_json(f"{base}/collections/events/queryables", each, additionalProperties=False)


def schema_json(base: str) -> bytes:
    """What a feature holds; by it GDAL types a column that is null in the first features it sees."""
    published = EventProperties.model_json_schema()["properties"]
    columns = {name: one.get("anyOf", [one])[0] for name, one in published.items() if name != "id"}
    point = {"type": "object", "title": "Point", "description": "As GeoJSON has it"}
    feature = {
        "id": {"type": "string"},
        "geometry": point,
        "properties": {"type": "object", "properties": columns},
    }
    words = "What is not known is null, which stands for a property that is not there."
    return _schema_json(f"{base}/collections/events/schema", feature, description=words)


def _schema_json(address: str, properties: dict[str, Any], **more: Any) -> bytes:
    draft = "https://json-schema.org/draft/2020-12/schema"
    about = {"$schema": draft, "$id": address, "type": "object", "title": "Events"}
    return to_json(about | {"properties": properties} | more)


def contract(request: Request) -> Response:
    """The OpenAPI document, by the media type that is asked for: GDAL looks here, and wants plain JSON."""
    accepted = request.headers.get("accept", "")
    plain = responses.JSON in accepted and OPENAPI not in accepted
    document = to_json(request.app.openapi())
    return responses.fixed(request, document, responses.JSON if plain else OPENAPI)


def base(request: Request) -> str:
    """Where this API is for the client, without a slash at its end."""
    return f"{request.base_url}ogc"


def _above(base: str) -> str:
    return base.removesuffix("/ogc")


def _link(href: str, rel: str, title: str, media_type: str = responses.JSON) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": media_type, "title": title}

"""`/ogc`: OGC API - Features."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from app import ogc, ogc_schemas, queries, responses, schemas
from app.filters import OgcQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/ogc", tags=["ogc"], route_class=StrictRoute)

EventId = Annotated[
    str, Path(description="`dataset.local-id`", examples=["niger-2024.us-agrees-to-withdraw"])
]


class GeoJson(JSONResponse):
    """For the published contract, as the others here."""

    media_type = ogc.GEOJSON


class JsonSchema(JSONResponse):
    media_type = ogc.SCHEMA


@router.get("/", include_in_schema=False)
@router.get("", response_model=ogc_schemas.LandingPage, summary="Begin here")
async def get_landing_page(request: Request) -> Response:
    """OGC API - Features over the events of `/v1`: give this address to QGIS, GDAL or another client of it."""
    return responses.fixed(request, ogc.landing_json(ogc.base(request)))


@router.get(
    "/api",
    response_model=dict[str, Any],
    summary="Get the contract",
    responses={200: {"content": {ogc.OPENAPI: {}}}},
)
async def get_api(request: Request) -> Response:
    """The same as `/openapi.json`, where clients of OGC APIs look for it."""
    return ogc.contract(request)


@router.get("/conformance", response_model=ogc_schemas.Conformance, summary="List conformance classes")
async def get_conformance(request: Request) -> Response:
    """The parts of the OGC standards that this API holds to."""
    return responses.fixed(request, ogc.conformance_json())


@router.get("/collections", response_model=ogc_schemas.Collections, summary="List collections")
async def get_collections(request: Request) -> Response:
    """There is one: `events`."""
    return await ogc.answer(request, ogc.collections, responses.JSON)


@router.get(
    "/collections/events", response_model=ogc_schemas.Collection, summary="Get the collection of events"
)
async def get_collection(request: Request) -> Response:
    """What the collection is, from when to when, and where its events are."""
    return await ogc.answer(request, ogc.collection, responses.JSON)


@router.get(
    "/collections/events/queryables",
    response_model=ogc_schemas.JsonSchema,
    response_class=JsonSchema,
    summary="List what events can be asked for by",
)
async def get_queryables(request: Request) -> Response:
    """A JSON Schema of the values that name a kind of event, each under its parameter of `items`."""
    return responses.fixed(request, ogc.queryables_json(ogc.base(request)), ogc.SCHEMA)


@router.get(
    "/collections/events/schema",
    response_model=ogc_schemas.JsonSchema,
    response_class=JsonSchema,
    summary="Get what a feature holds",
)
async def get_feature_schema(request: Request) -> Response:
    """A JSON Schema of the events' features, for programs that make columns of it."""
    return responses.fixed(request, ogc.schema_json(ogc.base(request)), ogc.SCHEMA)


@router.get(
    "/collections/events/items",
    response_model=ogc_schemas.FlatFeatures,
    response_class=GeoJson,
    summary="Find events as features",
)
async def list_features(request: Request, query: Annotated[OgcQuery, Query()]) -> Response:
    """Events that match all filters, newest first, as GeoJSON; the filters are those of `/v1/events`.

    Follow the link `next` until there is none to get every event exactly once.
    """
    return await ogc.page(request, query)


@router.get(
    "/collections/events/items/{event_id}",
    response_model=ogc_schemas.LinkedFlatFeature,
    response_class=GeoJson,
    summary="Get one event as a feature",
    responses={
        410: {"model": schemas.Withdrawn, "description": "Withdrawn, with the reason and its successor"}
    },
)
async def get_feature(request: Request, event_id: EventId) -> Response:
    """One event as GeoJSON; `/v1/events/{event_id}` has its evidence."""
    return await responses.one(request, event_id, queries.event, ogc.linked(ogc.base(request)), ogc.GEOJSON)

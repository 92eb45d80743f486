"""`/v1/countries`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import queries, rendering, responses, schemas
from app.resource_filters import CountryQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/countries", tags=["countries"], route_class=StrictRoute)

Code = Annotated[
    str, Path(description="ISO 3166-1 alpha-2, alpha-3 or numeric code, in any case", examples=["NE"])
]


@router.get("", response_model=schemas.CountryPage, summary="List countries")
async def list_countries(request: Request, query: Annotated[CountryQuery, Query()]) -> Response:
    """Countries and territories by code, with the codes that other datasets know them by.

    All of ISO 3166-1, Kosovo under its user-assigned code XK, and some states that are gone.
    """
    return await responses.page(request, query, queries.countries, rendering.country_json)


@router.get(
    ".geojson",
    response_model=schemas.Outlines,
    response_class=responses.GeoJson,
    summary="Get the outlines of all countries",
)
async def get_outlines(request: Request) -> Response:
    """Every country of today for a map of the world, as GeoJSON; `id` is the code that events have.

    Simplified from Natural Earth, which draws who holds what; a line here says nothing about whose it is.
    """
    return responses.fixed(request, rendering.outlines_json(), responses.GEOJSON)


@router.get("/{code}", response_model=schemas.Country, summary="Get one country")
async def get_country(request: Request, code: Code) -> Response:
    """One country, by any of its ISO codes."""
    return await responses.one(request, code, queries.country, rendering.country_json)

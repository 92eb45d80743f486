"""`/v1/sources`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import queries, rendering, responses, schemas
from app.resource_filters import SourceQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/sources", tags=["sources"], route_class=StrictRoute)


@router.get("", response_model=schemas.SourcePage, summary="List sources")
async def list_sources(request: Request, query: Annotated[SourceQuery, Query()]) -> Response:
    """Articles, reports and records by id, each with its lineage: what it copies or translates, if anything."""
    return await responses.page(request, query, queries.sources, rendering.source_json)


@router.get("/{source_id}", response_model=schemas.Source, summary="Get one source")
async def get_source(
    request: Request, source_id: Annotated[str, Path(examples=["washington-post-2024-04-19"])]
) -> Response:
    """One source; `text_sha256` pins the text that evidence points into."""
    return await responses.one(request, source_id, queries.source, rendering.source_json)

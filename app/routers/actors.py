"""`/v1/actors`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import queries, rendering, responses, schemas
from app.resource_filters import ActorQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/actors", tags=["actors"], route_class=StrictRoute)


@router.get("", response_model=schemas.ActorPage, summary="List actors")
async def list_actors(request: Request, query: Annotated[ActorQuery, Query()]) -> Response:
    """People, states, governments, forces, groups, organisations, populations and media, by id."""
    return await responses.page(request, query, queries.actors, rendering.actor_json)


@router.get("/{actor_id}", response_model=schemas.Actor, summary="Get one actor")
async def get_actor(request: Request, actor_id: Annotated[str, Path(examples=["kurt-campbell"])]) -> Response:
    """One actor, with its names, its country and what it is part of."""
    return await responses.one(request, actor_id, queries.actor, rendering.actor_json)

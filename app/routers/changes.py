"""`/v1/changes`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app import queries, rendering, responses, schemas
from app.resource_filters import ChangeQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/changes", tags=["changes"], route_class=StrictRoute)


@router.get("", response_model=schemas.ChangePage, summary="Follow what changes")
async def list_changes(request: Request, query: Annotated[ChangeQuery, Query()]) -> Response:
    """Events in the order in which they last changed, each once, for a mirror that is to be kept in step.

    Start without `since` and follow `next` until it is null: you then hold what the server holds. Keep `token`
    and come back with it as `since` for what has changed after it. A withdrawn event comes as a tombstone.
    """
    return await responses.page(request, query, queries.changes, rendering.change_json)

"""`/v1/codes`."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import rendering, responses, schemas
from app.routing import StrictRoute

router = APIRouter(prefix="/codes", tags=["codes"], route_class=StrictRoute)


@router.get("", response_model=schemas.CodeLists, summary="Get every code list")
async def get_codes(request: Request) -> Response:
    """Event types, modes, contexts, roles, precisions, statuses and all other codes, with what they mean.

    Types, modes and contexts are those of PLOVER; the definitions are our own.
    """
    return responses.fixed(request, rendering.code_lists_json())

"""`/health/*` and `/metrics`, for whoever operates it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import observability, queries, schemas
from app.routing import StrictRoute

router = APIRouter(tags=["operations"], route_class=StrictRoute)


@router.get("/health/live", summary="Is the process alive?")
async def get_liveness() -> schemas.Health:
    """Answers as long as the process does; touches no database."""
    return schemas.Health(status="ok")


@router.get("/health/ready", summary="Can it serve data?")
async def get_readiness(request: Request) -> schemas.Health:
    """200 when the database answers and is migrated; otherwise 503 with what is missing."""
    async with request.app.state.reads.snapshot("probe") as reader:
        await queries.check_migrated(reader, request.app.state.schema_head)
    return schemas.Health(status="ok")


@router.get("/metrics", summary="Get metrics", response_class=observability.MetricsResponse)
async def get_metrics() -> Response:
    """Requests and their duration by operation, in the Prometheus text format."""
    return observability.metrics()

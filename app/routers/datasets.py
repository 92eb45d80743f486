"""`/v1/datasets`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import queries, responses, schemas
from app.filters import DatasetQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/datasets", tags=["datasets"], route_class=StrictRoute)


@router.get("", response_model=schemas.DatasetPage, summary="List datasets")
async def list_datasets(request: Request, query: Annotated[DatasetQuery, Query()]) -> Response:
    """What is loaded, by id: licence, citation, version, coverage, number of events, last load."""
    return await responses.page(request, query, queries.datasets, schemas.dataset_json)


@router.get("/{dataset_id}", response_model=schemas.Dataset, summary="Get one dataset")
async def get_dataset(
    request: Request, dataset_id: Annotated[str, Path(examples=["niger-2024"])]
) -> Response:
    """One dataset, with what its licence asks of you and when it was last loaded."""
    return await responses.one(request, dataset_id, queries.dataset, schemas.dataset_json)

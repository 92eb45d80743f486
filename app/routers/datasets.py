"""`/v1/datasets`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import downloads, queries, rendering, responses, schemas
from app.resource_filters import DatasetQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/datasets", tags=["datasets"], route_class=StrictRoute)


@router.get("", response_model=schemas.DatasetPage, summary="List datasets")
async def list_datasets(request: Request, query: Annotated[DatasetQuery, Query()]) -> Response:
    """What is loaded, by id: licence, citation, version, coverage, number of events, last load."""
    return await responses.page(request, query, queries.datasets, rendering.dataset_json)


@router.get("/{dataset_id}", response_model=schemas.Dataset, summary="Get one dataset")
async def get_dataset(
    request: Request, dataset_id: Annotated[str, Path(examples=["niger-2024"])]
) -> Response:
    """One dataset, with what its licence asks of you and when it was last loaded."""
    return await responses.one(request, dataset_id, queries.dataset, rendering.dataset_json)


@router.get(
    "/{dataset_id}/events.parquet",
    summary="Download the events of a dataset",
    response_class=Response,
    responses={200: {"content": downloads.PUBLISHED}},
)
async def get_dataset_parquet(
    request: Request, dataset_id: Annotated[str, Path(examples=["niger-2024"])]
) -> Response:
    """All events of a dataset as one Parquet file, with the flat columns of CSV, typed.

    The file is made when it is first asked for and kept until the data changes. Ranges are answered, so a tool can
    read the columns that it needs. A server without pyarrow answers 501.
    """
    return await downloads.parquet(request, dataset_id)

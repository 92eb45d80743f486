"""`/v1/stats`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app import rendering, responses, schemas, timelines
from app.filters import StatsQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/stats", tags=["stats"], route_class=StrictRoute)


@router.get("/events", response_model=schemas.StatsPage, summary="Count events")
async def count_events(request: Request, query: Annotated[StatsQuery, Query()]) -> Response:
    """Events and fatalities by one or two of year, month, day, country, type, actor and dataset, under all filters.

    Uncertain dates stay uncertain: `possible` counts the events that may have happened in a period, and so one
    that is known to the year in each of its months; `certain` counts those that surely did, each in one period at
    most. `fatalities` are those of the certain events, so that no death is counted in two periods. A period is cut
    to the asked range, which is all the time there is when no time is grouped by. An open end reaches as far as
    the asked range, or else the known days of the events found, do.

    An event counts once for each of its countries and actors, whatever their roles, so rows by country or actor add
    up to more than there are events; with `country`, `country_role` or `actor`, only those asked for have rows.
    Rows are in order of time, then most possible first. There is one page: what would be longer than `limit` is
    refused.
    """
    return await responses.page(request, query, timelines.events, rendering.stats_json)

"""`/v1/events.atom` and `/v1/events.feed.json`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app import feeds, responses
from app.filters import FeedQuery
from app.routing import StrictRoute

router = APIRouter(tags=["events"], route_class=StrictRoute)


@router.get(
    "/events.atom",
    summary="Subscribe to events with a feed reader",
    response_class=Response,
    responses={200: {"content": feeds.PUBLISHED_ATOM}},
)
async def get_atom_feed(request: Request, query: Annotated[FeedQuery, Query()]) -> Response:
    """Events that match all filters as an Atom feed, those that changed last first.

    An entry keeps its id when its event changes. A withdrawn event leaves the feed; `/v1/changes` tells of it.
    """
    return await responses.feed(request, query, feeds.atom, feeds.ATOM)


@router.get(
    "/events.feed.json",
    summary="Subscribe to events with JSON Feed",
    response_class=Response,
    responses={200: {"content": feeds.PUBLISHED_JSON}},
)
async def get_json_feed(request: Request, query: Annotated[FeedQuery, Query()]) -> Response:
    """The same as JSON Feed 1.1."""
    return await responses.feed(request, query, feeds.json_feed, feeds.JSON_FEED)

"""`/v1/events`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import formats, queries, rendering, responses, schemas
from app.filters import EventQuery
from app.routing import StrictRoute

router = APIRouter(prefix="/events", tags=["events"], route_class=StrictRoute)

EventId = Annotated[
    str, Path(description="`dataset.local-id`", examples=["niger-2024.us-agrees-to-withdraw"])
]


@router.get(
    "",
    response_model=schemas.EventPage,
    summary="Find events",
    responses={200: {"content": formats.PUBLISHED}, 406: {"description": "Accept allows no form of it"}},
)
async def list_events(request: Request, query: Annotated[EventQuery, Query()]) -> Response:
    """Events that match all filters, newest first.

    Several values of one parameter are alternatives; several parameters must all hold. A date range finds
    every event that *may* have happened in it; `date_match=certain` finds those that surely did. Follow
    `next` until it is null to get every event exactly once, also while events are being added.

    `format`, or the `Accept` header, asks for GeoJSON, CSV or NDJSON instead. Without a `limit` these hold all
    events that match, of one moment, and are sent while they are read.
    """
    return await responses.events(request, query)


@router.get(
    "/{event_id}",
    response_model=schemas.EventWithEvidence,
    summary="Get one event with its evidence",
    responses={
        410: {"model": schemas.Withdrawn, "description": "Withdrawn, with the reason and its successor"}
    },
)
async def get_event(request: Request, event_id: EventId) -> Response:
    """One event, and under `evidence` what each source says of it, in which passage, and who said it.

    `start` and `end` count Unicode code points of the source's text, whose SHA-256 the source record carries;
    so the passage can be found, and checked against `passage_sha256`, in a copy of the text.
    """
    return await responses.one(request, event_id, queries.event, rendering.event_with_evidence_json)


@router.get("/{event_id}/history", response_model=schemas.History, summary="Get the revisions of one event")
async def get_event_history(request: Request, event_id: EventId) -> Response:
    """When the event was loaded and edited, and what each edit changed; a withdrawn event has its history still."""
    return await responses.one(request, event_id, queries.history, rendering.history_json)

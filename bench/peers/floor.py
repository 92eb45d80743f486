"""Floors: as many prepared bytes as the real answer has, from bare ASGI (L1) and from a FastAPI route (L3)."""

import json
import os
from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Response

_CHUNK = 1 << 18
# By item: how many bytes its answer has on average; an item of no bytes is answered 304.
SIZES: dict[str, int] = json.loads(os.environ.get("FLOOR_SIZES", "{}"))
_BODIES = {item: b"x" * min(size, 8 << 20) for item, size in SIZES.items()}


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """L1: no framework."""
    if scope["type"] != "http":
        return
    item = scope["path"][1:]
    size, body = SIZES.get(item, 0), _BODIES.get(item, b"")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]
    status = 200 if size else 304
    await send({"type": "http.response.start", "status": status, "headers": headers if size else []})
    if size > len(body):  # an export is a stream
        for left in range(size, 0, -_CHUNK):
            chunk = body[: min(_CHUNK, left)]
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": body})


checked = FastAPI()


@checked.get("/{item}")
async def prepared(
    item: Annotated[str, Path(max_length=20)],
    country: Annotated[str | None, Query(max_length=3)] = None,
    date_from: date | None = None,
    date_to: date | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    sort: Annotated[str, Query(pattern="^-?date$")] = "-date",
) -> Response:
    """L3: five parameters are validated, then nothing is done with them."""
    return Response(_BODIES.get(item, b""), media_type="application/json")

"""The one way in which a read becomes a response: snapshot, ETag, 304, Link."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urljoin

from fastapi import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app import __version__, formats, queries
from app.bodies import Whole, given_headers, held
from app.db import Reader
from app.errors import BadRequest, NotFound, fault
from app.feeds import Feed
from app.filters import EventQuery, FeedQuery
from app.formats import Encoder
from app.pagination import Page
from app.rendering import REPRESENTATION, event_json

JSON = "application/json"
GEOJSON = "application/geo+json"


class GeoJson(JSONResponse):
    """A response that is published as GeoJSON."""

    media_type = GEOJSON


Make = Callable[[Reader], Awaitable[tuple[bytes, dict[str, str]]]]
AsJson = Callable[[Any], bytes]


async def page(
    request: Request, query: Any, select: Callable[[Reader, Any], Awaitable[Page]], as_json: AsJson
) -> Response:
    """A list: what `select` finds for `query`, each row rendered by `as_json`."""

    async def make(reader: Reader) -> tuple[bytes, dict[str, str]]:
        found = await select(reader, query)
        link = _next_link(request, found)
        return _list_body(found, link, as_json), _following(link)

    return await made(request, make)


async def one(
    request: Request,
    key: str,
    select: Callable[[Reader, str], Awaitable[Any]],
    as_json: AsJson,
    media_type: str = JSON,
) -> Response:
    """One thing: what `select` finds for `key`, rendered by `as_json`."""

    check_key(key)

    async def make(reader: Reader) -> tuple[bytes, dict[str, str]]:
        return as_json(await select(reader, key)), {}

    return await made(request, make, media_type)


def check_key(key: str) -> None:
    """NotFound for what no database takes as text."""
    if "\0" in key or (not key.isascii() and key != key.encode("utf-8", "ignore").decode()):
        raise NotFound("Nothing has an id like this")


def fixed(request: Request, body: bytes, media_type: str = JSON) -> Response:
    """Something that only a new release of the software changes."""
    return Whole(body, {"Content-Type": media_type} | validators(request, _digest(body))).to(request.scope)


@lru_cache(100)
def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def made(request: Request, make: Make, media_type: str = JSON, of: str = "") -> Response:
    """What `make` makes of a snapshot; `of` is what it depends on beside the address and the data."""
    if unchanged := await _unchanged(request, of):
        return unchanged
    async with request.app.state.reads.snapshot() as reader:
        body, headers = await make(reader)
    checks = validators(request, reader.version + of)
    headers = {"Content-Type": media_type, **checks, **headers}
    return Whole(body, headers, version=reader.version).to(request.scope)


async def _unchanged(request: Request, of: str) -> Response | None:
    """304 for a client that holds what would be made, which nothing need be read for."""
    tags = held(request.scope)
    version = await request.app.state.bodies.version() if tags else None
    if version is None:
        return None
    checks = validators(request, version + of)
    return Whole(b"", checks, HTTPStatus.NOT_MODIFIED) if checks["ETag"] in tags else None


_SOFTWARE = f"{__version__} {REPRESENTATION}".encode()


def validators(request: Request, version: str) -> dict[str, str]:
    """The same address, of the same data, by the same software, is the same bytes."""
    scope = request.scope
    asked = f"{version} {scope['path']}?{scope['query_string']!r}"
    digest = hashlib.blake2b(asked.encode(), digest_size=12, key=_SOFTWARE).hexdigest()
    age = request.app.state.settings.max_age
    return {"ETag": f'"{digest}"', "Cache-Control": f"public, max-age={age}" if age else "no-cache"}


def _following(link: str | None) -> dict[str, str]:
    return {"Link": f'<{link}>; rel="next"'} if link else {}


_PLAIN = re.compile(r"[A-Za-z0-9_.,~&=-]*")  # what stands in a link as it was asked


def _next_link(request: Request, found: Page) -> str | None:
    if found.cursor is None:
        return None
    name = "cursor" if found.token is None else "since"
    asked = request.scope["query_string"].decode("latin-1")
    if _PLAIN.fullmatch(asked):
        parts = [part for part in asked.split("&") if part and not part.startswith(f"{name}=")]
        return f"{request.scope['path']}?{'&'.join((*parts, f'{name}={found.cursor}'))}"
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != name]
    return f"{request.url.path}?{urlencode([*kept, (name, found.cursor)])}"


def _list_body(found: Page, link: str | None, as_json: AsJson) -> bytes:
    following = b"null" if link is None else b'"%s"' % link.encode()
    total = b"null" if found.total is None else b"%d" % found.total
    exact = {None: b"null", True: b"true", False: b"false"}[found.total_is_exact]
    token = b"" if found.token is None else b',"token":"%s"' % found.token.encode()
    end = b'],"next":%s,"total":%s,"total_is_exact":%s%s}' % (following, total, exact, token)
    items = [as_json(row) for row in found.rows] or [b""]
    items[0] = b'{"items":[' + items[0]
    items[-1] += end
    return b",".join(items)  # which is all that copies the whole


def next_link(request: Request, found: Page) -> str | None:
    """The absolute address of the page that follows, for clients that cannot resolve one."""
    link = _next_link(request, found)
    return None if link is None else urljoin(str(request.base_url), link)


def _accepted(request: Request) -> str | None:
    accept = given_headers(request.scope).get(b"accept")
    return None if accept is None else str(accept, "latin-1")


async def events(request: Request, query: EventQuery) -> Response:
    """Events in the format that the query or the Accept header asks for."""
    form = formats.chosen(query.format, _accepted(request))
    if form.encoder is None:
        answer = await page(request, query, queries.events, event_json)
    else:
        answer = await _encoded(request, query, form, form.encoder())
    answer.headers["Vary"] = "Accept"
    return answer


_BATCH = 40  # events, which are held at once; other requests wait for as many


async def _encoded(request: Request, query: EventQuery, form: formats.Format, encoder: Encoder) -> Response:
    """A page when there is a limit; without one everything, streamed over a snapshot that lasts as long."""
    if query.count != "none" and form is not formats.GEOJSON:
        raise BadRequest(fault("count", f"{form.name} has no place to tell it; ask for json or geojson"))
    of, paged = f" {form.name}", "limit" in query.model_fields_set
    if unchanged := await _unchanged(request, of):
        return unchanged
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(
            request.app.state.reads.snapshot("answer" if paged else "stream")
        )
        checks, tags = validators(request, reader.version + of), held(request.scope)
        headers = {"Content-Type": form.media_type, **checks, **_FILE_NAME.get(form.name, {})}
        pages = queries.batches(reader, query, query.limit if paged else _BATCH)
        stack.push_async_callback(pages.aclose)
        first = await anext(pages)  # whatever is wrong with the query is told here, with a status of its own
        if "*" in tags or checks["ETag"] in tags:
            return Whole(b"", checks, HTTPStatus.NOT_MODIFIED)
        if not paged:
            body = _streamed(encoder, first, pages)
            return Streamed(body, stack.pop_all(), headers=headers)
    link = _next_link(request, first)
    headers |= _following(link)
    text = encoder.head() + encoder.rows(map(event_json, first.rows)) + encoder.tail(link, _total(first))
    return Whole(text, headers, version=reader.version)


_FILE_NAME = {"csv": {"Content-Disposition": 'attachment; filename="events.csv"'}}


def _total(found: Page) -> int | None:
    """What is counted, where it was counted to the end."""
    return found.total if found.total_is_exact else None


async def _streamed(encoder: Encoder, first: Page, more: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    yield encoder.head() + encoder.rows(map(event_json, first.rows))
    async for found in more:
        batch = [event_json(row) for row in found.rows]
        if encoder.is_quick:
            yield encoder.rows(batch)
            await asyncio.sleep(0)  # a client that takes all at once would keep others waiting
        else:  # a batch of CSV takes as long as many other answers do
            yield await asyncio.to_thread(encoder.rows, batch)
    if tail := encoder.tail(None, _total(first)):
        yield tail


_STALLED_SECONDS = 60.0  # a client that takes nothing for so long has no claim to a connection any more


class Streamed(StreamingResponse):
    """A body that is made while it is sent. A failure on the way breaks the connection, so that nobody takes
    what has come for the whole."""

    def __init__(self, body: AsyncIterator[bytes], held: AsyncExitStack, **options: Any) -> None:
        super().__init__(body, **options)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_STALLED_SECONDS):
                await send(message)

        try:
            if scope.get("head"):
                self.body_iterator = _nothing()
            await super().__call__(scope, receive, send_in_time)
        finally:
            await self._held.aclose()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def feed(
    request: Request, query: FeedQuery, write: Callable[[Feed], bytes], media_type: str
) -> Response:
    """The events that changed last as a feed, whose addresses are whole, since readers keep it elsewhere."""
    root = str(request.base_url).rstrip("/")
    path = f"{request.url.path}?{request.url.query}".rstrip("?")

    async def make(reader: Reader) -> tuple[bytes, dict[str, str]]:
        found = await queries.events(reader, query.as_events())
        return write(Feed(root, path, [event_json(row) for row in found.rows])), {}

    return await made(request, make, media_type, f" {root}")

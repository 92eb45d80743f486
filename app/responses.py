"""The one way in which a read becomes a response: a view of the data, ETag, 304, Link."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urljoin

from fastapi import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app import formats, queries
from app.bodies import Headers, Whole, given_headers, is_held, validators
from app.errors import BadRequest, NotFound, fault
from app.feeds import Feed
from app.filters import EventQuery, FeedQuery
from app.formats import Encoder
from app.overload import Pace
from app.pagination import Page
from app.rendering import event_json
from app.snapshots import Reader

JSON = "application/json"
GEOJSON = "application/geo+json"


class GeoJson(JSONResponse):
    """A response that is published as GeoJSON."""

    media_type = GEOJSON


Make = Callable[[Reader], Awaitable[tuple[bytes, Headers]]]
AsJson = Callable[[Any], bytes]


async def page(
    request: Request, query: Any, select: Callable[[Reader, Any], Awaitable[Page]], as_json: AsJson
) -> Response:
    """A list: what `select` finds for `query`, each row rendered by `as_json`."""

    async def make(reader: Reader) -> tuple[bytes, Headers]:
        found = await select(reader, query)
        link = _next_link(request, found)
        return _list_body(found, link, as_json), following(link)

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

    async def make(reader: Reader) -> tuple[bytes, Headers]:
        return as_json(await select(reader, key)), []

    return await made(request, make, media_type)


def check_key(key: str) -> None:
    """NotFound for what no database takes as text."""
    if "\0" in key or (not key.isascii() and key != key.encode("utf-8", "ignore").decode()):
        raise NotFound("Nothing has an id like this")


def fixed(request: Request, body: bytes, media_type: str = JSON) -> Response:
    """Something that only a new release of the software changes."""
    scope = request.scope
    return Whole(body, [_typed(media_type), *validators(scope, _digest(body))]).to(scope)


@lru_cache(100)
def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@cache
def _typed(media_type: str) -> tuple[bytes, bytes]:
    return b"content-type", media_type.encode()


async def made(request: Request, make: Make, media_type: str = JSON) -> Response:
    """What `make` makes of the data, which it may be asked for twice."""
    scope = request.scope
    (body, headers), version = await request.app.state.reads.answer(make)
    headers = [_typed(media_type), *validators(scope, version), *headers]
    return Whole(body, headers, version=version).to(scope)


def following(link: str | None) -> Headers:
    """The header that leads to the next page."""
    return [(b"link", f'<{link}>; rel="next"'.encode())] if link else []


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
    items = [*map(as_json, found.rows)] or [b""]
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
        return await page(request, query, queries.events, event_json)
    if query.count != "none" and form is not formats.GEOJSON:
        raise BadRequest(fault("count", f"{form.name} has no place to tell it; ask for json or geojson"))
    if "limit" in query.model_fields_set:
        return await _encoded_page(request, query, form, form.encoder)
    return await _stream(request, query, form, form.encoder())


async def _encoded_page(
    request: Request, query: EventQuery, form: formats.Format, encoder_of: Callable[[], Encoder]
) -> Response:
    async def make(reader: Reader) -> tuple[bytes, Headers]:
        found, encoder = await queries.events(reader, query), encoder_of()
        link = _next_link(request, found)
        body = encoder.head() + encoder.rows(map(event_json, found.rows))
        body += encoder.tail(link, _counted(found.total, found.total_is_exact))
        return body, [*_file(form), *following(link)]

    return await made(request, make, form.media_type)


async def _stream(request: Request, query: EventQuery, form: formats.Format, encoder: Encoder) -> Response:
    """Everything, sent while it is read, over a view that lasts as long."""
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(request.app.state.reads.snapshot("stream"))
        checks = validators(request.scope, reader.version)
        batches = queries.batches(reader, query, Pace(request.app.state.queue))
        stack.push_async_callback(batches.aclose)
        # Whatever is wrong with the query is told here, with a status of its own.
        first: Sequence[Any] = await anext(batches, [])  # not (), at which Python 3.11 fails
        if is_held(request.scope, checks):
            return Whole(b"", checks, HTTPStatus.NOT_MODIFIED)
        total = _counted(*await queries.total(reader, query))
        headers = [_typed(form.media_type), *checks, *_file(form)]
        return Streamed(_streamed(encoder, first, batches, total), stack.pop_all(), headers)


def _file(form: formats.Format) -> Headers:
    if form.name != "csv":
        return []
    return [(b"content-disposition", b'attachment; filename="events.csv"')]


def _counted(total: int | None, is_exact: bool | None) -> int | None:
    """What is counted, where it was counted to the end."""
    return total if is_exact else None


async def _streamed(
    encoder: Encoder, first: Sequence[Any], more: AsyncIterator[Sequence[Any]], total: int | None
) -> AsyncIterator[bytes]:
    yield encoder.head() + encoder.rows(map(event_json, first))
    async for rows in more:
        documents = map(event_json, rows)
        if encoder.is_quick:
            yield encoder.rows(documents)
            await asyncio.sleep(0)  # a client that takes all at once would keep others waiting
        else:  # a batch of CSV takes as long as many other answers do
            yield await asyncio.to_thread(encoder.rows, documents)
    if tail := encoder.tail(None, total):
        yield tail


_STALLED_SECONDS = 60.0  # a client that takes nothing for so long has no claim to a connection any more


class Streamed(StreamingResponse):
    """A body that is made while it is sent. A failure on the way breaks the connection, so that nobody takes
    what has come for the whole."""

    def __init__(self, body: AsyncIterator[bytes], held: AsyncExitStack, headers: Headers) -> None:
        super().__init__(body)
        self.raw_headers, self._held = headers, held

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

    async def make(reader: Reader) -> tuple[bytes, Headers]:
        found = await queries.events(reader, query.as_events())
        return write(Feed(root, path, [event_json(row) for row in found.rows])), []

    return await made(request, make, media_type)

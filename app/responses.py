"""The one way in which a read becomes a response: snapshot, ETag, 304, Link."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app import __version__, queries
from app.db import Reader
from app.errors import NotFound
from app.pagination import Page
from app.schemas import REPRESENTATION

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
        headers = {"Link": f'<{link}>; rel="next"'} if link else {}
        return _list_body(found, link, as_json), headers

    return await _answer(request, make)


async def one(
    request: Request, key: str, select: Callable[[Reader, str], Awaitable[Any]], as_json: AsJson
) -> Response:
    """One thing: what `select` finds for `key`, rendered by `as_json`."""

    if "\0" in key or (not key.isascii() and key != key.encode("utf-8", "ignore").decode()):
        raise NotFound("Nothing has an id like this")  # no database takes it as text

    async def make(reader: Reader) -> tuple[bytes, dict[str, str]]:
        return as_json(await select(reader, key)), {}

    return await _answer(request, make)


def fixed(request: Request, body: bytes, media_type: str = JSON) -> Response:
    """Something that only a new release of the software changes."""
    headers = _headers(request, hashlib.sha256(body).hexdigest())
    return _whole_or_304(request, body, headers, media_type)


async def _answer(request: Request, make: Make) -> Response:
    async with request.app.state.reads.snapshot() as reader:
        headers = _headers(request, await queries.version(reader))
        if headers["ETag"] in _held(request):
            return Response(status_code=304, headers=headers)
        body, more = await make(reader)
    return _whole_or_304(request, body, headers | more, JSON)


def _headers(request: Request, version: str) -> dict[str, str]:
    """The same address, of the same data, by the same software, is the same bytes."""
    asked = f"{request.url.path}?{request.url.query}"
    digest = hashlib.sha256(f"{__version__} {REPRESENTATION} {version} {asked}".encode()).hexdigest()
    age = request.app.state.settings.max_age
    return {"ETag": f'"{digest[:24]}"', "Cache-Control": f"public, max-age={age}" if age else "no-cache"}


_TAG = re.compile(r'(?:W/)?("[^"]*")|(\*)')


def _held(request: Request) -> set[str]:
    """The entity tags that the client says it holds; `*` stands for any."""
    return {tag or star for tag, star in _TAG.findall(request.headers.get("if-none-match", ""))}


def _whole_or_304(request: Request, body: bytes, headers: dict[str, str], media_type: str) -> Response:
    if _held(request) & {headers["ETag"], "*"}:
        return Response(status_code=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    return Response(body, headers=headers, media_type=media_type)


def _next_link(request: Request, found: Page) -> str | None:
    if found.cursor is None:
        return None
    name = "cursor" if found.token is None else "since"
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != name]
    return f"{request.url.path}?{urlencode([*kept, (name, found.cursor)])}"


def _list_body(found: Page, link: str | None, as_json: AsJson) -> bytes:
    items = b",".join(map(as_json, found.rows))
    following = b"null" if link is None else b'"%s"' % link.encode()
    total = b"null" if found.total is None else b"%d" % found.total
    exact = {None: b"null", True: b"true", False: b"false"}[found.total_is_exact]
    token = b"" if found.token is None else b',"token":"%s"' % found.token.encode()
    return b'{"items":[%s],"next":%s,"total":%s,"total_is_exact":%s%s}' % (
        items,
        following,
        total,
        exact,
        token,
    )

"""Finished answers: what tells one from another, and those that are kept while the data is as it was."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Scope

from app import __version__
from app.rendering import REPRESENTATION
from app.watch import Watch

Headers = list[tuple[bytes, bytes]]
_LARGEST = 1 << 20  # bytes of one answer that is kept
_OVERHEAD = 2_000  # bytes that an answer takes beside its body and address, on the safe side
_OK = int(HTTPStatus.OK)  # to look it up takes two calls each time
_ALSO_ON_304 = frozenset({b"etag", b"cache-control", b"vary"})
_SOFTWARE = f"{__version__} {REPRESENTATION}".encode()


class Whole(Response):
    """A finished answer: these bytes with these headers, made of the data in the state called `version`."""

    def __init__(self, body: bytes, headers: Headers, status: int = _OK, version: str | None = None) -> None:
        # Starlette's own way to the same costs as much as finding a page does.
        self.status_code, self.body, self.background, self.version = status, body, None, version
        self.raw_headers = headers
        if status == _OK:
            self.raw_headers.append((b"content-length", b"%d" % len(body)))

    def to(self, scope: Scope) -> "Whole":
        """The answer to whoever asks: this one, or 304 when the client holds it."""
        if not is_held(scope, self.raw_headers):
            return self
        kept = [header for header in self.raw_headers if header[0] in _ALSO_ON_304]
        return Whole(b"", kept, HTTPStatus.NOT_MODIFIED)


def validators(scope: Scope, version: str) -> Headers:
    """The same address in the same form, of the data in the same state, by the same software, is the same bytes."""
    asked = repr((version, _asked(scope)))
    digest = hashlib.blake2b(asked.encode(), digest_size=12, key=_SOFTWARE).hexdigest()
    age = _caching(scope["app"].state.settings.max_age)
    return [(b"etag", b'"%b"' % digest.encode()), (b"cache-control", age), (b"vary", b"Accept")]


@cache
def _caching(age: int) -> bytes:
    return b"public, max-age=%d" % age if age else b"no-cache"


_TAG = re.compile(rb'(?:W/)?("[^"]*")|(\*)')


def is_held(scope: Scope, headers: Headers, *, by_name: bool = False) -> bool:
    """The client says that it holds what has these validators: `by_name`, or as whatever there is."""
    given = given_headers(scope).get(b"if-none-match")
    if given is None:
        return False
    held = {tag or star for tag, star in _TAG.findall(given)}
    return dict(headers)[b"etag"] in held or (b"*" in held and not by_name)


def given_headers(scope: Scope) -> Mapping[bytes, bytes]:
    """The headers of a request; of one that comes twice, the first."""
    given: Mapping[bytes, bytes] | None = scope.get("given_headers")
    if given is None:
        given = scope["given_headers"] = dict(reversed(scope["headers"]))
    return given


class Bodies:
    """The answers of one process that were asked for last, `most` bytes of them."""

    def __init__(self, most: int, watch: Watch) -> None:
        self._most, self._watch, self._size = most, watch, 0
        self._kept: OrderedDict[_Asked, Whole] = OrderedDict()

    async def find(self, scope: Scope) -> Whole | None:
        """The answer that takes no look at the data: one that is kept and still true, or 304 for whom it is."""
        asked = _asked(scope)
        if asked not in self._kept and b"if-none-match" not in given_headers(scope):
            return None
        version = await self._watch.version()
        if version is None:  # there is no telling
            return None
        kept = self._kept.get(asked)  # it may have gone meanwhile
        if kept is not None and kept.version == version:
            self._kept.move_to_end(asked)
            return kept.to(scope)
        checks = validators(scope, version)
        return Whole(b"", checks, HTTPStatus.NOT_MODIFIED) if is_held(scope, checks, by_name=True) else None

    def keep(self, scope: Scope, answer: Response) -> None:
        """Keep an answer for whoever asks the same, if it is one that can be kept."""
        if not isinstance(answer, Whole) or answer.version is None or answer.status_code != _OK:
            return
        asked = _asked(scope)
        size = _size(asked, answer)
        self._forget(asked)
        if len(answer.body) <= _LARGEST and size <= self._most:
            self._kept[asked] = answer
            self._size += size
        while self._size > self._most:
            self._forget(next(iter(self._kept)))

    def _forget(self, asked: "_Asked") -> None:
        gone = self._kept.pop(asked, None)
        if gone is not None:
            self._size -= _size(asked, gone)

    def clear(self) -> None:
        """Forget every answer."""
        self._kept.clear()
        self._size = 0

    async def close(self) -> None:
        self.clear()
        await self._watch.close()


_Asked = tuple[str, str, str, bytes, bytes, bytes]


def _asked(scope: Scope) -> _Asked:
    """All that an answer depends on but the data: the address, as it was asked, and the form."""
    asked: _Asked | None = scope.get("asked")
    if asked is None:
        given = given_headers(scope)
        root, host, accept = scope.get("root_path", ""), given.get(b"host", b""), given.get(b"accept", b"")
        asked = scope["asked"] = scope["path"], root, scope["scheme"], scope["query_string"], host, accept
    return asked


def _size(asked: _Asked, answer: Whole) -> int:
    return sum(map(len, asked)) + len(answer.body) + _OVERHEAD

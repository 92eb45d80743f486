"""Finished answers, kept in memory for as long as the data they were made of is the newest."""

import re
from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Scope

from app.watch import Watch

_LARGEST = 1 << 20  # bytes of one answer that is kept
_OVERHEAD = 2_000  # bytes that an answer takes beside its body and address, on the safe side
_ALSO_ON_304 = frozenset({b"etag", b"cache-control", b"vary"})


class Whole(Response):
    """A finished answer: these bytes with these headers, made of the data in the state called `version`."""

    def __init__(
        self,
        body: bytes,
        headers: Mapping[str, str],
        status: int = HTTPStatus.OK,
        version: str | None = None,
    ) -> None:
        # Starlette's own way to the same costs as much as finding a page does.
        self.status_code, self.body, self.background, self.version = status, body, None, version
        self.raw_headers = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
        if status == HTTPStatus.OK:
            self.raw_headers.append((b"content-length", b"%d" % len(body)))

    def to(self, scope: Scope) -> "Whole":
        """The answer to whoever asks: this one, or 304 when the client holds it."""
        tags = held(scope)
        if not tags or ("*" not in tags and dict(self.raw_headers)[b"etag"].decode() not in tags):
            return self
        unchanged = Whole(b"", {}, HTTPStatus.NOT_MODIFIED)
        unchanged.raw_headers = [header for header in self.raw_headers if header[0] in _ALSO_ON_304]
        return unchanged


_TAG = re.compile(r'(?:W/)?("[^"]*")|(\*)')


def held(scope: Scope) -> Collection[str]:
    """The entity tags that the client says it holds; `*` stands for any."""
    given = given_headers(scope).get(b"if-none-match")
    return () if given is None else [tag or star for tag, star in _TAG.findall(str(given, "latin-1"))]


def given_headers(scope: Scope) -> Mapping[bytes, bytes]:
    """The headers of a request; of one that comes twice, the first."""
    return dict(reversed(scope["headers"]))


class Bodies:
    """The answers of one process that were asked for last, `most` bytes of them."""

    def __init__(self, most: int, watch: Watch) -> None:
        self._most, self._watch, self._size = most, watch, 0
        self._kept: OrderedDict[Hashable, Whole] = OrderedDict()

    async def version(self) -> str | None:
        """What the data's state is called, at the least price; None when there is no telling."""
        return await self._watch.version()

    async def find(self, scope: Scope) -> Whole | None:
        """The answer to this request, if it is kept and there is nothing newer."""
        key = _key(scope)
        kept = self._kept.get(key)
        if kept is None or kept.version != await self._watch.version():
            return None
        if key in self._kept:  # it may have gone meanwhile
            self._kept.move_to_end(key)
        return kept

    def keep(self, scope: Scope, answer: Response) -> None:
        """Keep an answer for whoever asks the same, if it is one that can be kept."""
        if not isinstance(answer, Whole) or answer.version is None or answer.status_code != HTTPStatus.OK:
            return
        key = _key(scope)
        self._forget(key)
        if len(answer.body) <= _LARGEST and _size(key, answer) <= self._most:
            self._kept[key] = answer
            self._size += _size(key, answer)
        while self._size > self._most:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= _size(key, gone)

    def clear(self) -> None:
        """Forget every answer."""
        self._kept.clear()
        self._size = 0

    async def close(self) -> None:
        self.clear()
        await self._watch.close()


_Key = tuple[str, str, str, bytes, bytes, bytes]


def _key(scope: Scope) -> _Key:
    """All that an answer depends on but the data: the address, as it was asked, and the form."""
    given = given_headers(scope)
    root, host, accept = scope.get("root_path", ""), given.get(b"host", b""), given.get(b"accept", b"")
    return scope["path"], root, scope["scheme"], scope["query_string"], host, accept


def _size(key: Hashable, answer: Whole) -> int:
    assert isinstance(key, tuple)
    return sum(map(len, key)) + len(answer.body) + _OVERHEAD

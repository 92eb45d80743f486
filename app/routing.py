"""How a path reads its parameters: strictly, by name, and once."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from app.bodies import Bodies
from app.errors import BadRequest, fault, unknown
from app.values import Split

Pairs = list[tuple[str, str]]
_REMEMBERED, _SHORT = 200, 300  # queries of each path, and bytes of each, that are not read twice


class StrictRoute(APIRoute):
    """Refuses what FastAPI would pass over in silence: unknown, empty, and wrongly repeated parameters.

    An endpoint that takes the request, texts of the path and at most one query model, and makes its own
    response, is called at once: FastAPI's own reading of parameters costs more than most queries do. It is
    declared to FastAPI all the same, and a test holds that both ways answer alike.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._reader = _Reader(endpoint, self.dependant.query_params)
        self._takes = frozenset(self.methods or ())
        self.is_direct = self._reader.is_all

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self._takes:
            return await super().handle(scope, receive, send)
        if self.is_direct:
            answer = await self.answer(scope, receive)
            return await answer(scope, receive, send)
        self._reader.check(scope["query_string"])
        await super().handle(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """What the endpoint says, or has said; `is_direct` tells whether it can be asked like this."""
        bodies: Bodies = scope["app"].state.bodies
        known = await bodies.find(scope)
        if known is not None:
            return known
        query = self._reader.query(scope["query_string"])
        answer: Response = await self.endpoint(Request(scope, receive), **scope["path_params"], **query)
        bodies.keep(scope, answer)
        return answer


class Direct:
    """Finds the route of a path by looking it up, where walking through all of them finds the same one."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._whole: dict[str, StrictRoute] = {}
        self._under: dict[str, tuple[str, StrictRoute]] = {}  # by what stands before the one parameter
        for context in iter_route_contexts(routes):
            route, path = context.original_route, context.path or ""
            if not isinstance(route, StrictRoute) or not route.is_direct or route.methods != {"GET"}:
                continue
            before, _, name = path.removesuffix("}").rpartition("/{")
            if "{" not in path:
                self._whole.setdefault(path, route)
            elif "{" not in before and path.endswith("}") and name.isidentifier():
                self._under.setdefault(before, (name, route))

    def find(self, scope: Scope) -> StrictRoute | None:
        """The route, which the scope is made ready for; None when it takes a walk to know."""
        if scope["method"] != "GET" or scope.get("root_path"):
            return None
        path, parameters = scope["path"], {}
        route = self._whole.get(path)
        if route is None:
            before, _, value = path.rpartition("/")
            found = self._under.get(before)
            if found is None or not value:
                return None
            name, route = found
            parameters[name] = value
        scope["route"], scope["path_params"] = route, parameters
        return route


class _Reader:
    """Makes the query model of one endpoint from the pairs of an address."""

    def __init__(self, endpoint: Callable[..., Any], query_params: Iterable[Any]) -> None:
        hints = get_type_hints(endpoint)
        returned, asked = hints.pop("return", None), hints.pop("request", None)
        self._model: type[BaseModel] | None = hints.pop("query", None)
        texts = all(hint is str for hint in hints.values())
        makes_response = isinstance(returned, type) and issubclass(returned, Response)
        self.is_all = texts and makes_response and asked is Request
        fields = {
            name: field
            for parameter in query_params
            for name, field in parameter.field_info.annotation.model_fields.items()
        }
        self._names = frozenset(fields)
        self._repeatable = frozenset(name for name, field in fields.items() if Split in field.metadata)

        self._read_before = lru_cache(_REMEMBERED)(self._read)

    def check(self, text: bytes) -> Pairs:
        """The pairs of an address; BadRequest for what is unknown, empty or given twice."""
        pairs = _pairs(text.decode("latin-1"))
        faults = list(_faults(pairs, self._names, self._repeatable)) if pairs else None
        if faults:
            raise BadRequest(*faults)
        return pairs

    def query(self, text: bytes) -> Mapping[str, BaseModel]:
        """The endpoint's `query`, validated; it may be the one of an earlier request, and nobody changes it."""
        return self._read_before(text) if len(text) <= _SHORT else self._read(text)

    def _read(self, text: bytes) -> Mapping[str, BaseModel]:
        pairs = self.check(text)
        if self._model is None:
            return {}
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in self._repeatable:
                values.setdefault(name, []).append(value)
            else:
                values[name] = value
        try:
            return {"query": self._model.model_validate(values)}
        except ValidationError as error:
            wrong = error.errors(include_url=False)
            raise RequestValidationError([{**e, "loc": ("query", *e["loc"])} for e in wrong]) from None


_NOTHING_ENCODED = re.compile(r"[A-Za-z0-9_.,~:=&-]*")


def _pairs(asked: str) -> Pairs:
    """Names and values, also the empty ones."""
    asked = asked.replace("%2C", ",")  # which many clients encode and none needs to
    if not _NOTHING_ENCODED.fullmatch(asked):
        return parse_qsl(asked, keep_blank_values=True)
    return [(name, value) for name, _, value in (part.partition("=") for part in asked.split("&") if part)]


def _faults(
    given: Iterable[tuple[str, str]], known: frozenset[str], repeatable: frozenset[str]
) -> Iterable[dict[str, Any]]:
    seen = set()
    for name, value in given:
        if name not in known:
            yield unknown(name, sorted(known))
        elif not value.strip():
            yield fault(name, "is empty; leave it out or give it a value")
        elif name in seen and name not in repeatable:
            yield fault(name, "is given twice and takes one value")
        seen.add(name)

"""How a path reads its parameters: strictly, by name, and once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import BadRequest, fault, unknown
from app.values import Split

Pairs = list[tuple[str, str]]


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
        self._direct = self._reader.is_all

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self._takes:
            return await super().handle(scope, receive, send)
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        self._reader.check(pairs)
        if not self._direct:
            return await super().handle(scope, receive, send)
        response = await self.endpoint(
            Request(scope, receive, send), **scope["path_params"], **self._reader.query(pairs)
        )
        await response(scope, receive, send)


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

    def check(self, pairs: Pairs) -> None:
        """BadRequest for what is unknown, empty or given twice."""
        faults = list(_faults(pairs, self._names, self._repeatable)) if pairs else None
        if faults:
            raise BadRequest(*faults)

    def query(self, pairs: Pairs) -> Mapping[str, BaseModel]:
        """The endpoint's `query`, validated."""
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

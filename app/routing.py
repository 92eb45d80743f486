"""How a path reads its parameters: strictly, by name."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.errors import BadRequest, fault, unknown
from app.values import Split


class StrictRoute(APIRoute):
    """Refuses what FastAPI would pass over in silence: unknown, empty, and wrongly repeated parameters."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        fields = {
            name: field
            for parameter in self.dependant.query_params
            for name, field in parameter.field_info.annotation.model_fields.items()  # type: ignore[union-attr]
        }
        repeatable = {name for name, field in fields.items() if Split in field.metadata}

        async def strict(request: Request) -> Response:
            faults = list(_faults(request.query_params.multi_items(), fields, repeatable))
            if faults:
                raise BadRequest(*faults)
            return await handle(request)

        return strict


def _faults(
    given: Iterable[tuple[str, str]], known: Iterable[str], repeatable: set[str]
) -> Iterable[dict[str, Any]]:
    names, seen = list(known), set()
    for name, value in given:
        if name not in names:
            yield unknown(name, names)
        elif not value.strip():
            yield fault(name, "is empty; leave it out or give it a value")
        elif name in seen and name not in repeatable:
            yield fault(name, "is given twice and takes one value")
        seen.add(name)

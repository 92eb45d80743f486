"""The published contract: what FastAPI generates, made exact."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app import __version__
from app.errors import PROBLEM
from app.schemas import EventFeatures, JsonFeed, Problem

_DESCRIPTION = """\
Structured geopolitical events: who did what to whom, where and when, and **how we know**.

* Every event can be traced to the passage that reports it: see `evidence` of `GET /v1/events/{event_id}`.
* Uncertain dates and places are kept uncertain, and filters honour that: see `date_match`.
* Disagreement between sources stays visible: see `stance` and `independent_origins`.
* What is not understood is refused, by name: a typo never returns the whole world.

Reading needs no key. Fields are only added; ids never change and are never reused; cursors are opaque.
"""

INFO: dict[str, Any] = {
    "title": "Dateline",
    "version": __version__,
    "summary": "Geopolitical events, each traceable to the passage that reports it.",
    "description": _DESCRIPTION,
    "license_info": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "contact": {"name": "The Dateline maintainers"},
    "openapi_tags": [
        {"name": "events", "description": "What happened, is going on, is planned or is alleged."},
        {
            "name": "stats",
            "description": "How many events, and how many deaths, by time, country, type and more.",
        },
        {"name": "changes", "description": "What has changed, for mirrors."},
        {"name": "countries", "description": "ISO 3166-1, with the codes of other datasets."},
        {"name": "actors", "description": "Who takes part."},
        {"name": "sources", "description": "Who reports it, and where they have it from."},
        {"name": "datasets", "description": "What is loaded, under which licence."},
        {"name": "codes", "description": "What the codes mean."},
        {"name": "ogc", "description": "The same events for QGIS, GDAL and others: OGC API - Features."},
        {"name": "operations", "description": "For whoever runs it."},
    ],
    "generate_unique_id_function": lambda route: route.name,
}

_ERRORS = {
    "400": "Something in the path or query is not understood; `errors` names it and says what is allowed",
    "404": "Nothing has this path",
    "503": "The database is away or not migrated, or the server too busy; `Retry-After` says when to try again",
    "4XX": "Another mistake in the request",
    "5XX": "A failure of the server",
}
# The docs page fills in a parameter's `example`: these make a first try that finds something.
_TRIED_FIRST = {"country", "date_from", "date_to"}
_HEADERS = {
    "ETag": (
        "Strong validator; send it back in `If-None-Match` to get 304 while nothing has changed",
        "string",
    ),
    "X-Request-ID": ("Names this request in the server's log; a usable one that you send is kept", "string"),
}
_AGAIN = {
    "Retry-After": {
        "description": "Seconds after which to try again",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def install(app: FastAPI) -> None:
    """Make `app` publish its contract in the exact form."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _exact(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                    contact=app.contact,
                    license_info=app.license_info,
                )
            )
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]


def _exact(document: dict[str, Any]) -> dict[str, Any]:
    document["servers"] = [{"url": "/", "description": "This server"}]
    document["security"] = []
    schemas = document["components"]["schemas"]
    for model in (Problem, EventFeatures, JsonFeed):
        schemas[model.__name__] = model.model_json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        schemas |= schemas[model.__name__].pop("$defs", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, item in document["paths"].items():
        for operation in item.values():
            _exact_operation(path, operation)
    return document


def _is_json(media_type: str) -> bool:
    return media_type.partition(";")[0].endswith("json")


def _exact_operation(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        _exact_parameter(parameter)
    answers = operation["responses"]
    examples = _examples()
    for media_type, published in answers["200"]["content"].items():
        name = operation["operationId"]
        if (key := f"{name} {media_type}") in examples or (
            (key := name) in examples and _is_json(media_type)
        ):
            published["example"] = examples[key]
    answers.pop("422", None)  # FastAPI's own; there is no body, and a query is refused with 400
    if path.startswith(("/v1/", "/ogc")):
        answers["304"] = {"description": "Not modified since the `ETag` that `If-None-Match` names"}
        answers["200"]["headers"] = {
            name: {"description": words, "schema": {"type": kind}} for name, (words, kind) in _HEADERS.items()
        }
    for status, words in _ERRORS.items():
        if status != "404" or "{" in path:
            answers.setdefault(status, {"description": words, "content": _problem_content("Problem")})
    answers["503"]["headers"] = _AGAIN
    for status, answer in answers.items():
        if status[0] in "45" and answer.get("content"):  # FastAPI gives an error the media type of the answer
            answer["content"] = {PROBLEM: next(iter(answer["content"].values()))}


@cache
def _examples() -> dict[str, Any]:
    """What operations answer over the seed; `make examples` writes the file."""
    found: dict[str, Any] = json.loads((files("app") / "data" / "examples.json").read_text("utf-8"))
    return found


def _problem_content(schema: str) -> dict[str, Any]:
    return {PROBLEM: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _exact_parameter(parameter: dict[str, Any]) -> None:
    """A parameter that may be left out is not one that may be null; a list is written with commas."""
    schema = parameter["schema"]
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    for option in options[:1]:
        schema |= option
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    schema.pop("title", None)
    if examples := schema.pop("examples", None):
        one = examples[0]
        shown = [one] if schema.get("type") == "array" and not isinstance(one, list) else one
        if parameter["in"] == "path" or parameter["name"] in _TRIED_FIRST:
            parameter["example"] = shown
        else:
            schema["examples"] = [shown]

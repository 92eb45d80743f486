"""The operations of the published contract, as the laws need them: where they are, and what they may answer."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from sqlalchemy import event
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings

DOCUMENT = create_app(Settings(database_url="sqlite:///nowhere.db")).openapi()
JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass(frozen=True)
class Parameter:
    """A query parameter as it is published."""

    name: str
    schema: dict[str, Any]
    example: Any

    @property
    def repeatable(self) -> bool:
        return self.schema.get("type") == "array" and "minItems" not in self.schema

    @property
    def values(self) -> list[str]:
        """Values that the contract shows, those not among them that mean what leaving it out does."""
        shown = self.schema.get("enum", []) + self.schema.get("items", {}).get("enum", [])
        example = [] if self.example is None else [as_text(self.example)]
        left_out = "json" if self.name == "format" else self.schema.get("default")
        return [value for value in example + shown if value != left_out]


@dataclass(frozen=True)
class Operation:
    """A GET of the contract."""

    path: str
    spec: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.spec["operationId"])

    @property
    def parameters(self) -> list[Parameter]:
        found = [p for p in self.spec.get("parameters", []) if p["in"] == "query"]
        return [
            Parameter(p["name"], p["schema"], p.get("example", p["schema"].get("examples", [None])[0]))
            for p in found
        ]

    @property
    def in_path(self) -> dict[str, str]:
        """The parameters of the path, each with its example."""
        return {p["name"]: p["example"] for p in self.spec.get("parameters", []) if p["in"] == "path"}

    @property
    def is_list(self) -> bool:
        return any(parameter.name == "cursor" for parameter in self.parameters)

    @property
    def is_data(self) -> bool:
        return self.path.startswith(("/v1/", "/ogc"))

    @property
    def is_fixed(self) -> bool:
        """Whether only a new release of the software changes what it says."""
        return self.id in FIXED

    def address(self, client: TestClient) -> str:
        """A path of this operation that holds something in the client's database."""
        if not self.in_path:
            return self.path
        first = items_of(client.get(self.parent, params={"limit": 1}).json())[0]
        return self.of(key_of(first))

    @property
    def parent(self) -> str:
        """The list whose items have paths of this operation."""
        return self.path.split("/{")[0]

    def of(self, key: str) -> str:
        """The path of this operation for one item."""
        return re.sub(r"\{\w+\}", quote(key), self.path)


FIXED = {
    "get_codes",
    "get_outlines",
    "get_landing_page",
    "get_api",
    "get_conformance",
    "get_queryables",
    "get_feature_schema",
}
OPERATIONS = [Operation(path, item["get"]) for path, item in DOCUMENT["paths"].items()]
LISTS = [operation for operation in OPERATIONS if operation.is_list]
DATA = [operation for operation in OPERATIONS if operation.is_data]
LIVE = [operation for operation in DATA if not operation.is_fixed]
PARAMETERS = [(operation, parameter) for operation in OPERATIONS for parameter in operation.parameters]
_A_YEAR = {"date_from": "2024", "date_to": "2024"}
# What a parameter needs beside it to matter, or to be answered in few rows.
BESIDE: dict[str, dict[str, str]] = {
    "date_match": _A_YEAR,
    "group": _A_YEAR,
    "fill": {"group": "month,type", **_A_YEAR},
    "limit": {"group": "actor"},  # what is one row is so under any limit
}
PAGES = ("/", "/docs", "/openapi.json", "/docs/assets/swagger-ui.css")


def name_of(value: Any) -> str:
    """How a test's case is called."""
    return str(getattr(value, "id", None) or getattr(value, "name", None) or value)


def items_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a page, which GeoJSON calls features."""
    items: list[dict[str, Any]] = page["features" if "features" in page else "items"]
    return items


def next_of(page: dict[str, Any]) -> str | None:
    """Where the page after a page is: a path, which GeoJSON's links give as an absolute address."""
    if "features" not in page:
        link: str | None = page["next"]
        return link
    following = [urlsplit(link["href"]) for link in page["links"] if link["rel"] == "next"]
    assert all(parts.scheme and parts.netloc for parts in following)
    return f"{following[0].path}?{following[0].query}" if following else None


def total_of(page: dict[str, Any]) -> tuple[int | None, bool | None]:
    """How many items the list has in all, and whether that is exact; GeoJSON says only what is."""
    if "features" in page:
        return page.get("numberMatched"), True if "numberMatched" in page else None
    return page["total"], page["total_is_exact"]


def key_of(item: dict[str, Any]) -> str:
    """What an item of a list is addressed by."""
    return str(item["id"] if "id" in item else item["code"])


def as_text(value: Any) -> str:
    """A value as a query spells it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@cache
def _components() -> dict[str, Any]:
    """The published schemas, made to refuse what they do not name."""
    schemas = deepcopy(DOCUMENT["components"]["schemas"])
    for schema in schemas.values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return {"schemas": schemas}


@cache
def validator_of(schema: str) -> Any:
    """What checks a value against a published schema, given as JSON."""
    validator = Draft202012Validator(
        json.loads(schema) | {"components": _components()}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    validator.check_schema(validator.schema)
    return validator


_FOUND_VALID: set[tuple[str, bytes]] = set()


def essence(media_type: str) -> str:
    """A media type without its parameters."""
    return media_type.partition(";")[0].strip()


def is_json(media_type: str) -> bool:
    """Whether what has this media type is one value of JSON."""
    return media_type == JSON or media_type.endswith("+json")


def check(operation: Operation, answer: Any) -> Any:
    """The answer's body, found to be one of those that the contract publishes for its status."""
    answers, status = operation.spec["responses"], str(answer.status_code)
    published = answers.get(status) or answers[f"{status[0]}XX"]
    sent = answer.headers["content-type"]
    media_type = sent if sent in published["content"] else essence(sent)
    assert media_type in published["content"], f"{answer.url}: {status} as {media_type} is not published"
    for name in published.get("headers", {}):
        assert name in answer.headers, f"{answer.url}: the published header {name} is missing"
    if not is_json(media_type):
        return answer.text
    schema = json.dumps(published["content"][media_type]["schema"])
    known = (schema, sha256(answer.content).digest())
    body = answer.json()
    if known not in _FOUND_VALID:  # the same bytes are so again, and both databases say the same
        validator_of(schema).validate(body)
        _FOUND_VALID.add(known)
    return body


def items(answer: Any) -> list[Any]:
    """What an answer tells, one by one: the items of a list or the entries of a feed."""
    if is_json(essence(answer.headers["content-type"])):
        return items_of(answer.json())
    return re.findall("<entry>.*?</entry>", answer.text, re.DOTALL)


def check_problem(answer: Any, status: int, parameter: str | None = None) -> dict[str, Any]:
    """The problem that an answer is, with this status and naming this parameter."""
    assert answer.status_code == status, f"{answer.url}: {answer.status_code}: {answer.text[:300]}"
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    validator_of(
        '{"$ref": "#/components/schemas/%s"}' % ("Withdrawn" if status == 410 else "Problem")
    ).validate(body)
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    if parameter is not None:
        assert parameter in {error["parameter"] for error in body["errors"]}, body
    return body


def walk(client: TestClient, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every item of a list, page by page; the list's end is said once, and where it is."""
    found: list[dict[str, Any]] = []
    params: list[tuple[str, Any]] = [(name, value) for name, value in query.items() if value is not None]
    while True:
        answer = client.get(path, params=params)
        assert answer.status_code == 200, f"{answer.url}: {answer.text[:300]}"
        page = answer.json()
        following = next_of(page)
        assert ('rel="next"' in answer.headers.get("link", "")) == (following is not None)
        found += items_of(page)
        if following is None:
            return found
        assert len(items_of(page)) == int(query.get("limit") or 100), "a page that is not the last is full"
        link = urlsplit(following)
        assert (link.scheme, link.netloc, link.path) == ("", "", path)
        params = list(parse_qsl(link.query))


class _Recorder(logging.Handler):
    def __init__(self, seen: list[tuple[str, str]]) -> None:
        super().__init__(logging.DEBUG)
        self.seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append((record.__dict__["statement"], record.__dict__["parameters"]))


@contextmanager
def statements(client: Any) -> Iterator[list[tuple[str, str]]]:
    """Every statement that the client's server runs meanwhile, with its parameters; no answer is kept from before."""
    seen: list[tuple[str, str]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, str(parameters)))

    client.app.state.bodies.clear()
    engine = client.app.state.reads._engine
    engine = getattr(engine, "sync_engine", engine)
    log, recorder = logging.getLogger("dateline.sql"), _Recorder(seen)
    log.addHandler(recorder)
    log.setLevel(logging.DEBUG)
    event.listen(engine, "before_cursor_execute", record)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", record)
        log.setLevel(logging.NOTSET)
        log.removeHandler(recorder)

"""The direct way of a read, held against FastAPI's own: the same requests, the same answers."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match
from starlette.testclient import TestClient

from app import errors
from app.routing import Direct, StrictRoute
from tests.client import QuickClient
from tests.operations import DATA, PARAMETERS, Operation, Parameter, as_text, name_of

every_operation = pytest.mark.parametrize("operation", DATA, ids=name_of)


@pytest.fixture(scope="session")
def direct(worlds: dict[str, TestClient]) -> TestClient:
    """The API, over the small world."""
    return worlds["sqlite"]


@pytest.fixture(scope="session")
def plain(direct: TestClient) -> Iterator[TestClient]:
    """The same endpoints as plain routes of FastAPI, over the same database, in the same loop."""
    ours: Any = direct.app
    app = FastAPI()
    app.state, app.openapi = ours.state, ours.openapi  # type: ignore[method-assign]
    errors.install(app)
    for context in iter_route_contexts(ours.routes):
        if isinstance(context.original_route, StrictRoute) and context.endpoint is not None:
            app.router.add_api_route(str(context.path), context.endpoint, response_model=None)
    assert not any(isinstance(route, StrictRoute) for route in app.routes)
    client = QuickClient(app, raise_server_exceptions=False)
    client.portal = direct.portal
    yield client
    client.portal = None


def _told(client: TestClient, address: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    answer = client.get(address, headers=headers)
    if answer.status_code < 400:
        return answer.status_code, (answer.content, answer.headers.get("etag"), answer.headers.get("link"))
    problem = answer.json()
    problem.pop("request_id")
    return answer.status_code, problem


def _both(direct: TestClient, plain: TestClient, address: str) -> tuple[int, Any]:
    """What both say, which is the same."""
    said = _told(direct, address)
    assert said == _told(plain, address), address
    return said


def test_all_of_the_data_is_read_the_direct_way(direct: TestClient) -> None:
    contexts = iter_route_contexts(direct.app.routes)  # type: ignore[attr-defined]
    routes = {c.path: c.original_route for c in contexts if isinstance(c.original_route, APIRoute)}
    for operation in DATA:
        route = routes[operation.path]
        assert isinstance(route, StrictRoute) and route.is_direct, operation.path


@every_operation
def test_what_is_there_is_the_same(direct: TestClient, plain: TestClient, operation: Operation) -> None:
    assert _both(direct, plain, operation.address(direct))[0] == 200
    for key in ("nope", "a b", "%00", "%FF", "é", "%E2%80%A8", "x" * 300, "NE", "ne", "..", "a%0A"):
        if operation.in_path:
            _both(direct, plain, operation.path.replace("{" + next(iter(operation.in_path)) + "}", key))


@pytest.mark.parametrize(
    ("operation", "parameter"), PARAMETERS, ids=[f"{o.id}-{p.name}" for o, p in PARAMETERS]
)
def test_a_value_is_read_alike(
    direct: TestClient, plain: TestClient, operation: Operation, parameter: Parameter
) -> None:
    shown = [*parameter.values, *_MALFORMED, as_text(parameter.example)]
    for value in shown:
        _both(direct, plain, f"{operation.path}?{parameter.name}={quote(value)}")
    if parameter.repeatable:
        both = urlencode([(parameter.name, value) for value in shown[:2]])
        _both(direct, plain, f"{operation.path}?{both}")


_MALFORMED = [
    "nope",
    "-1",
    "0",
    "1e3",
    "1.5",
    "2024-13",
    "2024-02-30",
    "a,b",
    "NE,nope",
    "é",
    "\0",
    "+",
    "true",
    "9" * 40,
]
_LISTS = st.sampled_from([o for o in DATA if o.parameters])
_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)


@given(data=st.data(), operation=_LISTS)
def test_any_query_is_read_alike(
    direct: TestClient, plain: TestClient, data: st.DataObject, operation: Operation
) -> None:
    names = data.draw(st.lists(st.sampled_from(operation.parameters), unique_by=lambda p: p.name, max_size=4))
    pairs = [(p.name, data.draw(_TEXT | st.sampled_from([*p.values, *_MALFORMED]))) for p in names]
    _both(direct, plain, f"{operation.path}?{urlencode(pairs)}")


@every_operation
def test_what_fastapi_passes_over_is_refused(
    direct: TestClient, plain: TestClient, operation: Operation
) -> None:
    address = operation.address(direct)
    queries = ["surprise=1", "=1"]
    if operation.parameters:
        queries += ["limit=1&limit=2", "limit=1&surprise=1"] if operation.is_list else []
        queries += [f"{p.name}=" for p in operation.parameters]
    for query in queries:
        status, problem = _told(direct, f"{address}?{query}")
        assert status == 400 and problem["errors"], query
        passed_over, _ = _told(plain, f"{address}?{query}")
        assert passed_over in (200, 400), query


def test_a_path_looked_up_is_the_path_walked_to(direct: TestClient) -> None:
    app: Any = direct.app
    found = Direct(app.routes)
    paths = [o.path for o in DATA] + [o.path.format(**o.in_path) for o in DATA]
    paths += [path + "/" for path in paths] + [path + "/x" for path in paths] + [path + "x" for path in paths]
    for path in [
        *paths,
        "/",
        "//",
        "",
        "/v1",
        "/v1/",
        "/v1//",
        "/v1/events//",
        "/health/live",
        "/metrics",
        "/mcp",
        "/docs",
    ]:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        looked_up = found.find(dict(scope))
        if looked_up is None:
            continue
        walked: dict[str, Any] = dict(scope)
        match = next(m for m in (_match(route, walked) for route in app.routes) if m)
        assert match[0] is looked_up, path


def _match(route: Any, scope: dict[str, Any]) -> tuple[Any, dict[str, str]] | None:
    """The route below `route` that takes the request, and the texts of its path."""
    for context in iter_route_contexts([route]):
        effective = context._effective_route
        match, child = effective.matches(scope)
        if match is Match.FULL:
            return context.original_route, child["path_params"]
    return None

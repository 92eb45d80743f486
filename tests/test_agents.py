"""What language models are given at `/mcp`: the API's own answers, marked as data, by the SDK's own client."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client, types

from app import agents
from app.tool_schemas import NOTICE
from tests.client import QuickClient, application
from tests.operations import DOCUMENT, check_problem
from tests.served import served

NAMES = ["search_events", "get_event", "timeline", "resolve", "coverage"]


@pytest.fixture(scope="module")
def address(seeded_url: str) -> Iterator[str]:
    with served(seeded_url) as made:
        yield made


Agent = Callable[[str, dict[str, Any]], types.CallToolResult]


@pytest.fixture(scope="module")
def agent(address: str) -> Iterator[Agent]:
    """Calls a tool, in one session for all."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(f"{address}/mcp")) as client,
    ):
        yield lambda name, arguments: portal.call(client.call_tool, name, arguments)


def given_by(agent: Agent, name: str, /, **arguments: Any) -> dict[str, Any]:
    """What a tool gives; the client has held it against the tool's output schema."""
    result = agent(name, arguments)
    assert not result.is_error, result.content
    answer: dict[str, Any] | None = result.structured_content
    assert answer is not None and answer["notice"] == NOTICE
    assert json.loads(_text(result)) == answer
    return answer


def refused(agent: Agent, name: str, /, **arguments: Any) -> dict[str, Any]:
    """The first fault of a refusal."""
    result = agent(name, arguments)
    assert result.is_error
    problem = json.loads(_text(result))
    fault: dict[str, Any] = problem["errors"][0]
    assert fault["parameter"] in problem["detail"]
    return fault


def _text(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def api(address: str, path: str, **parameters: Any) -> Any:
    # To read certificates takes longer than all else.
    answer = httpx2.get(address + path, params=parameters, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_are_read_only_and_say_what_not_to_trust(address: str, mode: Any) -> None:
    async def run() -> types.ListToolsResult:
        async with Client(f"{address}/mcp", mode=mode) as client:
            assert client.instructions is not None and NOTICE in client.instructions
            return await client.list_tools()

    tools = asyncio.run(run()).tools
    assert [tool.name for tool in tools] == NAMES
    for tool in tools:
        hints = tool.annotations
        assert hints is not None and hints.read_only_hint and hints.idempotent_hint
        assert hints.open_world_hint is False and hints.destructive_hint is False
        assert tool.description is not None and NOTICE in tool.description
        assert tool.output_schema is not None and "untrusted_data" in tool.output_schema["required"]
        for schema in tool.input_schema["properties"].values():
            assert "type" in schema or "enum" in schema


def test_a_search_takes_every_filter_of_events(address: str) -> None:
    async def run() -> types.ListToolsResult:
        async with Client(f"{address}/mcp") as client:
            return await client.list_tools()

    search, _, timeline, *_ = asyncio.run(run()).tools
    for tool, path, left_out in (
        (search, "/v1/events", {"count", "format"}),
        (timeline, "/v1/stats/events", set()),
    ):
        published = {p["name"] for p in DOCUMENT["paths"][path]["get"]["parameters"]}
        assert set(tool.input_schema["properties"]) == published - left_out


_FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "country": st.lists(st.sampled_from(["NE", "USA", "ru", "ML"]), min_size=1, max_size=2, unique=True),
        "type": st.lists(
            st.sampled_from(["CONSULT", "RETREAT", "PROTEST"]), min_size=1, max_size=2, unique=True
        ),
        "date_from": st.sampled_from(["2023", "2024-04", "2024-04-19"]),
        "date_match": st.sampled_from(["possible", "certain"]),
        "q": st.sampled_from(["quân đội", "niger", "drone"]),
        "sort": st.sampled_from(["date", "-date", "-updated"]),
        "bbox": st.just([-6, 11, 16, 24]),
        "limit": st.integers(1, 50),
    },
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(arguments=_FILTERS)
def test_a_search_gives_what_the_api_gives(agent: Agent, address: str, arguments: dict[str, Any]) -> None:
    query = {n: ",".join(map(str, v)) if isinstance(v, list) else v for n, v in arguments.items()}
    answer = given_by(agent, "search_events", **arguments)
    page = api(address, "/v1/events", **({"limit": 10} | query))
    assert answer["untrusted_data"] == page["items"]
    assert (answer["next_cursor"] is None) == (page["next"] is None)


def test_following_the_cursor_gives_every_event_once(agent: Agent, address: str) -> None:
    found, cursor = [], None
    while True:
        answer = given_by(agent, "search_events", limit=7, cursor=cursor)
        found += [event["id"] for event in answer["untrusted_data"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == [event["id"] for event in api(address, "/v1/events", limit=1000)["items"]]


def test_an_event_comes_with_its_evidence(agent: Agent, address: str) -> None:
    for event in api(address, "/v1/events")["items"][:3]:
        answer = given_by(agent, "get_event", event_id=event["id"])["untrusted_data"]
        assert answer == api(address, f"/v1/events/{event['id']}") and answer["evidence"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"date_from": "2024-04", "date_to": "2024-05"},
        {"group": ["year"], "date_from": "2023", "date_to": "2024", "fill": "zero"},
        {"group": ["month", "country"], "country": ["NE", "US"], "date_from": "2024", "date_to": "2024"},
        {"q": "drone", "type": ["RETREAT", "MOBILIZE"], "date_match": "certain"},
    ],
)
def test_a_timeline_counts_what_the_api_counts(agent: Agent, address: str, arguments: dict[str, Any]) -> None:
    query = {n: ",".join(map(str, v)) if isinstance(v, list) else v for n, v in arguments.items()}
    counted = given_by(agent, "timeline", **arguments)["untrusted_data"]
    assert counted == api(address, "/v1/stats/events", **({"group": "month"} | query))["items"]


@pytest.mark.parametrize(
    ("name", "kind", "key", "match"),
    [
        ("Niger", "countries", "NE", "exact"),
        ("562", "countries", "NE", "exact"),
        ("NER", "countries", "NE", "exact"),
        ("viet", "countries", "VN", "words"),
        ("campbell", "actors", "kurt-campbell", "words"),
        ("KURT CAMPBELL", "actors", "kurt-campbell", "exact"),
    ],
)
def test_a_name_is_resolved(agent: Agent, name: str, kind: str, key: str, match: str) -> None:
    found = given_by(agent, "resolve", name=name)["untrusted_data"]
    assert found["complete"]
    first = found[kind][0]
    assert (first.get("code", first.get("id")), first["match"]) == (key, match)


def test_every_actor_and_country_is_resolved_by_its_name(agent: Agent, address: str) -> None:
    for path, kind in (("/v1/actors", "actors"), ("/v1/countries", "countries")):
        for item in api(address, path, limit=8)["items"]:
            found = given_by(agent, "resolve", name=item["name"])["untrusted_data"][kind]
            assert item | {"match": "exact"} in found


def test_coverage_is_every_dataset(agent: Agent, address: str) -> None:
    assert given_by(agent, "coverage")["untrusted_data"] == api(address, "/v1/datasets")["items"]


@pytest.mark.parametrize(
    ("name", "arguments", "parameter", "hint"),
    [
        ("search_events", {"country": ["Nigr"]}, "country", None),
        ("search_events", {"contry": ["NE"]}, "contry", "country"),
        ("search_events", {"count": "exact"}, "count", "country"),
        ("search_events", {"type": ["RETREET"]}, "type", "RETREAT"),
        ("search_events", {"country": []}, "country", None),
        ("search_events", {"limit": 51}, "limit", None),
        ("search_events", {"limit": "many"}, "limit", None),
        ("search_events", {"actor": ["kurt-cambell"]}, "actor", "kurt-campbell"),
        ("search_events", {"cursor": "no"}, "cursor", None),
        ("get_event", {}, "event_id", None),
        ("get_event", {"event_id": ""}, "event_id", None),
        ("get_event", {"event_id": "niger-2024.us-agrees-to-withdraw/history"}, "event_id", None),
        ("timeline", {"date_from": "1999", "fill": "zero"}, "group", None),
        ("timeline", {"date_from": "2024-13", "date_to": "2024"}, "date_from", None),
        ("timeline", {"date_from": "2024", "date_to": "2024", "group": ["week"]}, "group", None),
        ("resolve", {"name": "!"}, "name", None),
        ("resolve", {"name": ""}, "name", None),
        ("coverage", {"country": "NE"}, "country", None),
    ],
)
def test_a_refusal_names_the_argument(
    agent: Agent, name: str, arguments: dict[str, Any], parameter: str, hint: str | None
) -> None:
    fault = refused(agent, name, **arguments)
    assert fault["parameter"] == parameter and fault["detail"]
    if hint is not None:
        assert fault.get("did_you_mean") == hint


@pytest.mark.parametrize("event_id", ["no.such", ".", "\0", "đ?x=1"])
def test_no_event_has_this_id(agent: Agent, event_id: str) -> None:
    result = agent("get_event", {"event_id": event_id})
    assert result.is_error and json.loads(_text(result))["status"] == 404


def test_there_is_no_other_tool(agent: Agent) -> None:
    result = agent("drop_tables", {})
    assert result.is_error and json.loads(_text(result))["allowed"] == NAMES


_PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
_HEADERS = {"Accept": "application/json, text/event-stream"}


def test_requests_pass_through_the_same_middleware(address: str) -> None:
    answer = httpx2.post(f"{address}/mcp", json=_PING, headers=_HEADERS | {"X-Request-ID": "mine"})
    assert answer.status_code == 200 and answer.headers["x-request-id"] == "mine"
    assert answer.headers["content-type"].startswith("application/json")
    for method in ("GET", "PUT", "DELETE"):
        answer = httpx2.request(method, f"{address}/mcp", headers=_HEADERS)
        assert answer.headers["allow"] == "POST"
        check_problem(answer, 405)


def test_a_letter_too_long_is_refused(address: str) -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    for content in (b" " * 70_000, slowly()):
        answer = httpx2.post(
            f"{address}/mcp", content=content, headers=_HEADERS | {"Content-Type": "application/json"}
        )
        check_problem(answer, 413)


def test_without_the_sdk_there_is_no_such_place(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "find_spec", lambda _name: None)
    with QuickClient(application(url)) as client:
        check_problem(client.post("/mcp", json=_PING), 404)

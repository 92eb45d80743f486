"""What every answer carries besides its body: headers, ids, limits, log lines, metrics and the docs."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi import Request
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.importers.load import load
from app.main import create_app
from app.observability import _JsonLines, _Together
from app.records import Withdrawal
from app.settings import Settings
from app.turns import Turns
from tests import make
from tests.client import QuickClient, application
from tests.operations import DATA, DOCUMENT, LIVE, OPERATIONS, PAGES, Operation, check_problem, name_of

ROOT = Path(__file__).parent.parent
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
every_address = pytest.mark.parametrize("place", [*OPERATIONS, *PAGES], ids=name_of)


@contextmanager
def serving(url: str, **settings: Any) -> Iterator[TestClient]:
    """A client of an API with these settings."""
    with QuickClient(application(url, **settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def api(worlds: dict[str, TestClient]) -> TestClient:
    """A client of an API with data; what is told here does not depend on the database."""
    return worlds["sqlite"]


def _address(client: TestClient, place: Operation | str) -> str:
    return place if isinstance(place, str) else place.address(client)


@pytest.fixture
def broken(world: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A client of an API in which every read fails for a reason that nobody foresaw, and no answer is kept."""

    async def fail(_: Any) -> None:
        raise RuntimeError("the cellar\nis flooded")

    monkeypatch.setattr(Turns, "take", fail)
    world.app.state.bodies.clear()  # type: ignore[attr-defined]
    return world


def test_nothing_is_there(api: TestClient) -> None:
    for path in (
        "/v1",
        "/v1/nothing",
        "/v1/events/a/b",
        "/v2/events",
        "/docs/assets/nothing.js",
        "/favicon.ico",
    ):
        assert check_problem(api.get(path), 404)["instance"] == path
    for operation in OPERATIONS:
        if operation.in_path:
            path = operation.path.format(**dict.fromkeys(operation.in_path, "no-such-thing"))
            assert "no-such-thing" in check_problem(api.get(path), 404)["detail"]


@every_address
def test_reading_is_all_that_can_be_done(api: TestClient, place: Operation | str) -> None:
    path = _address(api, place)
    for method in ("POST", "PUT", "PATCH", "DELETE", "BREW"):
        answer = api.request(method, path)
        check_problem(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD"


def test_what_was_withdrawn_is_gone(client: TestClient, engine: Engine) -> None:
    first, second = make.event("made.one"), make.event("made.two")
    load(engine, make.release(first, second))
    gone = Withdrawal(id="made.one", reason="Told twice", successor_id="made.two")
    load(engine, make.release(second, withdrawals=[gone]))
    problem = check_problem(client.get("/v1/events/made.one"), 410)
    assert (problem["reason"], problem["successor"]) == ("Told twice", "made.two")
    assert [event["id"] for event in client.get("/v1/events").json()["items"]] == ["made.two"]


@pytest.mark.parametrize("operation", LIVE, ids=name_of)
def test_an_unforeseen_failure_is_a_problem_that_gives_nothing_away(
    broken: TestClient, operation: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = broken.get(operation.path.format(**operation.in_path), headers={"Origin": "https://a.example"})
    problem = check_problem(answer, 500)
    assert "cellar" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    (line,) = [_line(record) for record in caplog.records if record.levelname == "ERROR"]
    assert line["request_id"] == problem["request_id"]
    assert "cellar" in line["exception"]


def test_a_body_is_limited(url: str) -> None:
    class Letter(BaseModel):
        text: str

    app = application(url, max_body_bytes=1000)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/parsed")
    async def parsed(letter: Letter) -> int:
        return len(letter.text)

    def sent(size: int, chunked: bool) -> Any:
        body = json.dumps({"text": "x" * (size - len('{"text": ""}'))}).encode()
        return (body[at : at + 100] for at in range(0, size, 100)) if chunked else body

    with QuickClient(app, raise_server_exceptions=False) as client:
        for path in ("/raw", "/parsed"):
            for chunked in (False, True):
                headers = {"Content-Type": "application/json"}
                assert client.post(path, content=sent(1000, chunked), headers=headers).status_code == 200
                check_problem(client.post(path, content=sent(1001, chunked), headers=headers), 413)
        check_problem(client.post("/v1/events", content=b"x" * 1001), 413)
        check_problem(client.request("GET", "/v1/events", content=b"x" * 1001), 413)


@every_address
def test_every_answer_has_its_headers(api: TestClient, place: Operation | str) -> None:
    path = _address(api, place)
    origin = {"Origin": "https://a.example"}
    for answer in (
        api.get(path, headers=origin),
        api.head(path, headers=origin),
        api.post(path, headers=origin),
        api.get(path + "?surprise=1", headers=origin),
        api.get(path, headers=origin | {"If-None-Match": "*"}),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert set(exposed) == {"Link", "ETag", "X-Request-ID"}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_may_ask_from_anywhere(api: TestClient, method: str) -> None:
    for wanted in ("If-None-Match", "X-Request-ID", "if-none-match, x-request-id, accept"):
        answer = api.options(
            "/v1/events",
            headers={
                "Origin": "https://a.example",
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": wanted,
            },
        )
        assert answer.status_code in (200, 204), answer.text
        assert answer.headers["access-control-allow-origin"] == "*"
        assert {"GET", "HEAD"} <= set(answer.headers["access-control-allow-methods"].split(", "))


def test_a_browser_may_not_write(api: TestClient) -> None:
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "DELETE"}
    answer = api.options("/v1/events", headers=headers)
    assert "DELETE" not in answer.headers.get("access-control-allow-methods", "")
    check_problem(answer, 400)


@pytest.mark.parametrize("usable", ["7", "trace-01.A_b", "x" * 64, "0af7651916cd43dd8448eb211c80319c"])
def test_a_usable_request_id_is_kept(api: TestClient, usable: str) -> None:
    for path in ("/v1/events", "/v1/nothing", "/v1/events?contry=NE", "/metrics"):
        assert api.get(path, headers={"X-Request-ID": usable}).headers["x-request-id"] == usable
    assert check_problem(api.get("/v1/x", headers={"X-Request-ID": usable}), 404)["request_id"] == usable


@pytest.mark.parametrize(
    "hostile", ["", " ", "a b", "x" * 65, "<script>", 'a"b', "a\tb", "a;b", "\u00e9", "%0d%0a", "${x}"]
)
def test_a_hostile_request_id_is_replaced(api: TestClient, hostile: str) -> None:
    headers = {b"X-Request-ID": hostile.encode()}
    given = {api.get("/v1/events", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(given) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in given)


def test_answers_may_be_kept_as_long_as_is_set(url: str, engine: Engine) -> None:
    load(engine, make.world(1, 3))
    for age, said in ((0, "no-cache"), (60, "public, max-age=60")):
        with serving(url, max_age=age) as client:
            for operation in DATA:
                path = operation.address(client)
                for headers in ({}, {"If-None-Match": "*"}):
                    assert client.get(path, headers=headers).headers["cache-control"] == said
                assert client.get(path + "?surprise=1").headers["cache-control"] == "no-store"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The log lines of requests so far, read back from the JSON that is written."""
    caplog.set_level(logging.INFO, "dateline")
    return lambda: [_line(record) for record in caplog.records if record.name == "dateline.requests"]


def _line(record: logging.LogRecord) -> dict[str, Any]:
    text = _JsonLines().format(record)
    assert len(text.splitlines()) == 1, "one line"
    line = json.loads(text)
    assert isinstance(line, dict)
    return line


def test_a_request_is_one_line_of_json(api: TestClient, lines: Callable[[], list[dict[str, Any]]]) -> None:
    answer = api.get("/v1/events?country=NE&q=qu%C3%A2n")
    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert line["ms"] >= 0
    assert {key: line[key] for key in ("level", "operation", "method", "path", "query", "status", "request_id")} == {
        "level": "info",
        "operation": "list_events",
        "method": "GET",
        "path": "/v1/events",
        "query": "country=NE&q=qu%C3%A2n",
        "status": 200,
        "request_id": answer.headers["x-request-id"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/v1/x%0Ay", "/v1/%E2%80%A8", "/v1/%C2%85%22%7B", "/v1/%00%1B%5B31m", "/v1/%FF?q=%0A"]
)
def test_a_hostile_path_is_one_line_too(
    api: TestClient, lines: Callable[[], list[dict[str, Any]]], path: str
) -> None:
    api.get(path)
    (line,) = lines()
    assert line["operation"] == "unmatched"


def test_lines_of_a_moment_are_written_together_and_none_is_lost() -> None:
    written, log = io.StringIO(), logging.Logger("dateline.requests")  # noqa: LOG001 - of this test alone
    handler = _Together(written)
    log.addHandler(handler)

    async def serve() -> None:
        for word in ("one", "two"):
            log.info(word)
        assert written.getvalue() == ""
        log.warning("three")
        assert written.getvalue() == "one\ntwo\nthree\n"
        log.info("four")
        await asyncio.sleep(0.1)
        assert written.getvalue().endswith("four\n")
        log.info("five")

    asyncio.run(serve())
    handler.flush()  # as logging does when the process ends
    log.info("six")
    assert written.getvalue() == "one\ntwo\nthree\nfour\nfive\nsix\n"


@every_operation
def test_a_line_names_the_operation(
    api: TestClient, lines: Callable[[], list[dict[str, Any]]], operation: Operation
) -> None:
    path = operation.address(api)
    before = len(lines())
    api.get(path)
    api.head(path)
    api.get(path + "?surprise=1")
    told = [(line["operation"], line["method"], line["status"]) for line in lines()[before:]]
    assert told == [
        (operation.id, method, status) for method, status in (("GET", 200), ("HEAD", 200), ("GET", 400))
    ]


def test_metrics_are_labelled_by_operation_alone(api: TestClient) -> None:
    for path in (
        "/v1/events?country=NE",
        "/v1/secret-path",
        "/v1/events/secret-id",
        "/docs/assets/swagger-ui.css",
    ):
        api.get(path)
    api.request("BREW", "/v1/events")
    answer = api.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "secret" not in answer.text and "country=" not in answer.text
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    requests = families["dateline_requests"].samples
    labels = [sample.labels for sample in requests if sample.name.endswith("_total")]
    assert {frozenset(each) for each in labels} == {frozenset(("operation", "method", "status"))}
    assert all(re.fullmatch(r"[a-z_]+", each["operation"]) for each in labels)
    assert {"list_events", "get_event", "unmatched"} <= {each["operation"] for each in labels}
    assert "other" in {each["method"] for each in labels}
    counted = families["dateline_request_duration_seconds"].samples
    assert {key for sample in counted for key in sample.labels} == {"operation", "le"}


def test_docs_come_from_here_alone(api: TestClient) -> None:
    page = api.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.findall(r"""["'(](?:https?:)?//""", page.text), "a foreign address"
    assets = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert len(assets) >= 3
    for asset in assets:
        answer = api.get(urljoin("/docs", asset))
        assert answer.status_code == 200, asset
        assert len(answer.content) > 100
    (contract,) = re.findall(r"""url["']?: ["']([^"']+)["']""", page.text)
    assert api.get(urljoin("/docs", contract)).json() == DOCUMENT


def test_the_dashboard_leads_only_to_what_is_here(seeded: TestClient) -> None:
    page = seeded.get("/")
    for link in re.findall(r"""(?:src|href)=["'](?!data:)([^"'#]+)["']""", page.text):
        assert not re.match(r"(https?:)?//", link), link
        assert seeded.get(urljoin("/", link.replace("&amp;", "&"))).status_code == 200, link


@pytest.mark.parametrize("path", ["/", "/assets/main.js", "/assets/leaflet.css"])
def test_pages_are_cached_by_tag_and_held_to_this_origin(api: TestClient, path: str) -> None:
    first = api.get(path)
    assert first.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in first.headers["content-security-policy"]
    again = api.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_assets_are_a_closed_list(api: TestClient) -> None:
    for name in ("__init__.py", "nothing.js", "..%2Fmain.py", "leaflet-src.js"):
        answer = api.get(f"/assets/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_contract_is_the_committed_one_and_valid(api: TestClient) -> None:
    served = api.get("/openapi.json").json()
    assert served == DOCUMENT == json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    validate(served)
    assert served["openapi"].startswith("3.1")


def test_no_setting_changes_the_contract() -> None:
    """So it is enough that tests.client makes it once."""
    other = Settings(database_url="postgresql://nobody@nowhere/nothing", max_age=0, cache_bytes=0, workers=2)
    assert create_app(other).openapi() == DOCUMENT

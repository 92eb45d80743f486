"""More requests than can be answered: some are refused in the one shape, none wait long, and then all is well at once."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from app import queries, responses, sqlite_reads
from app.errors import Unavailable
from app.filters import EventList
from app.overload import Pace, Queue
from app.pagination import Page
from app.snapshots import Reader
from app.sqlite import sqlite3
from tests.conftest import KINDS
from tests.operations import OPERATIONS, check_problem
from tests.served import served
from tests.test_outages import _reads, _short

LIMIT = 30  # seconds for what a busy machine does slowly
# To read certificates takes longer than all else.
ASKING: dict[str, Any] = {"timeout": LIMIT, "verify": False}
MANY = 100  # clients


@pytest.fixture(params=KINDS)
def world_url(request: pytest.FixtureRequest, worlds: dict[str, Any]) -> str:
    return str(worlds[request.param].app.state.settings.database_url)


Answers = list[tuple[httpx2.Response, float]]


async def _hammer(base: str, paths: list[str], seconds: float) -> list[Answers]:
    """What clients are told, and how long it took, who ask again as soon as they are answered."""
    many = httpx2.Limits(max_connections=len(paths))
    async with httpx2.AsyncClient(base_url=base, limits=many, **ASKING) as client:
        end = time.monotonic() + seconds

        async def ask(path: str) -> Answers:
            answers = []
            while (began := time.monotonic()) < end:
                answers.append((await client.get(path), time.monotonic() - began))
            return answers

        return await asyncio.gather(*map(ask, paths))


@pytest.mark.parametrize("in_loop", [True, False])
def test_under_overload_every_answer_is_right_or_says_when_to_try_again(
    world_url: str, monkeypatch: pytest.MonkeyPatch, in_loop: bool
) -> None:
    """Both when answers take the event loop's time and when they wait for a database."""
    real = queries.events

    async def slow(reader: Reader, query: EventList) -> Page:
        if in_loop:
            time.sleep(0.01)  # noqa: ASYNC251 - as a query of SQLite does
        else:
            await asyncio.sleep(0.05)
        return await real(reader, query)

    monkeypatch.setattr(queries, "events", slow)
    with served(world_url, pool_size=2, pool_timeout=0.2, cache_bytes=0) as base:
        right = httpx2.get(f"{base}/v1/events?limit=1", **ASKING).content
        paths = ["/health/live", "/health/ready", *["/v1/events?limit=1"] * MANY]
        live, ready, *crowd = asyncio.run(_hammer(base, paths, 2))
        # It would be refused, had it to wait for what the crowd has left behind.
        assert httpx2.get(f"{base}/v1/events?limit=1", **ASKING).status_code == 200
    answers = [answer for client in crowd for answer, _ in client]
    refused = [answer for answer in answers if answer.status_code != 200]
    for answer in refused:
        check_problem(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["access-control-allow-origin"] == "*"
    assert all(answer.content == right for answer in answers if answer.status_code == 200)
    assert len(answers) > len(refused) > 0
    assert max(seconds for client in crowd for _, seconds in client) < LIMIT
    for probe in (live, ready):
        assert {answer.status_code for answer, _ in probe} == {200}


def test_the_contract_says_when_to_try_again() -> None:
    for operation in OPERATIONS:
        assert "Retry-After" in operation.spec["responses"]["503"]["headers"]


def test_requests_are_begun_in_the_order_of_coming_or_refused() -> None:
    begun: list[int] = []

    async def ask(queue: Queue, number: int) -> bool:
        try:
            await queue.turn("/v1/events" if number % 10 else "/health/live")
        except Unavailable:
            return False
        begun.append(number)
        time.sleep(0.004)  # noqa: ASYNC251 - the event loop's time is what there is too little of
        return True

    async def ask_all() -> list[bool]:
        queue = Queue(patience=0.1)
        first = await asyncio.gather(*(ask(queue, n) for n in range(100)))
        assert await ask(queue, 101)  # that nobody waits any more is seen at once
        return first

    answered = asyncio.run(ask_all())
    assert sorted(begun) != begun  # what does not queue is begun at once
    queued = [n for n in begun if n % 10]
    assert queued == sorted(queued)
    assert set(range(0, 100, 10)) < set(begun)
    assert answered.count(False) + len(begun) == 101
    assert answered.count(False) > 10


def test_each_use_has_connections_of_its_own(url: str) -> None:
    async def ask() -> None:
        async with _reads(url, pool_size=1, streams=2, pool_timeout=0.1) as reads:
            async with reads.snapshot("stream") as one, reads.snapshot("stream") as other:
                with pytest.raises(Unavailable, match="in use"):
                    async with reads.snapshot("stream"):
                        pass
                async with reads.snapshot() as answer, reads.snapshot("probe") as probe:
                    await asyncio.gather(*map(_short, (one, other, answer, probe)))
            async with reads.snapshot("stream") as one:
                await _short(one)

    asyncio.run(ask())


@contextmanager
def _stalled_export(base: str) -> Iterator[socket.socket]:
    """A client that takes the beginning of an export, and no more."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", urlsplit(base).port))
        client.sendall(b"GET /v1/events?format=geojson HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        yield client


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports that are larger than what a network holds for a client."""
    real = queries.batches

    async def batches(*arguments: Any) -> Any:
        async for rows in real(*arguments):
            for _ in range(200):
                yield rows

    monkeypatch.setattr(queries, "batches", batches)


@pytest.mark.usefixtures("endless")
def test_stalled_exports_hold_up_no_small_request(world_url: str) -> None:
    with served(world_url, pool_size=2, streams=2) as base, ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(_stalled_export(base))
        check_problem(refused := httpx2.get(f"{base}/v1/events?format=csv", **ASKING), 503)
        assert int(refused.headers["retry-after"]) >= 1
        for path in ("/v1/events?limit=5", "/v1/events?format=csv&limit=5", "/health/ready") * 3:
            assert httpx2.get(base + path, **ASKING).status_code == 200
        stack.close()  # whoever goes away makes room
        _until_an_export_begins(base)


@pytest.mark.usefixtures("endless")
def test_a_client_that_takes_nothing_loses_its_export(
    world_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "_STALLED_SECONDS", 0.3)
    with served(world_url, streams=1) as base, _stalled_export(base):
        _until_an_export_begins(base)


def _until_an_export_begins(base: str) -> None:
    end = time.monotonic() + LIMIT
    while True:
        with httpx2.stream("GET", f"{base}/v1/events?format=csv", **ASKING) as answer:
            if answer.status_code == 200:
                return
            assert answer.status_code == 503
        assert time.monotonic() < end


def _told(connection: socket.socket, end: bytes) -> bytes:
    """What comes until these bytes end it, or the server hangs up."""
    told = b""
    while not told.endswith(end) and (more := connection.recv(1 << 20)):
        told += more
    return told


def test_answers_come_whole_and_in_order(world_url: str) -> None:
    paths = [
        b"/v1/countries/NE",
        b"/v1/codes",
        b"/v1/events?format=ndjson",
        b"/v1/nothing",
        b"/v1/countries/VN",
    ]
    get = b"%b %b HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
    with served(world_url) as base:
        here = ("127.0.0.1", urlsplit(base).port)
        each = []
        for method in (b"GET", b"HEAD"):
            for path in paths:
                with socket.create_connection(here, 10) as connection:
                    connection.sendall(get % (method, path, b"Connection: close\r\n"))
                    each.append(_told(connection, b"never"))
        heads, bodies = zip(*(answer.split(b"\r\n\r\n", 1) for answer in each), strict=True)
        assert all(head.startswith(b"HTTP/1.1 ") for head in heads)
        assert all(bodies[: len(paths)])
        assert not any(bodies[len(paths) :])
        with socket.create_connection(here, 10) as connection:
            connection.sendall(b"".join(get % (b"GET", path, b"") for path in paths))
            together = _told(connection, bodies[len(paths) - 1])
        assert together.count(b"HTTP/1.1 ") == len(paths)
        places = [together.index(body) for body in bodies[: len(paths)] if b"request_id" not in body]
        assert places == sorted(places)


def test_a_small_answer_is_one_piece(world_url: str) -> None:
    with (
        served(world_url) as base,
        socket.create_connection(("127.0.0.1", urlsplit(base).port), 10) as connection,
    ):
        for _ in range(20):
            connection.sendall(b"GET /v1/countries/NE HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, body = connection.recv(1 << 16).split(b"\r\n\r\n", 1)
            assert b"content-length: %d" % len(body) in head


@pytest.mark.parametrize("line", ["GET /v1/events?q=biểu HTTP/1.1", "BREW /pot COFFEE/1.0", "\x00\x01"])
def test_what_is_no_http_is_a_problem(world_url: str, line: str) -> None:
    with (
        served(world_url) as base,
        socket.create_connection(("127.0.0.1", urlsplit(base).port), 10) as connection,
    ):
        connection.sendall(f"{line}\r\nHost: localhost\r\n\r\n".encode())
        head, body = _told(connection, b"never").split(b"\r\n\r\n", 1)
    status, *lines = head.decode().split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    headers = dict(one.split(": ", 1) for one in lines)
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(body)
    told = json.loads(body)
    assert "percent-encoded" in told["detail"]
    assert told["request_id"]


def test_a_stream_takes_more_at_once_until_somebody_else_asks() -> None:
    queue = Queue(1)
    pace = Pace(queue)
    grown = [pace() for _ in range(1000)]
    assert grown == sorted(grown)
    assert grown[0] < grown[1]
    assert grown[-1] == grown[-2]

    async def ask() -> None:
        await queue.turn("/v1/events")

    asyncio.run(ask())
    assert pace() < grown[0]
    assert [pace(), pace()] == grown[:2]


@pytest.mark.parametrize("given", [0, 1, 4])
def test_a_stream_that_turns_slow_goes_on_where_it_was(
    worlds: dict[str, TestClient], monkeypatch: pytest.MonkeyPatch, given: int
) -> None:
    """SQLite begins such a query again, in a thread."""
    path, real, begun_again = "/v1/events?format=ndjson", sqlite_reads._Reader._pieces, []
    whole = worlds["sqlite"].get(path).content

    def slow(*arguments: Any) -> Iterator[Any]:
        for n, rows in enumerate(real(*arguments)):
            if n == given:
                begun_again.append(n)
                raise sqlite3.OperationalError("interrupted")
            yield rows

    monkeypatch.setattr(sqlite_reads._Reader, "_pieces", slow)
    assert worlds["sqlite"].get(path).content == whole
    assert begun_again

"""Finished answers that are kept: the same bytes as fresh ones, of the newest data, in bounded memory."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app import bodies, db, watch
from app.importers.load import LoadError, load, load_countries
from app.settings import Settings
from tests import commands, make
from tests.client import QuickClient, application
from tests.operations import DATA, LISTS, Operation, name_of, statements

every_datum = pytest.mark.parametrize("operation", DATA, ids=name_of)
SEED = Path(__file__).parent.parent / "seed" / "niger-2024.yaml"
_PER_REQUEST = {"x-request-id"}


@pytest.fixture
def fresh(url: str) -> Iterator[TestClient]:
    """A client of an API over the same database as `client`, which keeps nothing."""
    with QuickClient(application(url, cache_bytes=0)) as made:
        yield made


def _told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: text for name, text in answer.headers.items() if name not in _PER_REQUEST}
    return answer.status_code, answer.content, headers


def _addresses(client: TestClient) -> list[str]:
    shown = [
        f"{o.path}?limit=2&{p.name}={p.values[0]}" for o in LISTS for p in o.parameters if p.name == "count"
    ]
    forms = [f"/v1/events?format={form}&limit=3" for form in ("csv", "ndjson", "geojson")]
    return [o.address(client) for o in DATA if not o.path.endswith(".parquet")] + shown + forms


def test_countries_that_another_release_writes_otherwise_are_seen_at_once(
    client: TestClient, engine: Engine
) -> None:
    path = "/v1/countries/NE"
    before = client.get(path)
    with engine.begin() as connection:  # as an older release had it
        connection.execute(
            text("UPDATE country SET name = 'Niger, The', digest = 'another' WHERE code = 'NE'")
        )
        connection.execute(text("UPDATE clock SET seq = seq + 1"))
    assert client.get(path).json()["name"] == "Niger, The"
    load_countries(engine)
    assert client.get(path).content == before.content
    told = client.get(path)
    load_countries(engine)  # which changes nothing
    assert client.get(path).headers["etag"] == told.headers["etag"]


def test_a_kept_answer_is_the_fresh_one_before_and_after_each_load(
    client: TestClient, fresh: TestClient, engine: Engine
) -> None:
    load(engine, make.world(1, 5))
    addresses = _addresses(client)

    def failing() -> None:
        with pytest.raises(LoadError):
            load(engine, make.release(dataset=make.dataset("world")))

    changes: list[Callable[[], object]] = [
        lambda: None,
        lambda: load(engine, make.release(make.event(), dataset=make.dataset("another"))),
        failing,
        lambda: load(engine, make.world(2, 6)),
    ]
    for change in changes:
        change()
        for address in addresses:
            wanted = _told(fresh.get(address))
            assert wanted[0] == 200, address
            assert _told(client.get(address)) == wanted, address
            assert _told(client.get(address)) == wanted, f"{address}, kept"


def test_what_is_kept_is_asked_of_no_table(world: TestClient) -> None:
    with statements(world) as seen:
        first = world.get("/v1/events?limit=7")
        asked = len(seen)
        assert asked > 0
        for _ in range(3):
            assert world.get("/v1/events?limit=7").content == first.content
        assert len(seen) == asked


@every_datum
def test_a_kept_answer_keeps_to_http(world: TestClient, operation: Operation) -> None:
    address = operation.address(world)
    world.app.state.bodies.clear()  # type: ignore[attr-defined]
    first = world.get(address)
    again = [world.get(address) for _ in range(2)]
    assert len({each.headers["x-request-id"] for each in (first, *again)}) == 3
    head = world.head(address)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))
    assert _told(head)[2] == _told(first)[2]
    for held in (first.headers["etag"], "*", f'"other", W/{first.headers["etag"]}'):
        kept = _told(world.get(address, headers={"If-None-Match": held}))
        world.app.state.bodies.clear()  # type: ignore[attr-defined]
        assert kept == _told(world.get(address, headers={"If-None-Match": held}))
        assert kept[:2] == (304, b"")
        world.get(address)
    assert world.get(address, headers={"If-None-Match": '"other"'}).content == first.content
    assert world.get(f"{address}?surprise=1").status_code == 400


def test_what_an_answer_depends_on_is_not_mixed_up(world: TestClient) -> None:
    for _ in range(2):
        by_accept = {
            accept: world.get("/v1/events?limit=2", headers={"Accept": accept}).headers["content-type"]
            for accept in ("application/json", "application/geo+json", "text/csv", "*/*")
        }
        assert len(set(by_accept.values())) == 3
        for host in ("one.example", "two.example"):
            assert f"http://{host}/" in world.get("/ogc/collections", headers={"Host": host}).text
        assert (
            world.get("/v1/events?limit=1").json()["items"] != world.get("/v1/events?limit=2").json()["items"]
        )


def test_errors_and_streams_are_not_kept(client: TestClient, engine: Engine) -> None:
    load(engine, make.world(1, 5))
    for path in (
        "/v1/events/nope",
        "/v1/events?contry=NE",
        "/v1/nothing",
        "/health/live",
        "/metrics",
        "/v1/codes",
    ):
        client.get(path)
    client.get("/v1/events?format=csv")
    assert not client.app.state.bodies._kept  # type: ignore[attr-defined]
    assert client.get("/v1/events/nope").status_code == 404
    client.get("/v1/events")
    assert len(client.app.state.bodies._kept) == 1  # type: ignore[attr-defined]


def test_memory_is_bounded_and_what_was_asked_for_last_stays(url: str, engine: Engine) -> None:
    load(engine, make.world(1, 20))
    most = 40_000
    with QuickClient(application(url, cache_bytes=most)) as client:
        kept = client.app.state.bodies  # type: ignore[attr-defined]
        for limit in range(1, 40):
            assert client.get(f"/v1/events?limit={limit}").status_code == 200
            assert client.get("/v1/countries?limit=1").status_code == 200
            assert kept._size == sum(bodies._size(key, one) for key, one in kept._kept.items()) <= most
            assert any(key[0] == "/v1/countries" for key in kept._kept)
        assert 1 < len(kept._kept) < 40


def test_a_load_by_another_process_is_seen_by_the_next_request(client: TestClient, url: str) -> None:
    for _ in range(2):
        assert client.get("/v1/events").json()["items"] == []
    commands.run(url, "import", "dossier", SEED)
    for _ in range(2):
        assert len(client.get("/v1/events").json()["items"]) == 33


def test_the_watch_says_what_a_snapshot_says(url: str, engine: Engine) -> None:
    async def ask() -> None:
        settings = Settings(database_url=url)
        reads, watched = db.reads(settings), watch.watch(settings)
        for number in range(3):
            if number:
                await asyncio.to_thread(
                    load, engine, make.release(*(make.event(f"made.{n}") for n in range(number)))
                )
            async with reads.snapshot() as reader:
                wanted = reader.version
            assert set(await asyncio.gather(*(watched.version() for _ in range(5)))) == {wanted}
        await watched.close()
        assert await watched.version() == wanted
        await watched.close()
        await reads.close()

    asyncio.run(ask())

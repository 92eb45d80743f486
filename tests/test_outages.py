"""What a server says while its database is away, not migrated, slow or busy, and how it is well again by itself."""

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    BigInteger,
    Engine,
    Pool,
    bindparam,
    column,
    create_engine,
    event,
    func,
    select,
    text,
    true,
)
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from app import db, queries, sqlite_reads
from app.errors import NotFound, Unavailable
from app.filters import EventList
from app.importers.load import load
from app.prepared import Statement
from app.settings import Settings
from app.snapshots import Readable, Reader
from app.tables import Clock, Country
from tests import make
from tests.client import QuickClient, application
from tests.databases import Databases
from tests.operations import LIVE, OPERATIONS, PAGES, check_problem

LIMIT = 20  # seconds for what a busy machine does slowly; what is not ended takes longer

# What needs no database, and is answered without one.
STEADY = [o.path for o in OPERATIONS if o.is_fixed or o.id in ("get_liveness", "get_metrics")] + list(PAGES)
READING = [o.path.format(**o.in_path) for o in LIVE] + ["/health/ready"]


def _serving(url: str, **settings: Any) -> TestClient:
    return QuickClient(application(url, **settings), raise_server_exceptions=False)


def _is_unavailable(client: TestClient, path: str = "/v1/events") -> str:
    answer = client.get(path)
    problem = check_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["cache-control"] == "no-store"
    return str(problem["detail"])


def _administer(databases: Databases, statement: str) -> None:
    assert databases.server is not None
    url = make_url(databases.server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def away(databases: Databases, url: str) -> Iterator[Callable[[], Any]]:
    """Takes the database at `url` away; what it gives brings the database back."""
    name = str(make_url(url).database)
    if databases.server is None:
        moved = Path(name).rename(f"{name}.away")
        yield lambda: moved.rename(name)
    else:
        _administer(databases, f"ALTER DATABASE {name} RENAME TO {name}_away")
        yield lambda: _administer(databases, f"ALTER DATABASE {name}_away RENAME TO {name}")


def test_a_database_that_is_away_and_comes_back(url: str, away: Callable[[], Any]) -> None:
    with _serving(url) as client:
        for path in READING:
            assert "away" in _is_unavailable(client, path)
        for path in STEADY:
            assert client.get(path).status_code == 200
        check_problem(client.get("/v1/events?contry=NE"), 400)
        away()
        for path in ("/health/ready", "/v1/events", "/v1/countries"):
            assert client.get(path).status_code == 200


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with _serving(f"sqlite:///{tmp_path / 'none.db'}") as client:
        assert "away" in _is_unavailable(client)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with _serving("postgresql://reader:open-sesame@127.0.0.1:1/none") as client:
        started = time.monotonic()
        told = [client.get(path).text for path in ("/v1/events", "/health/ready")]
        assert "away" in _is_unavailable(client)
    assert time.monotonic() - started < LIMIT
    assert not any("sesame" in line or "reader" in line for line in told)
    assert not any("sesame" in str(vars(record)) for record in caplog.records)


def test_connections_that_break_are_made_anew(
    databases: Databases, client: TestClient, engine: Engine
) -> None:
    load(engine, make.release(make.event()))
    assert client.get("/v1/events").status_code == 200
    if databases.server is not None:
        name = engine.url.database
        _administer(
            databases, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
    for _ in range(3):
        assert len(client.get("/v1/events").json()["items"]) == 1


def test_a_database_that_is_not_migrated(databases: Databases) -> None:
    url = databases.empty()
    if databases.server is None:
        Path(str(make_url(url).database)).touch()
    with _serving(url) as client:
        for path in READING:
            detail = _is_unavailable(client, path)
            assert "migrate" in detail and "away" not in detail
    databases.drop(url)


def test_a_database_at_another_migration_is_not_ready(client: TestClient, engine: Engine) -> None:
    assert client.get("/health/ready").json() == {"status": "ok"}
    with engine.begin() as connection:
        head = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    detail = _is_unavailable(client, "/health/ready")
    assert "0000" in detail and str(head) in detail and "migrate" in detail
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    assert "migrate" in _is_unavailable(client, "/health/ready")
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO alembic_version VALUES ('{head}')"))
    assert client.get("/health/ready").status_code == 200


@asynccontextmanager
async def _reads(url: str, **settings: Any) -> AsyncIterator[Readable]:
    reads = db.reads(Settings(database_url=url, **settings))
    try:
        yield reads
    finally:
        await reads.close()


def _slow() -> Statement:
    """A query that takes minutes: all quadruples of countries."""
    one, *others = (Country.__table__.alias() for _ in range(4))  # type: ignore[attr-defined]
    return select(func.count()).select_from(reduce(lambda left, right: left.join(right, true()), others, one))


async def _short(reader: Reader) -> Any:
    return await reader.rows(select(func.count()).select_from(Country.__table__))  # type: ignore[attr-defined]


async def _seq(reader: Reader) -> int:
    ((seq,),) = await reader.prepared("seq", lambda _: select(Clock.__table__.c.seq), {})  # type: ignore[attr-defined]
    return int(seq)


def test_a_query_that_takes_too_long_is_ended(url: str) -> None:
    async def ask() -> float:
        started = time.monotonic()
        async with _reads(url, statement_timeout=0.3) as reads:
            for _ in range(2):
                async with reads.snapshot() as reader:
                    await _short(reader)
                with pytest.raises(Unavailable, match="longer than"):
                    async with reads.snapshot() as reader:
                        await reader.rows(_slow())
            async with reads.snapshot() as reader:
                await _short(reader)
        return time.monotonic() - started

    assert 0.6 <= asyncio.run(ask()) < LIMIT


def test_a_slow_query_holds_nobody_up(url: str) -> None:
    async def slow(reads: Readable) -> None:
        with pytest.raises(Unavailable):
            async with reads.snapshot() as reader:
                await reader.rows(_slow())

    async def ask() -> int:
        answered = 0
        async with _reads(url, statement_timeout=1.5) as reads:
            asking = asyncio.create_task(slow(reads))
            while not asking.done():
                async with reads.snapshot() as reader:
                    await _short(reader)
                answered += 1
                await asyncio.sleep(0.01)
            await asking
        return answered

    assert asyncio.run(ask()) > 10


def test_a_query_is_not_held_to_the_deadline_of_the_one_before(
    databases: Databases, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sqlite_reads, "_INLINE_SECONDS", 0
    )  # as if every connection had rested since its last query

    async def ask() -> None:
        async with _reads(url, pool_size=1) as reads:
            # SQLite looks at the clock after so many steps of one statement, whichever run of it they are in.
            for _ in range(2000 if databases.server is None else 10):
                async with reads.snapshot() as reader:
                    await _seq(reader)

    asyncio.run(ask())


def test_a_slow_answer_is_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(reader: Reader, _: EventList) -> Any:
        return await reader.rows(_slow())

    monkeypatch.setattr(queries, "events", slow)
    with _serving(url, statement_timeout=0.2) as client:
        assert "longer than" in _is_unavailable(client)
        monkeypatch.undo()
        assert client.get("/v1/events").status_code == 200


def test_a_pool_that_is_used_up_says_so(url: str) -> None:
    async def ask() -> None:
        async with _reads(url, pool_size=2, pool_timeout=0.2) as reads:
            async with reads.snapshot() as one, reads.snapshot() as other:
                await asyncio.gather(_short(one), _short(other))
                started = time.monotonic()
                for _ in range(2):
                    with pytest.raises(Unavailable, match="in use"):
                        async with reads.snapshot():
                            pass
                assert 0.4 <= time.monotonic() - started < LIMIT
            for _ in range(5):  # what was given back, and what failed, is free again
                async with reads.snapshot() as one, reads.snapshot() as other:
                    await asyncio.gather(_short(one), _short(other))

    asyncio.run(ask())


def test_one_answer_sees_one_state(url: str, engine: Engine) -> None:
    async def ask() -> None:
        async with _reads(url) as reads:
            async with reads.snapshot() as reader:
                before = reader.version, await _seq(reader)
                await asyncio.to_thread(load, engine, make.release(make.event()))
                assert (reader.version, await _seq(reader)) == before
            async with reads.snapshot() as reader:
                assert reader.version != before[0]
                assert await _seq(reader) > before[1]

    asyncio.run(ask())


async def _seq_is(reader: Reader, seq: int) -> bool:
    return await _seq(reader) == seq


async def _is_still(reader: Reader, seq: int) -> bool:
    """By a statement that finds nothing when it is not."""
    column, asked = Clock.__table__.c.seq, bindparam("asked", type_=BigInteger)  # type: ignore[attr-defined]
    return bool(
        await reader.prepared("still", lambda _: select(column).where(column == asked), {"asked": seq})
    )


@pytest.mark.parametrize("same", [_seq_is, _is_still])
def test_an_answer_of_several_statements_is_of_one_state(
    url: str, engine: Engine, same: Callable[[Reader, int], Awaitable[bool]]
) -> None:
    made: list[tuple[int, bool]] = []

    async def twice(reader: Reader) -> tuple[int, bool]:
        first = await _seq(reader)
        if not made:
            await asyncio.to_thread(load, engine, make.release(make.event()))
        made.append((first, await same(reader, first)))
        return made[-1]

    async def ask() -> None:
        async with _reads(url) as reads:
            for _ in range(2):
                (first, is_same), version = await reads.answer(twice)
                assert is_same
                assert version.endswith(f".{first}")

    asyncio.run(ask())
    assert 2 <= len(made) <= 3  # the first may have been made again


def test_a_mistake_of_the_client_costs_no_connection(url: str) -> None:
    opened: list[Any] = []

    def count(connection: Any, _: Any) -> None:
        opened.append(connection)

    async def ask() -> None:
        async with _reads(url) as reads:
            for _ in range(3):
                with pytest.raises(NotFound):
                    await reads.answer(lambda reader: queries.event(reader, "nothing.like-it"))
            await reads.answer(_short)

    event.listen(Pool, "connect", count)
    try:
        asyncio.run(ask())
    finally:
        event.remove(Pool, "connect", count)
    assert len(opened) == 1


def test_a_mistake_of_ours_is_no_outage(url: str) -> None:
    async def ask(use: Callable[[Reader], Awaitable[Any]]) -> None:
        async with _reads(url) as reads:
            await reads.answer(use)

    wrong: Statement = select(column("what_no_country_has")).select_from(Country.__table__)  # type: ignore[attr-defined]
    uses: list[Callable[[Reader], Awaitable[Any]]] = [
        lambda reader: reader.rows(wrong),
        lambda reader: reader.prepared("wrong", lambda _: wrong, {}),
    ]
    for use in uses:
        with pytest.raises(Exception, match="what_no_country_has") as failure:
            asyncio.run(ask(use))
        assert not isinstance(failure.value, Unavailable)


def test_a_reader_cannot_write(client: TestClient) -> None:
    async def write() -> None:
        async with client.app.state.reads.snapshot() as reader:  # type: ignore[attr-defined]
            await reader.prepared("write", lambda _: text("UPDATE clock SET seq = 7"), {})

    assert client.portal is not None
    with pytest.raises((psycopg.Error, Unavailable)):
        client.portal.call(write)


def test_a_file_put_in_the_place_of_another_is_read(
    databases: Databases, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_reads, "_LOOK_SECONDS", -1)
    if databases.server is not None:
        pytest.skip("a PostgreSQL database is no file")
    path = str(make_url(url).database)
    shutil.copyfile(path, f"{path}.restored")
    restored = db.writer(Settings(database_url=f"{url}.restored"))
    load(restored, make.release(make.event()))
    restored.dispose()
    with _serving(url) as client:
        assert client.get("/v1/events").json()["items"] == []
        Path(f"{path}.restored").replace(path)
        assert len(client.get("/v1/events").json()["items"]) == 1

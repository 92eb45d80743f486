"""How the answer of PostgreSQL is awaited: whole in any number of pieces, ended when nobody waits, failed when it fails."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
import uvloop
from sqlalchemy.engine import make_url

from app.arrivals import Connection
from tests.databases import Databases

Use = Callable[[Connection], Awaitable[Any]]
_SIZES = (0, 1, 8_191, 8_192, 16_384, 200_000, 5_000_000)


@pytest.fixture(params=(asyncio.run, uvloop.run))
def used(request: pytest.FixtureRequest, _by_kind: dict[str, Databases]) -> Callable[[Use], Any]:
    """Runs what uses a connection, on either event loop."""
    address = make_url(str(_by_kind["postgresql"].server)).set(drivername="postgresql")

    async def run(use: Use) -> Any:
        connection = await Connection.connect(address.render_as_string(hide_password=False), autocommit=True)
        async with connection:
            return await asyncio.wait_for(use(connection), 20)

    return lambda use: request.param(run(use))


async def _value(connection: Connection, query: str, *values: Any) -> Any:
    found = await (await connection.execute(query, values)).fetchone()
    return found[0] if found else None


def test_answers_and_questions_of_any_size_come_whole(used: Callable[[Use], Any]) -> None:
    async def use(connection: Connection) -> None:
        for size in _SIZES:
            rows = await (
                await connection.execute("SELECT repeat('x', %s) FROM generate_series(1, 3)", (size,))
            ).fetchall()
            assert rows == [("x" * size,)] * 3
            assert await _value(connection, "SELECT length(%s)", "y" * size) == size

    used(use)


def test_a_query_that_fails_raises_and_the_next_is_answered(used: Callable[[Use], Any]) -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.execute("SELECT 1 / (g - 50000) FROM generate_series(1, 60000) g")
        assert await _value(connection, "SELECT 1") == 1

    used(use)


def test_a_query_that_nobody_waits_for_ends_and_the_next_is_answered(used: Callable[[Use], Any]) -> None:
    async def use(connection: Connection) -> None:
        waiting = asyncio.create_task(_value(connection, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await _value(connection, "SELECT 1") == 1

    used(use)


def test_an_answer_that_comes_while_it_is_given_up_is_no_other_ones(used: Callable[[Use], Any]) -> None:
    async def use(connection: Connection) -> None:
        for number in range(100):
            waiting = asyncio.create_task(_value(connection, "SELECT 'given up'"))
            await asyncio.sleep(number * 2e-5)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                assert await waiting == "given up"
            assert await _value(connection, "SELECT %s", number) == number

    used(use)


def test_a_connection_that_the_server_closes_fails_whoever_waits(used: Callable[[Use], Any]) -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
        assert connection.closed

    used(use)

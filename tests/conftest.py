"""Fixtures: take the smallest that has what you need.

databases   makes databases, of each kind in turn; for tests of the writer
engine      a writer on a migrated database of the test's own, of each kind in turn
client      a client of an API over a migrated database of the test's own, the one that `engine` writes to
seeded      a client of the seeded API, over each kind in turn; read only
world       a client of an API over some 280 synthetic events (tests/make.py), over each kind in turn; read only
worlds      the clients of both worlds, which hold the same at the same times, by kind; read only
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import db
from app.importers import dossier
from app.importers.load import load
from app.settings import Settings
from tests import make
from tests.client import QuickClient, application
from tests.databases import Databases, postgres_server

# What was compiled is kept: each application reads the migrations, and each process that a test starts reads all.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test is about time: a new machine, or a busy one, takes seconds where another takes none.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Tests that were collected stay: to look through them for garbage again and again takes a twentieth of the time."""
    gc.freeze()


SEED = Path(__file__).parent.parent / "seed" / "niger-2024.yaml"
KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    # Not below pytest's own folder: each new session of pytest closes that to the user who runs PostgreSQL.
    with TemporaryDirectory(prefix="dateline-") as folder, postgres_server(Path(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def _by_kind(_postgres: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Databases]:
    folder = tmp_path_factory.mktemp("databases")
    return {kind: Databases(folder, server) for kind, server in zip(KINDS, (None, _postgres), strict=True)}


@pytest.fixture(scope="session", params=KINDS)
def databases(request: pytest.FixtureRequest, _by_kind: dict[str, Databases]) -> Databases:
    return _by_kind[request.param]


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    made = databases.migrated()
    yield made
    databases.drop(made)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = db.writer(Settings(database_url=url))
    yield made
    made.dispose()


@pytest.fixture
def client(url: str) -> Iterator[TestClient]:
    with _served(url) as served:
        yield served


@pytest.fixture(scope="session")
def seeded_url(databases: Databases) -> str:
    made = databases.migrated()
    engine = db.writer(Settings(database_url=made))
    load(engine, dossier.parse(SEED))
    engine.dispose()
    return made


@pytest.fixture(scope="session")
def seeded(seeded_url: str) -> Iterator[TestClient]:
    with _served(seeded_url) as client:
        yield client


@pytest.fixture(scope="session")
def worlds(_by_kind: dict[str, Databases]) -> Iterator[dict[str, TestClient]]:
    with ExitStack() as stack:
        clients = {}
        for kind, databases in _by_kind.items():
            made = databases.migrated()
            engine = db.writer(Settings(database_url=made))
            make.load_history(engine)
            engine.dispose()
            clients[kind] = stack.enter_context(_served(made))
        yield clients


@pytest.fixture(scope="session", params=KINDS)
def world(request: pytest.FixtureRequest, worlds: dict[str, TestClient]) -> TestClient:
    return worlds[request.param]


def _served(url: str) -> TestClient:
    return QuickClient(application(url), raise_server_exceptions=False)

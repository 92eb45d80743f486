"""Fixtures: take the smallest that has what you need.

databases   makes databases, of each kind in turn; for tests of the writer
engine      a writer on a migrated database of the test's own, of each kind in turn
seeded      a client of the seeded API, over each kind in turn; read only
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import db
from app.importers import dossier
from app.importers.load import load
from app.main import create_app
from app.settings import Settings
from tests.databases import Databases, postgres_server

SEED = Path(__file__).parent.parent / "seed" / "niger-2024.yaml"
KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(scope="session", params=KINDS)
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    folder = tmp_path_factory.mktemp("databases")
    return Databases(folder, request.getfixturevalue("_postgres") if request.param == "postgresql" else None)


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


@pytest.fixture(scope="session")
def seeded_url(databases: Databases) -> str:
    made = databases.migrated()
    engine = db.writer(Settings(database_url=made))
    load(engine, dossier.parse(SEED))
    engine.dispose()
    return made


@pytest.fixture(scope="session")
def seeded(seeded_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(database_url=seeded_url)), raise_server_exceptions=False) as client:
        yield client

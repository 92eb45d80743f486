"""Real event files load whole on both databases, and the same queries over them answer the same."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from starlette.testclient import TestClient

from app import db
from app.importers.formats import Options, releases
from app.importers.load import load
from app.main import create_app
from app.records import Reject
from app.settings import Settings
from tests.databases import Databases

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FILES = [
    ("ucdp-ged", "ucdp/GEDEvent_v21_01_21_12.csv", 17_407),
    ("ucdp-ged", "ucdp/GEDEvent_v22_0_2.csv", 984),
    ("gdelt", "gdelt/20180101000000.export.CSV", 2_414),
    ("gdelt", "gdelt/20191024143000.export.CSV", 2_111),
    ("gdelt", "gdelt/events_sample.export.CSV", 100),
]
CHOICES: dict[str, list[str]] = {
    "country": ["NE", "US", "MX", "AF", "UA", "SY", "BR", "NG", "ET", "MM,YE", "FR", "IN"],
    "country_role": ["location", "party", "mentioned"],
    "date_from": ["2021", "2021-03", "2021-06-15", "2018", "2019-10-24", "2022-01"],
    "date_to": ["2022-02"],
    "date_match": ["certain"],
    "type": ["ASSAULT", "CONSULT", "PROTEST", "AID", "COERCE"],
    "q": ["government", "fighting", "civilians", "police", "taliban", "bao luc", "president"],
    "bbox": ["-20,0,20,25", "60,20,80,40", "-120,10,-80,35"],
    "fatalities_min": ["1", "10", "50"],
    "sort": ["date", "-fatalities", "-date"],
    "limit": ["1", "20", "100"],
    "count": ["capped", "exact"],
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the public event files are not in ../shared/data"),
]


@pytest.fixture(scope="module")
def served(_by_kind: dict[str, Databases]) -> Iterator[list[TestClient]]:
    with ExitStack() as stack:
        clients = []
        for databases in _by_kind.values():
            url = databases.migrated()
            _load_all(url)
            settings = Settings(database_url=url, statement_timeout=60)
            clients.append(stack.enter_context(TestClient(create_app(settings))))
        yield clients


def _load_all(url: str) -> None:
    engine = db.writer(Settings(database_url=url))
    for name, path, rows in FILES:
        for again in (False, True):
            rejects: list[Reject] = []
            ((_, _, release),) = releases(name, [DATA / path], Options())
            summary = load(engine, release, rejected=rejects.append)
            assert summary.read == rows
            assert summary.rejected == len(rejects)
            assert (summary.unchanged if again else summary.inserted) + summary.rejected == rows
            assert summary.updated == summary.withdrawn == 0
    engine.dispose()


def test_both_databases_answer_the_same(served: list[TestClient]) -> None:
    random = Random(1)
    for _ in range(200):
        names = random.sample(sorted(CHOICES), random.randrange(1, 6))
        asked = {name: random.choice(CHOICES[name]) for name in names}
        told = {
            re.sub(r'"updated":"[^"]*"', "", client.get("/v1/events", params=asked).text) for client in served
        }
        assert len(told) == 1, asked

"""`dateline export`: every format holds what the API tells, and a file is whole or not there."""

import csv
import json
import sqlite3
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]
from starlette.testclient import TestClient

from app import cli, columns, formats, queries
from app.cli import EXPORTS
from app.errors import Unavailable
from app.exports import WRITERS
from tests.operations import check_problem, walk

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(seeded_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATELINE_DATABASE_URL", seeded_url)

    def run(*arguments: Any) -> tuple[int, str, str]:
        status = cli.main(["export", *(str(argument) for argument in arguments)])
        return (status, *capsys.readouterr())

    return run


def _ids(name: str, path: Path) -> list[str]:
    if name == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [row["id"] for row in csv.DictReader(file)]
    if name == "ndjson":
        return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    if name == "geojson":
        return [feature["id"] for feature in json.loads(path.read_bytes())["features"]]
    if name == "sqlite":
        database = sqlite3.connect(path)
        found = [row[0] for row in database.execute("SELECT id FROM event ORDER BY rowid")]
        database.close()
        return found
    return list(parquet.read_table(path)["id"].to_pylist())


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize(
    "query", [{}, {"country": "NE", "date_from": "2024-04", "sort": "date"}, {"q": "nowherenever"}]
)
def test_a_file_holds_what_the_api_tells(
    seeded: TestClient, run: Run, tmp_path: Path, name: str, query: dict[str, str]
) -> None:
    path = tmp_path / "events"
    options = [part for key, value in query.items() for part in (f"--{key.replace('_', '-')}", value)]
    expected = [event["id"] for event in walk(seeded, "/v1/events", **query)]
    told = run("--format", name, path, *options)
    assert told == (0, f"{len(expected)} events written to {path}\n", "")
    assert _ids(name, path) == expected
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_that_of_the_api(seeded: TestClient, run: Run, tmp_path: Path) -> None:
    for name in ("csv", "ndjson", "geojson"):
        run("--format", name, tmp_path / name)
        assert (tmp_path / name).read_bytes() == seeded.get(f"/v1/events?format={name}").content
    assert set(EXPORTS) == set(WRITERS)
    assert set(formats.FORMATS) - {"json"} < set(EXPORTS)


def test_tables_have_the_columns_and_their_types(seeded: TestClient, run: Run, tmp_path: Path) -> None:
    events = walk(seeded, "/v1/events")
    run("--format", "parquet", tmp_path / "p")
    table = parquet.read_table(tmp_path / "p")
    assert tuple(table.column_names) == columns.NAMES
    for row, event in zip(table.to_pylist(), events, strict=True):
        for column, value in zip(columns.COLUMNS, columns.flat(event), strict=True):
            told = row[column.name]
            if told is not None and column.kind in ("date", "time"):
                assert type(told) is {"date": date, "time": datetime}[column.kind]
                assert told == type(told).fromisoformat(value)
            else:
                assert told == value
    run("--format", "sqlite", tmp_path / "s")
    database = sqlite3.connect(tmp_path / "s")
    for row, event in zip(database.execute("SELECT * FROM event"), events, strict=True):
        assert list(row) == ["|".join(v) if isinstance(v, list) else v for v in columns.flat(event)]
    database.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "Nigr"),
        ("actor", "kurt-campbel"),
        ("date_from", "2024-13"),
        ("sort", "-dat"),
        ("bbox", "1"),
    ],
)
def test_a_mistake_is_told_as_the_api_tells_it(
    seeded: TestClient, run: Run, tmp_path: Path, name: str, value: str
) -> None:
    (error,) = check_problem(seeded.get("/v1/events", params={name: value}), 400, name)["errors"]
    option = f"--{name.replace('_', '-')}"
    status, out, err = run("--format", "csv", tmp_path / "x", f"{option}={value}")
    assert (status, out) == (1, "")
    assert err.startswith(f"{option}: {error['detail']}")
    assert f"did you mean {error['did_you_mean']}?" in err if "did_you_mean" in error else True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", EXPORTS)
def test_a_failure_leaves_the_file_as_it_was(
    run: Run, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events"
    path.write_text("before")

    async def fail(*_: Any) -> Any:
        raise Unavailable("Away")

    monkeypatch.setattr(queries, "check_references", fail)
    assert run("--format", name, path) == (1, "", "Away\n")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_says_what_it_needs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, err = run("--format", "parquet", tmp_path / "x")
    assert (status, err) == (1, "Parquet needs pyarrow: install dateline[parquet]\n")
    assert list(tmp_path.iterdir()) == []

"""Every format tells the same events; which one is asked for by name or header; what is cut short is seen to be."""

import asyncio
import csv
import io
import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any, get_args

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import columns, db, formats, pagination, queries, responses, snapshots
from app.errors import Unavailable
from app.filters import EventQuery
from app.importers.load import load
from app.settings import Settings
from tests import make
from tests.client import application
from tests.databases import Databases
from tests.operations import OPERATIONS, check, check_problem, essence, statements, walk

EVENTS = "/v1/events"
(LISTED,) = (operation for operation in OPERATIONS if operation.id == "list_events")
OTHERS = [each for each in formats.FORMATS.values() if each.encoder]
every_other = pytest.mark.parametrize("form", OTHERS, ids=lambda form: form.name)
SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # what begins a formula
NASTY = '=1+1,"quân đội"\r\nthen, a line; \t|\u2028 ⚠'


def _told(form: formats.Format, body: bytes) -> list[dict[str, Any]]:
    """The events of an answer in this format; of CSV, their columns as text."""
    if form is formats.CSV:
        rows = csv.DictReader(io.StringIO(body.decode(), newline=""))
        return [{name: formats.as_text(cell) for name, cell in row.items()} for row in rows]
    if form is formats.NDJSON:
        assert body == b"" or body.endswith(b"\n")
        return [json.loads(line) for line in body.split(b"\n")[:-1]]
    return [feature["properties"] for feature in json.loads(body)["features"]]


def _expected(form: formats.Format, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_as_texts(event) for event in events] if form is formats.CSV else events


def _as_texts(event: dict[str, Any]) -> dict[str, str]:
    values = columns.flat(event)
    texts = ("" if v is None else "|".join(v) if isinstance(v, list) else str(v) for v in values)
    return dict(zip(columns.NAMES, texts, strict=True))


@every_other
@pytest.mark.parametrize(
    "query", [{}, {"country": "NE", "sort": "date"}, {"q": "a", "sort": "-fatalities"}, {"type": "RETREAT"}]
)
def test_every_format_tells_what_walking_json_tells(
    world: TestClient, form: formats.Format, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "Pace", lambda _: lambda: 7)
    expected = _expected(form, walk(world, EVENTS, **query))
    answer = world.get(EVENTS, params=query | {"format": form.name})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == form.media_type
    assert "content-length" not in answer.headers and "link" not in answer.headers
    assert _told(form, answer.content) == expected
    check(LISTED, answer)


@every_other
def test_pages_of_every_format_are_the_whole_cut_up(world: TestClient, form: formats.Format) -> None:
    whole = _told(form, world.get(EVENTS, params={"format": form.name}).content)
    found, address = [], f"{EVENTS}?format={form.name}&limit=100"
    while address:
        answer = world.get(address)
        check(LISTED, answer)
        found += _told(form, answer.content)
        address = answer.links["next"]["url"] if "link" in answer.headers else ""
        if form is formats.GEOJSON:
            assert (answer.json()["next"] or "") == address
            assert [link["href"] for link in answer.json()["links"]] == ([address] if address else [])
    assert found == whole and len(whole) > 200


@every_other
def test_a_cursor_leads_on_in_any_format(world: TestClient, form: formats.Format) -> None:
    page = world.get(EVENTS, params={"limit": 40}).json()
    rest = world.get(page["next"].replace("limit=40", f"format={form.name}"))
    assert _told(form, rest.content) == _expected(form, walk(world, EVENTS)[40:])


def test_nothing_found_is_said_in_every_format(world: TestClient) -> None:
    for limit in ({}, {"limit": "5"}):
        nothing: dict[str, str] = {"q": "nowherenever", **limit}
        csv_answer = world.get(EVENTS, params=nothing | {"format": "csv"})
        assert csv_answer.text == ",".join(columns.NAMES) + "\r\n"
        assert csv_answer.headers["content-disposition"] == 'attachment; filename="events.csv"'
        assert world.get(EVENTS, params=nothing | {"format": "ndjson"}).content == b""
        assert world.get(EVENTS, params=nothing | {"format": "geojson"}).json() == {
            "type": "FeatureCollection",
            "features": [],
            "links": [],
            "next": None,
        }


def test_ndjson_is_the_stored_json(world: TestClient) -> None:
    (line,) = world.get(EVENTS, params={"format": "ndjson", "limit": 1}).content.splitlines()
    assert b'{"items":[%s],' % line in world.get(EVENTS, params={"limit": 1}).content


def test_features_lie_where_their_events_do(world: TestClient) -> None:
    found = world.get(EVENTS, params={"format": "geojson", "count": "exact"}).json()
    assert found["numberMatched"] == len(found["features"])
    points = []
    for feature in found["features"]:
        event, place = feature["properties"], feature["properties"]["place"]
        assert feature["id"] == event["id"]
        known = place is not None and place["latitude"] is not None
        assert (feature["geometry"] is not None) == known
        if known:
            points.append(feature["geometry"]["coordinates"])
            assert points[-1] == [place["longitude"], place["latitude"]]
    assert 0 < len(points) < len(found["features"])
    x, y = zip(*points, strict=True)
    assert found["bbox"] == [min(x), min(y), max(x), max(y)]


@pytest.mark.parametrize("name", ["csv", "ndjson"])
@pytest.mark.parametrize("count", ["capped", "exact"])
def test_a_count_that_nothing_would_tell_is_refused(world: TestClient, name: str, count: str) -> None:
    check_problem(world.get(EVENTS, params={"format": name, "count": count}), 400, "count")


def test_nasty_text_comes_back_from_csv(client: TestClient, engine: Engine) -> None:
    titles = [NASTY, "'=1", "''@a", "'quoted'", "-5 degrees", "\uff20x", "\tx", "plain"]
    made = [make.event(f"made.e{n}", title=title, summary=title) for n, title in enumerate(titles)]
    load(engine, make.release(*made))
    answer = client.get(EVENTS, params={"format": "csv"})
    assert answer.content.count(b"\r\n") >= len(made) + 1
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert {len(row) for row in rows} == {len(columns.NAMES)}
    at = columns.NAMES.index("title")
    assert not [row[at] for row in rows if row[at][0] in SIGNS]
    stored = {event["id"]: event["title"] for event in client.get(EVENTS).json()["items"]}
    assert {row[0]: formats.as_text(row[at]) for row in rows[1:]} == stored
    assert "plain" in answer.text and "''plain" not in answer.text and ",'quoted'," in answer.text


@given(st.text(alphabet=st.sampled_from("'ab" + SIGNS), max_size=6) | st.text())
def test_what_a_cell_does_to_text_is_undone(text: str) -> None:
    cell = formats.as_cell(text)
    assert formats.as_text(cell) == text
    assert not cell[:1] or cell[0] not in SIGNS
    assert cell in (text, f"'{text}")


@given(st.floats(-180, 180) | st.integers())
def test_numbers_stay_numbers(number: float) -> None:
    assert formats.as_cell(number) is number


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"), ("", "json"), ("*/*", "json"), ("application/*", "json"), ("nonsense", "json"),
        ("application/json", "json"), ("APPLICATION/JSON; charset=utf-8", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("text/csv", "csv"), ("text/*", "csv"), ("text/csv; header=present; q=0.5", "csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "csv"), ("text/csv;q=0.4, application/json", "json"),
        ("application/json;q=0, */*", "geojson"), ("application/json;q=0.1, */*;q=0.2", "geojson"),
        ("application/geo+json", "geojson"), ("application/x-ndjson", "ndjson"),
        ("application/jsonl", "ndjson"), ("application/ndjson", "ndjson"),
    ],
)  # fmt: skip
def test_the_accept_header_chooses(accept: str | None, name: str) -> None:
    assert formats.chosen(None, accept).name == name
    assert formats.chosen("csv", accept) is formats.CSV


@every_other
def test_a_name_wins_over_the_header(world: TestClient, form: formats.Format) -> None:
    by_header = world.get(EVENTS, headers={"Accept": form.essence}, params={"limit": 3})
    by_name = world.get(EVENTS, headers={"Accept": "image/png"}, params={"limit": 3, "format": form.name})
    assert essence(by_header.headers["content-type"]) == form.essence
    assert _told(form, by_name.content) == _told(form, by_header.content)
    plain = world.get(EVENTS, params={"limit": 3})
    assert {answer.headers["vary"] for answer in (by_header, by_name, plain)} == {"Accept"}
    assert len({answer.headers["etag"] for answer in (by_header, by_name, plain)}) == 3


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/json;q=0", "*/*;q=0"])
def test_what_cannot_be_made_is_told_with_what_can(world: TestClient, accept: str) -> None:
    (error,) = check_problem(world.get(EVENTS, headers={"Accept": accept}), 406, "Accept")["errors"]
    assert error["allowed"] == [each.essence for each in formats.FORMATS.values()]


def test_the_contract_names_every_format() -> None:
    (name,) = (p for p in LISTED.parameters if p.name == "format")
    assert name.schema["enum"] == list(formats.FORMATS)
    assert list(LISTED.spec["responses"]["200"]["content"]) == [f.essence for f in formats.FORMATS.values()]
    assert set(get_args(columns.Kind)) == {column.kind for column in columns.COLUMNS}
    assert len(set(columns.NAMES)) == len(columns.NAMES)


@every_other
@pytest.mark.parametrize("limit", [{}, {"limit": "3"}])
def test_head_and_304_spare_the_rows(world: TestClient, form: formats.Format, limit: dict[str, str]) -> None:
    query = {"format": form.name, **limit}
    whole = world.get(EVENTS, params=query, headers={"X-Request-ID": "same"})
    head = world.head(EVENTS, params=query, headers={"X-Request-ID": "same"})
    assert (head.status_code, head.content, head.headers) == (200, b"", whole.headers)
    for held in (whole.headers["etag"], "*"):
        again = world.get(EVENTS, params=query, headers={"If-None-Match": held})
        assert (again.status_code, again.content) == (304, b"")
        assert [again.headers[name] == whole.headers[name] for name in ("etag", "vary", "cache-control")]
    with statements(world) as seen:
        world.get(EVENTS, params=query, headers={"If-None-Match": whole.headers["etag"]})
    assert not [statement for statement, _ in seen if "FROM event" in statement]


@every_other
def test_what_is_wrong_is_told_before_anything_is_sent(world: TestClient, form: formats.Format) -> None:
    for name, value in {"actor": "nobody-such", "cursor": "abc", "country": "XX"}.items():
        check_problem(world.get(EVENTS, params={"format": form.name, name: value}), 400, name)
    check_problem(world.get(EVENTS, params={"format": "cvs"}), 400, "format")


@pytest.fixture(scope="module")
def large_url(databases: Databases) -> Iterator[str]:
    """A database of some 2,500 events, to read only."""
    url = databases.migrated()
    engine = db.writer(Settings(database_url=url))
    load(engine, make.world(3, 2500))
    engine.dispose()
    yield url
    databases.drop(url)


@pytest.fixture
def many(large_url: str) -> Iterator[Callable[[], HTTPConnection]]:
    """Connections to a real server of many events."""
    config = uvicorn.Config(application(large_url, pool_size=2), port=0, log_config=None, access_log=False)
    server, listening = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield lambda: HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=20)
    server.should_exit = True
    thread.join()


@contextmanager
def _asking(address: Callable[[], HTTPConnection], name: str) -> Iterator[Any]:
    with closing(address()) as connection:
        connection.request("GET", f"{EVENTS}?format={name}")
        with connection.getresponse() as answer:
            yield answer


def test_an_export_is_whole_or_seen_not_to_be(
    many: Callable[[], HTTPConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in OTHERS:
        with _asking(many, form.name) as answer:
            assert len(_told(form, answer.read())) == 2500
    for _ in range(5):  # whoever goes away gives the snapshot back
        with _asking(many, "csv") as answer:
            assert answer.read(1000)
    with _asking(many, "csv") as answer:
        assert len(_told(formats.CSV, answer.read())) == 2500
    real, left = pagination.cursor_after, [0]

    def failing(*arguments: Any) -> str:
        left[0] -= 1
        if left[0] == 0:
            raise Unavailable(snapshots.AWAY)
        return real(*arguments)

    monkeypatch.setattr(queries, "cursor_after", failing)
    for form in OTHERS:
        left[0] = 2
        with _asking(many, form.name) as answer:
            assert answer.status == 200
            with pytest.raises(IncompleteRead) as cut:
                answer.read()
        if form is formats.GEOJSON:
            with pytest.raises(json.JSONDecodeError):
                json.loads(cut.value.partial)


@every_other
def test_memory_does_not_grow_with_what_is_exported(large_url: str, form: formats.Format) -> None:

    async def peak(most: int) -> int:
        """Bytes held at most while so many batches are written."""
        assert form.encoder
        encoder, reads = form.encoder(), db.reads(Settings(database_url=large_url))
        async with (
            reads.snapshot() as reader,
            aclosing(queries.batches(reader, EventQuery(), lambda: 100)) as batches,
        ):
            async for rows in batches:
                if not tracemalloc.is_tracing():  # the first batch fills the caches
                    tracemalloc.start()
                encoder.rows(row[0] for row in rows)
                most -= 1
                if most == 0:
                    break
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await reads.close()
        return held

    assert asyncio.run(peak(25)) < 1.3 * asyncio.run(peak(15))  # of three statements, and of two


def test_the_documented_columns_are_those_there_are() -> None:
    text = (Path(__file__).parent.parent / "docs" / "formats.md").read_text("utf-8")
    assert columns.described() in text

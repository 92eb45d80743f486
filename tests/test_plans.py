"""What SQLite looks at for an answer: an index that has all of it, and no row of an event but those it gives.

And which statements PostgreSQL plans once.
"""

import asyncio
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, bindparam, select
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from app import event_lists, places, queries
from app.bodies import Bodies
from app.filters import MOST_FEATURES, EventQuery
from app.pagination import COUNT_CAP
from app.postgres_reads import PostgresReads
from app.prepared import REPLANNED
from app.snapshots import Reader
from app.sqlite import sqlite3

COUNTED = (
    "q=talks",
    "status=planned",
    "actor={actor}&date_from=2000&date_to=2024",
    "country=NE,ML&q=talks",
)
GROUPED = ("month", "type", "dataset", "country", "actor", "month,type")
LISTED = (
    "q=talks",
    "q=talks&date_to=2030",
    "q=talks&sort=date&limit=1",
    "country=NE",
    "actor={actor}",
    "type=AID",
    "status=planned",
    "status=planned,alleged",
)


@pytest.fixture
def asked(worlds: dict[str, TestClient]) -> Iterator[list[str]]:
    """The statements of the requests that a test makes, with the values in them; not those of the index of words."""
    client = worlds["sqlite"]
    found: list[str] = []
    bodies: Bodies = client.app.state.bodies  # type: ignore[attr-defined]
    bodies.clear()
    assert client.get("/v1/events?limit=1").status_code == 200
    (held,) = client.app.state.reads.idle  # type: ignore[attr-defined]
    driver: sqlite3.Connection = held.driver
    driver.set_trace_callback(found.append)
    yield found
    driver.set_trace_callback(None)


def _get(client: TestClient, path: str) -> None:
    actor = client.get("/v1/actors").json()["items"][0]["id"]
    assert client.get(path.format(actor=actor)).status_code == 200


def _plans(client: TestClient, asked: list[str]) -> list[str]:
    path = make_url(client.app.state.settings.database_url).database  # type: ignore[attr-defined]
    connection = sqlite3.connect(str(path))
    try:
        reading = [
            statement for statement in asked if "event" in statement and not statement.startswith("--")
        ]
        assert reading
        return [
            str(step[3])
            for statement in reading
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    finally:
        connection.close()


def _rows_looked_at(steps: list[str]) -> list[str]:
    """The steps that read a table of events and have not all they need from an index."""
    tables = {
        f"{verb} {table}"
        for verb in ("SCAN", "SEARCH")
        for table in ("event", "event_country", "event_actor")
    }
    return [step for step in steps if " ".join(step.split()[:2]) in tables and "COVERING INDEX" not in step]


@pytest.mark.parametrize("group", GROUPED)
@pytest.mark.parametrize("query", COUNTED)
def test_events_are_counted_without_a_look_at_them(
    worlds: dict[str, TestClient], asked: list[str], query: str, group: str
) -> None:
    _get(worlds["sqlite"], f"/v1/stats/events?{query}&group={group}")
    assert _rows_looked_at(_plans(worlds["sqlite"], asked)) == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("group=actor", "ix_event_actor_listing"),
        ("group=actor&date_from=2000&date_match=certain", "ix_event_actor_listing"),
        ("actor={actor}&group=month&date_from=2000&date_to=2024", "ix_event_actor_listing"),
        ("country=NE&country_role=party&date_to=2030&group=year", "ix_event_country_listing"),
        ("context=military&date_from=2000&date_to=2030&group=month", "ix_event_context_listing"),
    ],
)
def test_events_are_counted_from_the_index_that_lists_them(
    worlds: dict[str, TestClient], asked: list[str], query: str, index: str
) -> None:
    _get(worlds["sqlite"], f"/v1/stats/events?{query}")
    steps = [step for step in _plans(worlds["sqlite"], asked) if " event" in step]
    assert [step for step in steps if f"USING COVERING INDEX {index}" in step] == steps != []


def test_a_count_between_two_days_reads_the_years_up_to_both_once(
    worlds: dict[str, TestClient], asked: list[str]
) -> None:
    _get(worlds["sqlite"], "/v1/events?country=NE&date_from=2001-02-03&date_to=2024-05-06&count=exact")
    (counting,) = [statement for statement in asked if "event_tally" in statement]
    assert [counting.count(f"level = '{level}'") for level in ("year", "month", "day")] == [1, 2, 2]


@pytest.mark.parametrize("query", LISTED)
def test_a_page_is_found_without_a_look_at_other_events(
    worlds: dict[str, TestClient], asked: list[str], query: str
) -> None:
    _get(worlds["sqlite"], f"/v1/events?{query}")
    assert _rows_looked_at(_plans(worlds["sqlite"], asked)) == []


def test_a_page_of_a_small_box_is_read_from_its_cells_in_turn(
    worlds: dict[str, TestClient], asked: list[str]
) -> None:
    _get(worlds["sqlite"], "/v1/events?bbox=0,10,12,20&date_to=2030")
    steps = _plans(worlds["sqlite"], asked)
    assert steps.count("MERGE (UNION ALL)") == len(places.numbers((0, 10, 12, 20))) - 1
    assert not [step for step in steps if "TEMP B-TREE" in step]
    assert {step.split(" (cell=? AND ")[0] for step in steps if "event " in step} == {
        "SEARCH event USING INDEX ix_event_cell"
    }


def test_documents_are_looked_up_in_the_order_of_their_page(
    worlds: dict[str, TestClient], asked: list[str]
) -> None:
    for query in ("q=talks", "bbox=-100,-40,100,60", "sort=-updated", "country=NE,ML"):
        asked.clear()
        _get(worlds["sqlite"], f"/v1/events?{query}")
        assert _plans(worlds["sqlite"], asked)[-1].startswith(
            "SEARCH event_document USING INTEGER PRIMARY KEY"
        )


def test_a_page_of_a_country_lies_side_by_side(worlds: dict[str, TestClient], asked: list[str]) -> None:
    for query in ("country=NE", "country=NE&date_from=2000&date_to=2024&date_match=certain&sort=date"):
        asked.clear()
        _get(worlds["sqlite"], f"/v1/events?{query}")
        assert _plans(worlds["sqlite"], asked)[-1].startswith(
            "SEARCH country_document USING PRIMARY KEY (country_code=?"
        )


@pytest.mark.parametrize("query", ["q=talks", "q=talks&type=AID", "q=talks&date_from=2000&date_to=2024"])
def test_words_are_counted_up_to_the_cap_without_a_list_of_all_that_have_them(
    worlds: dict[str, TestClient], asked: list[str], query: str
) -> None:
    _get(worlds["sqlite"], f"/v1/events?{query}&count=capped")
    steps = _plans(worlds["sqlite"], asked)
    assert _rows_looked_at(steps) == []
    assert not [step for step in steps if "LIST SUBQUERY" in step]


@pytest.mark.parametrize(
    "path", ["/v1/events?q=talks&context=military,economic", "/v1/sources?dataset=alpha,beta"]
)
def test_where_several_rows_would_do_one_is_looked_for(
    worlds: dict[str, TestClient], asked: list[str], path: str
) -> None:
    _get(worlds["sqlite"], path)
    looked_for = "\n".join(asked).split("EXISTS (")[1:]
    assert looked_for  # without the limit, SQLite 3.51.0 and 3.51.1 give an event once for each such row
    assert all(re.match(r"SELECT 1 [^;]*?LIMIT 1\b", each) for each in looked_for)


def _on_postgresql(client: TestClient, use: Any) -> Any:
    """What `use` makes of views of its own."""

    async def used() -> Any:
        reads = PostgresReads(client.app.state.settings)  # type: ignore[attr-defined]
        try:
            return await use(reads)
        finally:
            await reads.close()

    return asyncio.run(used())


@pytest.fixture
def plans(worlds: dict[str, TestClient]) -> Any:
    """How often PostgreSQL took a plan for any values, and how often it made one, for lists of events like one."""

    async def taken(asked: dict[str, Any], reads: PostgresReads) -> Any:
        for _ in range(8):
            await reads.answer(partial(queries.events, query=EventQuery.model_validate(asked)))
        (held,) = reads.idle
        found = await held.control.execute(
            "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements"
            " WHERE statement LIKE '%FROM event%' AND statement NOT LIKE '%event_tally%'"
        )
        return await found.fetchone()

    return lambda **asked: _on_postgresql(worlds["postgresql"], partial(taken, asked))


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"country": ["NE"], "country_role": ["location"]},
        {"date_from": "2000", "date_to": "2024", "date_match": "certain"},
        {"type": ["AID"], "sort": "date", "count": "exact"},
        {"bbox": ["0,10,12,20"], "count": "capped"},
        {"status": ["planned"], "date_to": "2024", "count": "exact"},
    ],
)
def test_postgresql_plans_once_what_an_index_answers(plans: Any, asked: dict[str, Any]) -> None:
    kept, made = plans(**asked)
    assert kept > 0
    assert made == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"fatalities_min": "9"},
        {"country": ["NE"], "type": ["AID"], "count": "exact"},
        {"updated_since": "2031-01-01T00:00:00Z", "sort": "-updated"},
        {"bbox": ["0,10,12,20"], "sort": "-fatalities"},
        {"q": "talks", "count": "capped"},
    ],
)
def test_postgresql_plans_for_its_values_what_an_index_leaves_over(plans: Any, asked: dict[str, Any]) -> None:
    assert plans(**asked) == (None, None)


@pytest.mark.parametrize("part", [{}, {"sort": "date", "limit": "1"}, {"sort": "-updated"}])
def test_postgresql_does_not_know_how_short_a_page_of_words_is(part: dict[str, Any]) -> None:
    """Of a word that few have, or none, it would seek a short one through all events: with a million, for seconds."""
    query = EventQuery.model_validate({"q": "talks", **part})
    made = event_lists.page(query, "begun within", "postgresql")
    dialect = make_url("postgresql+psycopg://").get_dialect()()
    as_text = str(made.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert re.findall(r"LIMIT \(?\w+", as_text) == [f"LIMIT {MOST_FEATURES + 1}", "LIMIT (SELECT"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_each_of_several_is_counted_up_to_the_cap(dialect: str) -> None:
    """Where they share events, all of each would be read before any is counted."""
    query = EventQuery.model_validate({"country": ["NE", "ML", "BF"], "count": "capped"})
    made = event_lists.count(query, COUNT_CAP + 1, dialect)
    as_text = str(made.compile(dialect=make_url(f"{dialect}://").get_dialect()()))
    assert len(re.findall("LIMIT", as_text)) == 3 + 1


_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)


@settings(max_examples=15)
@given(said=st.lists(_TEXTS, min_size=5))
def test_values_that_postgresql_plans_for_are_what_was_given(
    worlds: dict[str, TestClient], said: list[str]
) -> None:
    statement = select(bindparam("said", type_=Text)).execution_options(**{REPLANNED: True})

    async def told(reader: Reader) -> Any:
        return [await reader.prepared("said", lambda _: statement, {"said": each}) for each in said]

    found, _ = _on_postgresql(worlds["postgresql"], lambda reads: reads.answer(told))
    assert found == [[(each,)] for each in said]


@pytest.mark.parametrize(
    "query", ["updated_since=2031-01-01T00:00:00Z", "fatalities_min=9&country=NE,ML&sort=-updated"]
)
def test_what_may_leave_few_is_counted_by_its_index_and_looked_up(
    worlds: dict[str, TestClient], asked: list[str], query: str
) -> None:
    _get(worlds["sqlite"], f"/v1/events?{query}")
    steps = _plans(worlds["sqlite"], asked)
    assert [
        step
        for step in steps
        if re.match("SEARCH event USING (COVERING )?INDEX ix_event_(updated|fatalities)", step)
    ]
    assert "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert [step for step in steps if step.startswith("MATERIALIZE few_")]


def test_events_of_a_word_and_a_country_are_not_looked_up_to_see_which_country_they_are_of(
    worlds: dict[str, TestClient], asked: list[str]
) -> None:
    _get(worlds["sqlite"], "/v1/events?q=talks&country=NE")
    steps = _plans(worlds["sqlite"], asked)
    words = [step for step in steps if step.startswith("SCAN event_search")]
    assert words  # they are gone through, rather than asked for each event of the country
    assert not [step for step in words if "=" in step]
    assert [step for step in steps if step.startswith("LIST SUBQUERY")]


@pytest.mark.parametrize(
    "query", ["dataset=alpha", "type=AID", "context=military", "country=NE", "q=talks", "bbox=-20,-20,60,60"]
)
def test_what_changed_last_is_read_in_that_order_where_many_are_asked_for(
    worlds: dict[str, TestClient], asked: list[str], query: str
) -> None:
    _get(worlds["sqlite"], f"/v1/events?{query}&sort=-updated")
    steps = _plans(worlds["sqlite"], asked)
    assert [step for step in steps if re.match("(SCAN|SEARCH) event USING INDEX ix_event_updated_id", step)]

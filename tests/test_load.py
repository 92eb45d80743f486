"""The loader: idempotent, atomic, honest in its records; and stored documents always equal a fresh rendering."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import given, strategies
from pydantic import TypeAdapter
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app import codes, documents, edtf, rendering, schemas, search
from app.importers import dossier, passages, tallies, writer
from app.importers.bulk import Bulk
from app.importers.load import LoadError, Summary, load, load_countries, render_all
from app.records import (
    ActorRecord,
    DatasetRecord,
    EventFacts,
    EventRecord,
    EvidenceRecord,
    Release,
    SourceRecord,
    Withdrawal,
)
from app.sqlite import sqlite3
from app.tables import TABLES, Clock, Dataset, Event, EventDocument, Evidence, Load, is_in
from tests import make
from tests.conftest import SEED
from tests.derived import check_derived
from tests.parts import events_of, release_of, replace

WHOLE = TypeAdapter(schemas.EventWithEvidence)
TEXT = "The crowd marched through Oslo.\n\nThe police counted hundreds."

REPORT = SourceRecord(id="report", kind="article", title="A report", lineage="original")
MARCHERS = ActorRecord(id="marchers", kind="population", name="Marchers", names={"en": "Marchers"})


def _event(
    name: str, title: str | None = None, when: str = "2024-04-19", sources: Sequence[str] = ("report",), **more: Any
) -> EventRecord:  # fmt: skip
    day = edtf.parse(when)
    facts = EventFacts(
        type="PROTEST",
        status="occurred",
        title=title or f"The {name}",
        translations={},
        date_edtf=day.text,
        date_start=day.start,
        date_end=day.end,
        date_precision=day.precision,
    )
    evidence = [EvidenceRecord(source_id=source) for source in sources]
    return EventRecord(id=f"small.{name}", facts=facts, **({"evidence": evidence} | more))


def _release(*events: EventRecord, dataset: str = "small", **more: Any) -> Release:
    told = DatasetRecord(
        id=dataset,
        kind="dossier",
        title="Small",
        titles={"en": "Small"},
        version="1",
        licence="CC0-1.0",
        citation="Nobody.",
    )
    parts: dict[str, Any] = {"sources": [REPORT], "actors": [MARCHERS]}
    return release_of(
        dataset=told, file=f"{dataset}.yaml", file_sha256="0" * 64, events=events, **(parts | more)
    )


MARCH = _event("march", actors=[("marchers", "initiator")], countries=[("NO", "location"), ("SE", "party")])
VIGIL = _event("vigil", "A quiet evening", contexts=["military", "religion_ethnicity"])
FIRST = _release(MARCH, VIGIL)


def _retitled(event: EventRecord, title: str) -> EventRecord:
    return replace(event, facts=replace(event.facts, title=title))


def _dump(engine: Engine, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for some tables, and the full-text index."""
    with engine.connect() as connection:
        found = {
            table.name: [
                tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in TABLES.values()
            if is_in(engine.dialect.name, table) and table.name not in but
        }
    return found | {"event_search": sorted((key, " ".join(words)) for key, words in _index(engine))}


def _index(engine: Engine) -> Iterable[tuple[str, list[str]]]:
    """What the full-text index holds, by event; every entry must belong to one."""
    if engine.dialect.name == "sqlite":
        held = "SELECT event.id, words FROM event_search LEFT JOIN event ON event_search.rowid = document_id"
    else:
        held = "SELECT event_id, array_to_string(tsvector_to_array(words), ' ') FROM event_search"
    with engine.connect() as connection:
        return [(key, sorted(words.split())) for key, words in connection.execute(text(held))]


def _rows(engine: Engine, table: str, event: str) -> list[tuple[Any, ...]]:
    key = "id" if table == "event" else "event_id"
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT * FROM {table} WHERE {key} = :id"), {"id": event})
        return sorted(map(tuple, found), key=repr)


def _events(engine: Engine) -> dict[str, Event]:
    with Session(engine) as session:
        return {row.id.partition(".")[2]: row for row in session.exec(select(Event).order_by(col(Event.id)))}


def _loads(engine: Engine) -> list[Load]:
    with Session(engine) as session:
        return list(session.exec(select(Load).order_by(col(Load.id))))


def _dataset(engine: Engine, name: str) -> Dataset:
    with Session(engine) as session:
        return session.get_one(Dataset, name)


def _document(engine: Engine, name: str) -> dict[str, Any]:
    documents = _stored(engine)[name].document, _events(engine)[name].document_evidence
    whole: dict[str, Any] = json.loads(rendering.event_with_evidence_json(documents))
    return whole


def _stored(engine: Engine) -> dict[str, EventDocument]:
    held = select(Event.id, EventDocument).join(
        EventDocument, col(EventDocument.id) == col(Event.document_id)
    )
    with Session(engine) as session:
        return {key.partition(".")[2]: stored for key, stored in session.exec(held)}


def _assert_rendered(engine: Engine) -> None:
    """Every stored document equals a fresh rendering, fits the schema, and is found by its own words alone."""
    with Session(engine) as session:
        events = session.exec(select(Event)).all()
        connection = session.connection()
        records = documents.stored(connection, [event.id for event in events])
        related = documents.related(
            connection, [record for record, _ in records], documents.country_names(connection)
        )
        fresh = {record.id: documents.render(record, state, related) for record, state in records}
        held = {stored.id: stored for stored in session.exec(select(EventDocument))}
        assert len(held) == len(events)
        for event in events:
            stored = held[event.document_id]
            assert stored.document == fresh[event.id].document, event.id
            assert event.document_evidence == fresh[event.id].evidence, event.id
            assert stored.version == rendering.REPRESENTATION
            whole = rendering.event_with_evidence_json((stored.document, event.document_evidence))
            WHOLE.validate_json(whole, extra="forbid")
        words = {event.id: sorted(search.words(fresh[event.id].text)) for event in events}
    index = list(_index(engine))
    assert len(index) == len(words)
    assert dict(index) == words
    check_derived(engine)


def _load(engine: Engine, release: Release) -> Summary:
    summary = load(engine, release)
    _assert_rendered(engine)
    return summary


# Loading, again and changed


def test_a_first_load_inserts_every_event(engine: Engine) -> None:
    assert _load(engine, FIRST) == Summary(read=2, inserted=2)
    (record,) = _loads(engine)
    assert (record.outcome, record.read, record.inserted, record.error) == ("succeeded", 2, 2, None)
    assert (record.file, record.file_sha256, record.version) == ("small.yaml", "0" * 64, "1")
    assert record.finished is not None
    assert record.started <= record.finished
    assert {event.revision for event in _events(engine).values()} == {1}


@pytest.mark.parametrize("release", [FIRST, dossier.parse(SEED)], ids=["small", "seed"])
def test_loading_twice_changes_nothing(engine: Engine, release: Release) -> None:
    _load(engine, release)
    before = _dump(engine, "load", "clock")
    summary = _load(engine, release)
    assert summary == Summary(read=len(events_of(release)), unchanged=len(events_of(release)))
    assert _dump(engine, "load", "clock") == before
    assert [record.outcome for record in _loads(engine)] == ["succeeded", "succeeded"]


def test_an_edited_event_alone_is_written_and_its_revision_raised_by_one(engine: Engine) -> None:
    _load(engine, FIRST)
    tables = ("event", "event_context", "event_country", "event_actor", "evidence")
    vigil = [_rows(engine, table, "small.vigil") for table in tables]
    before = _events(engine)["march"]
    edited = replace(
        _retitled(MARCH, "A long march"),
        contexts=["election"],
        countries=[("NO", "location")],
        actors=[],
        evidence=[EvidenceRecord(source_id="report", field="title", note="Long.")],
    )
    assert _load(engine, _release(edited, VIGIL)) == Summary(read=2, updated=1, unchanged=1)
    after = _events(engine)["march"]
    assert (before.revision, after.revision) == (1, 2)
    assert after.created == before.created
    assert after.change_seq > before.change_seq
    assert [_rows(engine, table, "small.vigil") for table in tables] == vigil
    told = _document(engine, "march")
    assert (told["title"], told["contexts"], told["actors"]) == ("A long march", ["election"], [])
    assert [(country["code"], country["role"]) for country in told["countries"]] == [("NO", "location")]
    assert [(row["field"], row["note"]) for row in told["evidence"]] == [("title", "Long.")]


EDITS: list[dict[str, Any]] = [
    {"contexts": ["election"]},
    {"countries": [("NO", "location"), ("SE", "mentioned")]},
    {"actors": [("marchers", "participant")]},
    {"evidence": [EvidenceRecord(source_id="report", note="Seen.")]},
    {"facts": replace(MARCH.facts, summary="They marched.")},
    {"facts": replace(MARCH.facts, translations={"vi": {"title": "Tuần hành", "summary": None}})},
    {"facts": replace(MARCH.facts, figures=[{"measure": "a", "low": 1, "best": None, "high": None, "unit": "b"}])},
    {"facts": replace(MARCH.facts, place_name="Oslo", place_country="NO", place_precision="city")},
    {"facts": replace(MARCH.facts, fatalities_low=0)},
]  # fmt: skip


def test_any_part_of_an_event_may_be_edited_and_edited_back(engine: Engine) -> None:
    _load(engine, FIRST)
    original = _document(engine, "march")
    for times, edit in enumerate(EDITS, 1):
        assert _load(engine, _release(replace(MARCH, **edit), VIGIL)).updated == 1, edit
        edited = _document(engine, "march")
        assert edited["revision"] == 2 * times
        assert edited != original | {"revision": 2 * times, "updated": edited["updated"]}, edit
        assert _load(engine, FIRST).updated == 1
        restored = _document(engine, "march")
        assert restored == original | {"revision": 2 * times + 1, "updated": restored["updated"]}, edit


def test_documents_lie_by_day_and_country_and_follow_their_event(engine: Engine) -> None:
    there, later = [("NO", "location"), ("SE", "mentioned")], _event("march", when="2024-05-02")
    march, vigil = replace(MARCH, countries=there), replace(VIGIL, countries=[("VN", "location")])
    moved = replace(later, countries=[("VN", "location"), ("NO", "mentioned")])
    for written in (march, replace(march, countries=there[::-1]), moved, later, march):
        _load(engine, _release(written, vigil))
        held = _events(engine)
        number = codes.number(written.countries[0][0]) if written.countries else 0
        place = held["march"].document_id
        assert place == search.document_id(written.facts.date_start, number, search.sequence(place))
        assert search.sequence(place) != search.sequence(held["vigil"].document_id)
        check_derived(engine)
        _assert_rendered(engine)


DAYS, NUMBERS, OWN = (
    strategies.dates(),
    strategies.sampled_from([codes.number(row["code"]) for row in codes.countries()]),
    strategies.integers(0, (1 << 30) - 1),
)


@given(
    strategies.lists(
        strategies.tuples(DAYS, NUMBERS, OWN), min_size=2, max_size=9, unique_by=lambda parts: parts[2]
    )
)
def test_ids_of_documents_are_in_the_order_of_their_parts(parts: list[tuple[date, int, int]]) -> None:
    ids = [search.document_id(*each) for each in parts]
    assert [each for _, each in sorted(zip(ids, parts, strict=True))] == sorted(parts)
    assert len(set(map(search.sequence, ids))) == len(ids)
    for (day, _, _), place in zip(parts, ids, strict=True):
        assert search.document_id(day) <= place <= search.document_id(day) | search.SEQUENCE < 1 << 63


def test_an_id_of_documents_has_an_end() -> None:
    with pytest.raises(ValueError, match="1,073,741,823"):
        search.document_id(date.max, 999, 1 << 30)


def test_an_event_that_is_added_leaves_the_others_alone(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _rows(engine, "event", "small.march")
    assert _load(engine, _release(MARCH, VIGIL, _event("sequel"))) == Summary(read=3, inserted=1, unchanged=2)
    assert _rows(engine, "event", "small.march") == before


def test_the_order_in_a_file_is_no_change(engine: Engine) -> None:
    _load(engine, FIRST)
    assert _load(engine, _release(VIGIL, MARCH)) == Summary(read=2, unchanged=2)


def test_a_dataset_is_described_anew(engine: Engine) -> None:
    _load(engine, FIRST)
    dataset = replace(FIRST.dataset, title="Smaller", version="2", note="Less.")
    assert _load(engine, replace(FIRST, dataset=dataset)) == Summary(read=2, unchanged=2)
    row = _dataset(engine, "small")
    assert (row.title, row.version, row.note) == ("Smaller", "2", "Less.")


# What events show changes its name


def _renamed_actor() -> Release:
    return _release(MARCH, VIGIL, actors=[replace(MARCHERS, name="The crowd", names={"en": "The crowd"})])


def test_a_renamed_actor_is_shown_anew_wherever_it_takes_part(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _events(engine)
    assert _load(engine, _renamed_actor()) == Summary(read=2, unchanged=2)
    after = _events(engine)
    assert _document(engine, "march")["actors"][0]["name"] == "The crowd"
    assert after["march"].revision == before["march"].revision == 1
    assert after["march"].change_seq > before["march"].change_seq
    assert after["vigil"] == before["vigil"]


def test_a_renamed_source_is_shown_anew_wherever_it_reports(engine: Engine) -> None:
    second = replace(REPORT, id="second")
    release = _release(MARCH, _event("vigil", sources=["second"]), sources=[REPORT, second])
    _load(engine, release)
    before = _events(engine)
    summary = _load(
        engine, replace(release, sources=[REPORT, replace(second, title="Retitled", publisher="Post")])
    )
    assert summary == Summary(read=2, unchanged=2)
    (shown,) = _document(engine, "vigil")["sources"]
    assert (shown["title"], shown["publisher"]) == ("Retitled", "Post")
    after = _events(engine)
    assert after["vigil"].revision == 1
    assert after["vigil"].change_seq > before["vigil"].change_seq
    assert after["march"] == before["march"]


def _rename_norway(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(row | ({"name_en": "Norge"} if row["code"] == "NO" else {}) for row in codes.countries())
    monkeypatch.setattr(codes, "countries", lambda: rows)


def test_a_renamed_country_is_shown_anew_wherever_it_has_a_role(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _load(engine, FIRST)
    before = _events(engine)
    _rename_norway(monkeypatch)
    load_countries(engine)
    _assert_rendered(engine)
    after = _events(engine)
    assert _document(engine, "march")["countries"][0]["name"] == "Norge"
    assert after["march"].revision == 1
    assert after["march"].change_seq > before["march"].change_seq
    assert after["vigil"] == before["vigil"]


def test_countries_that_are_what_they_were_change_nothing(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _dump(engine)
    load_countries(engine)
    assert _dump(engine) == before


def test_a_name_reaches_the_events_of_other_datasets(engine: Engine) -> None:
    _load(engine, FIRST)
    _load(engine, replace(_renamed_actor(), dataset=replace(FIRST.dataset, id="other"), events=[]))
    assert _document(engine, "march")["actors"][0]["name"] == "The crowd"


def test_what_no_event_shows_of_an_actor_or_a_source_is_no_news_of_its_events(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _events(engine)
    noted = _release(
        MARCH,
        VIGIL,
        sources=[replace(REPORT, note="Seen.", authors=["Somebody"])],
        actors=[replace(MARCHERS, kind="organisation")],
    )
    _load(engine, noted)
    assert _events(engine) == before


def test_new_lineage_far_up_is_counted_anew(engine: Engine) -> None:
    copy = SourceRecord(id="copy", kind="article", title="A copy", lineage="derived", derived_from="report")
    second = replace(REPORT, id="second")
    event = _event("march", sources=["copy", "second"])
    _load(engine, _release(event, sources=[REPORT, copy, second]))
    assert _document(engine, "march")["independent_origins"] == 2
    _load(engine, _release(event, sources=[replace(REPORT, lineage="unknown"), copy, second]))
    assert _document(engine, "march")["independent_origins"] == 1


def test_an_actor_and_a_source_may_get_new_parents(engine: Engine) -> None:
    _load(engine, FIRST)
    crowd = ActorRecord(id="a-crowd", kind="population", name="Crowd", names={"en": "Crowd"})
    origin = SourceRecord(id="z-origin", kind="article", title="The origin", lineage="original")
    adopted = _release(
        MARCH,
        VIGIL,
        actors=[replace(MARCHERS, parent_id="a-crowd"), crowd],
        sources=[replace(REPORT, lineage="derived", derived_from="z-origin"), origin],
    )
    assert _load(engine, adopted) == Summary(read=2, unchanged=2)


def test_lineage_may_begin_in_what_is_loaded_already(engine: Engine) -> None:
    _load(engine, FIRST)
    middle = SourceRecord(id="middle", kind="article", title="M", lineage="derived", derived_from="report")
    copy = SourceRecord(id="copy", kind="article", title="C", lineage="derived", derived_from="middle")
    retold = replace(_event("retold", sources=["copy"]), id="other.retold")
    _load(engine, _release(retold, dataset="other", sources=[middle, copy]))
    assert _document(engine, "retold")["independent_origins"] == 1


# Withdrawing


def _withdrawn(successor: str | None = "small.vigil") -> Release:
    return _release(VIGIL, withdrawals=[Withdrawal(id="small.march", reason="No march.", successor_id=successor)])  # fmt: skip


def test_a_withdrawn_event_keeps_its_reason_and_successor(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _events(engine)["march"]
    assert _load(engine, _withdrawn()) == Summary(read=1, unchanged=1, withdrawn=1)
    after = _events(engine)["march"]
    assert (after.withdrawn_reason, after.successor_id) == ("No march.", "small.vigil")
    assert after.withdrawn == after.updated
    assert after.revision == before.revision + 1
    assert after.change_seq > before.change_seq
    assert _loads(engine)[-1].withdrawn == 1


def test_a_withdrawn_event_is_in_no_list_and_gone_from_its_path(engine: Engine, client: TestClient) -> None:
    _load(engine, FIRST)
    _load(engine, _withdrawn())
    for query in ({}, {"q": "march"}, {"country": "NO"}, {"actor": "marchers"}, {"source": "report"}):
        listed = client.get("/v1/events", params={**query, "count": "exact"}).json()
        assert "small.march" not in [event["id"] for event in listed["items"]]
        assert listed["total"] == len(listed["items"])
    gone = client.get("/v1/events/small.march")
    assert gone.status_code == 410
    problem = schemas.Withdrawn.model_validate(gone.json())
    assert (problem.reason, problem.successor) == ("No march.", "small.vigil")
    assert client.get("/v1/events/small.vigil").status_code == 200


def test_withdrawing_twice_changes_nothing(engine: Engine) -> None:
    _load(engine, FIRST)
    _load(engine, _withdrawn())
    before = _dump(engine, "load", "clock")
    assert _load(engine, _withdrawn()) == Summary(read=1, unchanged=1)
    assert _dump(engine, "load", "clock") == before


def test_a_better_reason_replaces_the_first(engine: Engine) -> None:
    _load(engine, FIRST)
    _load(engine, _withdrawn())
    better = Withdrawal(id="small.march", reason="It was a vigil.", successor_id=None)
    _load(engine, _release(VIGIL, withdrawals=[better]))
    after = _events(engine)["march"]
    assert (after.withdrawn_reason, after.successor_id) == ("It was a vigil.", None)


def test_an_event_that_was_withdrawn_may_come_back(engine: Engine, client: TestClient) -> None:
    _load(engine, FIRST)
    _load(engine, _withdrawn())
    assert _load(engine, FIRST) == Summary(read=2, updated=1, unchanged=1)
    event = _events(engine)["march"]
    assert (event.withdrawn, event.withdrawn_reason, event.successor_id) == (None, None, None)
    assert event.revision == 3
    assert client.get("/v1/events/small.march").json()["revision"] == 3
    assert len(client.get("/v1/events", params={"q": "march"}).json()["items"]) == 1


def test_an_event_may_not_be_forgotten(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _dump(engine, "load", "clock")
    with pytest.raises(LoadError, match=r"small\.yaml lacks the event small\.march.*withdrawn"):
        load(engine, _release(_retitled(VIGIL, "Another evening"), _event("sequel")))
    assert _dump(engine, "load", "clock") == before
    record = _loads(engine)[-1]
    assert record.outcome == "failed"
    assert record.finished is not None
    assert record.error is not None
    assert "small.march" in record.error
    assert (record.inserted, record.updated, record.unchanged, record.withdrawn) == (0, 0, 0, 0)


def test_an_event_of_another_dataset_need_not_be_listed(engine: Engine) -> None:
    _load(engine, FIRST)
    other = replace(_event("march"), id="other.march")
    assert _load(engine, _release(other, dataset="other")) == Summary(read=1, inserted=1)
    assert len(_dump(engine)["event"]) == 3


# Failing


@pytest.mark.parametrize(
    "place",
    [
        "app.documents.render",
        "app.search.indexed",
        "app.importers.load._describe",
        "app.importers.bulk.Bulk.update",
    ],
)
def test_a_failure_late_in_a_load_leaves_all_as_it_was(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    _load(engine, FIRST)
    before = _dump(engine, "load", "clock")
    edited = _release(_retitled(MARCH, "A long march"), VIGIL, _event("sequel"))

    def fail(*_: Any) -> None:
        raise RuntimeError("no more paper")

    with monkeypatch.context() as patched:
        patched.setattr(place, fail)
        with pytest.raises(RuntimeError, match="no more paper"):
            load(engine, edited)
    assert _dump(engine, "load", "clock") == before
    record = _loads(engine)[-1]
    assert (record.outcome, record.error) == ("failed", "RuntimeError: no more paper")
    assert record.finished is not None
    assert (record.read, record.inserted, record.updated) == (3, 0, 0)
    assert _load(engine, edited) == Summary(read=3, inserted=1, updated=1, unchanged=1)
    assert [record.outcome for record in _loads(engine)] == ["succeeded", "failed", "succeeded"]


def test_rows_that_the_database_refuses_leave_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH", 4)
    monkeypatch.setattr(writer, "PART", 1)
    _load(engine, FIRST)
    before = _dump(engine, "load", "clock")
    # What is refused may be on its way while the events after it are made.
    impossible = _event("sequel")
    impossible = replace(impossible, facts=replace(impossible.facts, type="PICNIC"))
    with pytest.raises((IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError), match="type"):
        load(engine, _release(MARCH, VIGIL, impossible, *(_event(f"more-{n}") for n in range(40))))
    assert _dump(engine, "load", "clock") == before
    assert _loads(engine)[-1].outcome == "failed"


def test_documents_are_put_in_order_once_however_many_batches_a_first_load_has(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH", 4)
    monkeypatch.setattr(writer, "PART", 2)
    run, ran = Bulk.script, list[str]()

    def script(bulk: Bulk, *statements: str) -> None:
        ran.extend(statements)
        run(bulk, *statements)

    monkeypatch.setattr(Bulk, "script", script)
    _load(engine, _release(*(_event(f"part-{n}", when=f"2024-04-{1 + n * 7 % 28:02}") for n in range(21))))
    assert sum(statement.startswith("INSERT INTO event_document") for statement in ran) == 1


COUNTRIES = [("NO", "location"), ("SE", "mentioned")]


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_events_are_counted_alike_however_many_a_load_has(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(tallies, "_HELD_AT_MOST", most)
    several = [replace(_event(f"one-{n}"), countries=COUNTRIES[: n % 3]) for n in range(7)]
    for count in (4, 7):  # the first load, and one that adds to it
        _load(engine, _release(*several[:count]))
        check_derived(engine)


def test_a_first_load_that_fails_leaves_its_record_alone(engine: Engine) -> None:
    before = _dump(engine, "load", "clock")
    orphan = _release(_event("march", sources=["nobody"]))
    with pytest.raises(LoadError, match="nobody"):
        load(engine, orphan)
    assert _dump(engine, "load", "clock") == before
    assert [(record.dataset_id, record.outcome) for record in _loads(engine)] == [("small", "failed")]


def test_loads_at_the_same_time_wait_for_each_other(engine: Engine) -> None:
    def release(n: int) -> Release:
        events = [replace(_event(f"e{m}"), id=f"d{n}.e{m}") for m in range(5)]
        return _release(*events, dataset=f"d{n}")

    load(engine, _release(dataset="first"))  # so that none of them has to make the source
    with ThreadPoolExecutor(4) as pool:
        summaries = list(pool.map(lambda n: load(engine, release(n)), range(4)))
    assert summaries == [Summary(read=5, inserted=5)] * 4
    _assert_rendered(engine)
    with Session(engine) as session:
        rows = session.exec(select(Event.dataset_id).order_by(col(Event.change_seq))).all()
    assert [len(set(rows[n : n + 5])) for n in range(0, 20, 5)] == [1, 1, 1, 1]


# The order of changes


def test_changes_are_numbered_in_the_order_of_writing(engine: Engine) -> None:
    names = ["c", "a", "b"]
    _load(engine, _release(*map(_event, names)))
    first = {name: event.change_seq for name, event in _events(engine).items()}
    assert [first[name] for name in names] == sorted(first.values())
    withdrawal = Withdrawal(id="small.a", reason="None.")
    edited = [_event("b", "Changed"), _event("c", "Changed too"), _event("d")]
    _load(engine, _release(*edited, withdrawals=[withdrawal]))
    second = {name: event.change_seq for name, event in _events(engine).items()}
    assert min(second.values()) > max(first.values())
    assert len(set(second.values())) == 4
    assert second["b"] < second["c"]
    with Session(engine) as session:
        assert session.get_one(Clock, 1).seq >= max(second.values())


def test_every_load_moves_the_clock_even_without_a_change(engine: Engine) -> None:
    seen = []
    for _ in range(3):
        load(engine, FIRST)
        with Session(engine) as session:
            seen.append(session.get_one(Clock, 1).seq)
    assert all(earlier < later for earlier, later in pairwise(seen))


def test_times_are_whole_seconds_in_utc(engine: Engine) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    _load(engine, FIRST)
    stored = _stored(engine)
    for name, event in _events(engine).items():
        assert event.created == event.updated
        assert event.updated.microsecond == 0
        assert before <= event.updated <= datetime.now(UTC)
        (told,) = re.findall(rb'"updated":"([^"]*)"', stored[name].document)
        assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told)


# Stored documents

WRITES: list[Callable[[Engine], Any]] = [
    lambda engine: load(engine, FIRST),
    lambda engine: load(engine, _release(_retitled(MARCH, "A long march"), VIGIL)),
    lambda engine: load(engine, _renamed_actor()),
    lambda engine: load(engine, _withdrawn()),
    lambda engine: load(engine, dossier.parse(SEED)),
    load_countries,
    render_all,
    lambda engine: load(engine, FIRST),
]


def test_after_every_write_every_document_equals_a_fresh_rendering(engine: Engine) -> None:
    for write in WRITES:
        write(engine)
        _assert_rendered(engine)


def test_rendering_all_repairs_what_is_stored_and_is_no_change(engine: Engine) -> None:
    _load(engine, FIRST)
    before = _dump(engine, "clock")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE event_document SET document = :nothing, version = 0"), {"nothing": b""}
        )
        connection.execute(text("UPDATE event SET document_evidence = :nothing"), {"nothing": b""})
        copies = ["country_document"] if engine.dialect.name == "sqlite" else []
        for emptied in ("event_search", *copies):
            connection.execute(text(f"DELETE FROM {emptied}"))
    assert render_all(engine) == 2
    _assert_rendered(engine)
    assert _dump(engine, "clock") == before


def test_words_are_one_piece_after_a_load_of_many(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no pieces")
    load(engine, make.release(make.event("made.one"), make.event("made.two")))
    others = make.dataset("other")
    load(engine, make.release(make.event("other.one"), make.event("other.two"), dataset=others))
    with engine.connect() as connection:
        told = connection.execute(text("SELECT block FROM event_search_data WHERE id = 10")).scalar_one()
    assert told[5] == 1  # after four bytes of a version and the number of levels


def test_words_are_found_after_an_edit_and_old_ones_are_not(engine: Engine, client: TestClient) -> None:
    def found(words: str) -> list[str]:
        return [event["id"] for event in client.get("/v1/events", params={"q": words}).json()["items"]]

    _load(engine, FIRST)
    assert (found("quiet"), found("candles"), found("marchers")) == (["small.vigil"], [], ["small.march"])
    edited = [MARCH, _retitled(VIGIL, "An evening with candles")]
    _load(engine, _release(*edited))
    assert (found("quiet"), found("candles"), found("evening")) == ([], ["small.vigil"], ["small.vigil"])
    _load(engine, replace(_renamed_actor(), events=edited))
    assert (found("marchers"), found("crowd")) == ([], ["small.march"])


def _source(name: str, origin: str | None = None, lineage: str = "original") -> SourceRecord:
    if origin:
        lineage = "derived"
    return SourceRecord(id=name, kind="article", title=name, lineage=lineage, derived_from=origin)


ORIGINAL, TRANSLATION, EXCERPT = _source("original"), _source("translation", "original"), _source("excerpt", "translation")  # fmt: skip
OTHER, RUMOUR, HEARSAY = _source("other"), _source("rumour", lineage="unknown"), _source("hearsay", lineage="unknown")  # fmt: skip
RETOLD = _source("retold", "rumour")
ALL = [ORIGINAL, TRANSLATION, EXCERPT, OTHER, RUMOUR, HEARSAY, RETOLD]


ORIGINS = {
    "original": 1,
    "translation": 1,
    "original translation": 1,
    "excerpt": 1,
    "excerpt translation original": 1,
    "original other": 2,
    "excerpt other": 2,
    "original rumour": 1,
    "original other rumour hearsay": 2,
    "rumour": 1,
    "rumour hearsay": 1,
    "retold": 1,
    "retold rumour": 1,
    "retold original": 1,
}


def test_independent_origins_are_the_known_roots_of_the_lineage(engine: Engine) -> None:
    events = [_event(cited.replace(" ", "-"), sources=cited.split()) for cited in ORIGINS]
    _load(engine, _release(*events, sources=ALL))
    told = {cited: _document(engine, cited.replace(" ", "-")) for cited in ORIGINS}
    assert {cited: event["independent_origins"] for cited, event in told.items()} == ORIGINS
    shown = {cited: " ".join(source["id"] for source in event["sources"]) for cited, event in told.items()}
    assert shown == {cited: cited for cited in ORIGINS}


def test_a_source_is_shown_once_however_often_it_is_cited(engine: Engine) -> None:
    _load(engine, _release(_event("march", sources=["report", "report"])))
    told = _document(engine, "march")
    assert [source["id"] for source in told["sources"]] == ["report"]
    assert len(told["evidence"]) == 2


# Quotes that an operator adds


def _told(*words: str) -> Release:
    source = replace(REPORT, text_sha256=passages.sha256(TEXT), text_length=len(TEXT))
    found = [passages.locate(TEXT, word)[0] for word in words]
    evidence = [
        EvidenceRecord(source_id="report", paragraph=p.paragraph, passage_start=p.start, passage_end=p.end, passage_sha256=p.sha256)
        for p in found
    ]  # fmt: skip
    return _release(_event("march", evidence=evidence), VIGIL, sources=[source])


def _quotes(engine: Engine) -> list[str | None]:
    with Session(engine) as session:
        wanted = select(Evidence).where(Evidence.event_id == "small.march").order_by(col(Evidence.position))
        held = [row.quote for row in session.exec(wanted)]
    assert [row["quote"] for row in _document(engine, "march")["evidence"]] == held
    return held


def test_quotes_are_loaded_and_a_plain_load_keeps_them(engine: Engine) -> None:
    release = _told("marched through Oslo", "hundreds")
    _load(engine, release)
    assert _quotes(engine) == [None, None]
    assert _load(engine, passages.with_quotes(release, TEXT)) == Summary(read=2, updated=1, unchanged=1)
    assert _quotes(engine) == ["marched through Oslo", "hundreds"]
    before = _dump(engine, "load", "clock")
    assert _load(engine, release) == Summary(read=2, unchanged=2)
    assert _dump(engine, "load", "clock") == before


def test_a_quote_goes_with_its_passage(engine: Engine) -> None:
    release = _told("marched through Oslo", "hundreds")
    _load(engine, passages.with_quotes(release, TEXT))
    assert _load(engine, _told("hundreds", "marched")).updated == 1
    assert _quotes(engine) == ["hundreds", None]


def test_quotes_need_a_text_that_holds() -> None:
    release = _told("marched through Oslo")
    with pytest.raises(LookupError):
        passages.with_quotes(release, TEXT + " ")
    march = events_of(release)[0]
    wrong = replace(march, evidence=[replace(march.evidence[0], passage_start=5)])
    with pytest.raises(ValueError, match=r"small\.march"):
        passages.with_quotes(replace(release, events=[wrong]), TEXT)


# What the dataset says of itself


COVERED: list[tuple[list[str], date | None, date | None]] = [
    (["2024-04-19"], date(2024, 4, 19), date(2024, 4, 19)),
    (["2024-03", "2023"], date(2023, 1, 1), date(2024, 3, 31)),
    (["2024-04-20/..", "2024-04-19"], date(2024, 4, 19), date(2024, 4, 19)),
    (["/2023"], None, date(2023, 12, 31)),
    (["2024/.."], date(2024, 1, 1), None),
    ([], None, None),
]


def _covering(dataset: str, dates: list[str]) -> Release:
    dated = [replace(_event("e", when=when), id=f"{dataset}.e{n}") for n, when in enumerate(dates)]
    return _release(*dated, dataset=dataset)


def test_a_dataset_counts_its_events_and_leaves_open_ends_out_of_its_coverage(engine: Engine) -> None:
    for n, (dates, first, last) in enumerate(COVERED):
        _load(engine, _covering(f"d{n}", dates))
        dataset = _dataset(engine, f"d{n}")
        assert dataset.events == len(dates)
        assert (dataset.coverage_start, dataset.coverage_end) == (first, last), dates


def test_a_dataset_of_only_open_dates_covers_the_days_that_are_known(engine: Engine) -> None:
    _load(engine, _covering("open", ["/2023", "2024-04-20/.."]))
    dataset = _dataset(engine, "open")
    assert (dataset.coverage_start, dataset.coverage_end) == (date(2023, 12, 31), date(2024, 4, 20))


def test_a_withdrawn_event_is_not_counted_or_covered(engine: Engine) -> None:
    _load(engine, _release(_event("march", when="1999"), VIGIL))
    _load(engine, _withdrawn(None))
    dataset = _dataset(engine, "small")
    assert (dataset.events, dataset.coverage_start) == (1, date(2024, 4, 19))

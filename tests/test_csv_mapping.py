"""CSV files by a mapping: the documented example, every mistake of a mapping, and every reason to reject a row."""

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import codes
from app.importers.csv_mapping import MappingError, dataset, parse, read_mapping
from app.importers.csv_values import coarser, slug
from app.records import ActorRecord, EventRecord, Item, Reject, SourceRecord

DOCS = Path(__file__).parents[1] / "docs"
CSV, TOML = DOCS / "examples" / "protests.csv", DOCS / "examples" / "protests.toml"

HEAD = """
[dataset]
id = "tea"
title = "Tea"
version = "1"
licence = "CC0-1.0"
citation = "Made up."
"""
PLAIN = {
    "id": '{ column = "id" }',
    "type": '{ constant = "PROTEST" }',
    "status": '{ constant = "occurred" }',
    "title": '{ column = "title" }',
    "date.start": '{ column = "day" }',
}
ROW = {"id": "1", "title": "Tea", "day": "2024-04-19"}


def _toml(changes: dict[str, str | None], more: str = "", file: str = "") -> str:
    keys = {name: value for name, value in (PLAIN | changes).items() if value is not None}
    lines = "\n".join(f"{name} = {value}" for name, value in keys.items())
    return f"{HEAD}\n[file]\n{file}\n[event]\n{lines}\n{more}"


def _table(rows: Iterable[dict[str, str]]) -> str:
    rows = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Parse rows, or the text of a file, by a minimal mapping with changes."""

    def parsed(rows: Any, more: str = "", file: str = "", **changes: str | None) -> list[Item]:
        mapping, table = tmp_path / "m.toml", tmp_path / "t.csv"
        named = {name.replace("__", "."): value for name, value in changes.items()}
        mapping.write_text(_toml(named, more, file), "utf-8")
        text = rows if isinstance(rows, str | bytes) else _table(ROW | row for row in rows)
        table.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(parse(table, read_mapping(mapping)))

    return parsed


@pytest.fixture
def mistakes(tmp_path: Path) -> Any:
    """The mistakes of a mapping, by key."""

    def found(more: str = "", file: str = "", **changes: str | None) -> dict[str, str]:
        (tmp_path / "m.toml").write_text(
            _toml({name.replace("__", "."): value for name, value in changes.items()}, more, file), "utf-8"
        )
        (tmp_path / "t.csv").write_text(_table([ROW]), "utf-8")
        with pytest.raises(MappingError) as caught:
            parse(tmp_path / "t.csv", read_mapping(tmp_path / "m.toml"))
        assert str(caught.value).startswith("m.toml: ")
        return dict(caught.value.mistakes)

    return found


def _event(items: list[Item]) -> EventRecord:
    (event,) = (item for item in items if isinstance(item, EventRecord | Reject))
    assert isinstance(event, EventRecord), event
    return event


def _reject(items: list[Item]) -> Reject:
    (reject,) = items
    assert isinstance(reject, Reject), reject
    return reject


# --- the documented example ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> list[Item]:
    return list(parse(CSV, read_mapping(TOML)))


@pytest.fixture(scope="module")
def events(example: list[Item]) -> dict[str, EventRecord]:
    return {
        item.id.removeprefix("teapot-protests."): item for item in example if isinstance(item, EventRecord)
    }


def test_the_example_loads_as_the_docs_say(example: list[Item], events: dict[str, EventRecord]) -> None:
    page = (DOCS / "csv-mapping.md").read_text("utf-8")
    rejects = [item for item in example if isinstance(item, Reject)]
    assert f"{len(events) + len(rejects)} rows: {len(events)} become events, and one is rejected" in page
    assert [f"| {r.row} | `{r.field}` | {r.reason} |" in page for r in rejects] == [True]


def test_the_example_names_everything_before_it_is_used(example: list[Item]) -> None:
    named = set()
    for item in example:
        if isinstance(item, SourceRecord | ActorRecord):
            assert item.id not in named
            named.add(item.id)
        elif isinstance(item, EventRecord):
            assert {key for key, _ in item.actors} | {entry.source_id for entry in item.evidence} <= named
            assert item.evidence


def test_the_dataset_of_the_example() -> None:
    described = dataset(read_mapping(TOML))
    assert (described.id, described.kind, described.version) == ("teapot-protests", "csv", "2024.1")
    assert described.titles == {"en": "Teapot Protest Watch", "vi": "Theo dõi biểu tình Ấm Trà"}


@pytest.mark.parametrize(
    ("key", "text", "precision"),
    [
        ("TP-001", "2024-01-13", "day"),
        ("TP-002", "2024-01-20/2024-01-21", "range"),
        ("TP-003", "2024-02", "month"),
        ("TP-004", "2024-02", "month"),
        ("TP-008", "2024-03-11/..", "open"),
        ("TP-009", "2024", "year"),
        ("TP-011", "2024-03-25/2024-03-31", "week"),
    ],
)
def test_dates_of_the_example(events: dict[str, EventRecord], key: str, text: str, precision: str) -> None:
    facts = events[key].facts
    assert (facts.date_edtf, facts.date_precision) == (text, precision)


def test_places_of_the_example(events: dict[str, EventRecord]) -> None:
    places = {
        key: (f.place_name, f.place_country, f.latitude, f.place_precision)
        for key, f in ((key, event.facts) for key, event in events.items())
    }
    assert places["TP-003"] == ("Abidjan", "CI", 5.32, "city")
    assert places["TP-004"] == (None, None, None, None)
    assert places["TP-005"] == ("Đà Nẵng", "VN", 16.07, "near")
    assert places["TP-009"] == (None, "NE", None, "country")
    assert events["TP-004"].countries == [] and events["TP-005"].countries == [("VN", "location")]


def test_texts_and_lists_of_the_example(events: dict[str, EventRecord]) -> None:
    assert events["TP-002"].facts.summary == 'They stood for two days.\nTheir banner read "Later".'
    assert events["TP-001"].contexts == ["environment", "natural_resource"]
    assert events["TP-001"].facts.translations["vi"]["title"].startswith("Người bán ô")
    assert events["TP-002"].actors == [
        ("teapot-protests.guild-of-patient-clockmakers", "participant"),
        ("teapot-protests.friends-of-the-second-hand", "participant"),
    ]
    assert events["TP-005"].facts.figures == [
        {"measure": "participants", "low": 1000, "best": None, "high": None, "unit": "persons"}
    ]
    assert [entry.source_id for entry in events["TP-004"].evidence] == ["teapot-protests-2024.1"]


def test_every_key_is_documented() -> None:
    from app.importers.csv_mapping_format import Mapping, Part

    page = (DOCS / "csv-mapping.md").read_text("utf-8")
    parts: list[type[Part]] = [Part]
    for part in parts:
        parts += part.__subclasses__()
    keys = {name for part in parts if part is not Mapping for name in part.model_fields}
    assert {key for key in keys if not re.search(rf"[`.\[]{key}\b", page)} == set()


# --- mistakes of a mapping -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "changes", "reason"),
    [
        ("event.id", {"id": None}, "Field required"),
        ("event.type", {"type": '"PROTEST"'}, "say where it comes from"),
        ("event.type", {"type": '{ constant = "PROTSET" }'}, "did you mean PROTEST?"),
        ("event.type", {"type": '{ column = "title", map = { a = "AID", b = "ADE" } }'}, "'ADE' is none of"),
        ("event.status", {"status": '{ column = "title", default = "ocurred" }'}, "did you mean occurred?"),
        ("event.title", {"title": "{}"}, "one of column, template and constant"),
        ("event.title", {"title": '{ column = "a", constant = "b" }'}, "one of column, template and constant"),
        ("event.title", {"title": '{ template = "Tea" }'}, "names columns in braces"),
        ("event.title", {"title": '{ template = "{a} {b" }'}, "braces"),
        ("event.title", {"title": '{ constant = "a", default = "b" }'}, "neither map nor default"),
        ("event.title.constant", {"title": "{ constant = true }"}, "valid string"),
        ("event.title.constant", {"title": '{ constant = "" }'}, "at least 1 character"),
        ("event.title.colunm", {"title": '{ colunm = "a" }'}, "did you mean column?"),
        ("event.title.separator", {"title": '{ column = "title", separator = ";" }'}, "not a key here"),
        ("event.sumary", {"sumary": '{ column = "title" }'}, "did you mean summary?"),
        ("event.title.column", {"title": '{ column = "titel" }'}, "t.csv has no column 'titel'; did you mean title?"),
        ("event.title.template", {"title": '{ template = "{titel}" }'}, "did you mean title?"),
        ("event.title.default", {"title": '{ column = "title", default = "{dy}" }'}, "did you mean day?"),
        ("event.date.start.format.0", {"date__start": '{ column = "day", format = "%d/%m" }'}, "%Y"),
        ("event.date.start.format.0", {"date__start": '{ column = "day", format = "%d %Y" }'}, "%m"),
        ("event.date.start.format.0", {"date__start": '{ column = "day", format = "%Q" }'}, "no %Q"),
        ("event.date.start", {"date__start": '{ constant = "2024-02-30" }'}, "day must be 01 to 29"),
        ("event.date.precision", {"date__precision": '{ constant = "range" }'}, "is none of day, week"),
        ("event.place.precision", {"place__name": '{ column = "title" }'}, "Field required"),
        (
            "event.place",
            {"place__latitude": '{ column = "title" }', "place__precision": '{ constant = "city" }'},
            "come together",
        ),
        (
            "event.place.country.system",
            {"place__country": '{ column = "title" }', "place__precision": '{ constant = "city" }'},
            "Field required",
        ),
        (
            "event.place.country",
            {
                "place__country": '{ constant = "Nigerr", system = "name" }',
                "place__precision": '{ constant = "city" }',
            },
            "did you mean niger?",
        ),
        ("event.fatalities.best", {"fatalities__best": "{ constant = 1.5 }"}, "not a whole number"),
        ("event.fatalities.mean", {"fatalities__mean": "{ constant = 1 }"}, "allowed: low, best, high"),
        ("event.translations.Viet Nam", {"translations": '{ "Viet Nam" = { title = { constant = "a" } } }'}, "match"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(mistakes: Any, key: str, changes: dict[str, str | None], reason: str) -> None:
    found = mistakes(**changes)
    assert list(found) == [key] and reason in found[key]


@pytest.mark.parametrize(
    ("key", "more", "reason"),
    [
        ("event.countries.0.role", '[[event.countries]]\nrole="loaction"\ncountry={constant="NE",system="iso"}', "did you mean location?"),
        ("event.countries.0.country.system", '[[event.countries]]\nrole="party"\ncountry={constant="NE",system="isa"}', "'iso'"),
        ("event.countries.0.code", '[[event.countries]]\nrole="party"\ncode=1\ncountry={constant="NE",system="iso"}', "allowed: role, country"),
        ("event.actors.0.kind", '[[event.actors]]\nrole="mediator"\nname={column="title"}', "Field required"),
        ("event.actors.0", '[[event.actors]]\nrole="mediator"\nname={column="title",separator=";"}\nid={column="id"}\nkind={constant="state"}', "ids need one too"),
        ("event.sources.0", '[[event.sources]]\nkind={constant="article"}', "needs a title or a url"),
        ("event.sources.0.url", '[[event.sources]]\nkind={constant="article"}\nurl={constant="ftp://a"}', "http"),
        ("event.sources.0.language", '[[event.sources]]\nkind={constant="article"}\ntitle={column="title"}\nlanguage={constant="English!"}', "BCP 47"),
        ("event.figures.0.measure", '[[event.figures]]\nmeasure="A b"\nunit={constant="t"}\nlow={column="id"}', "match"),
        ("event.figures", '[[event.figures]]\nmeasure="a"\nunit={constant="t"}\n' * 2, "may stand once"),
        ("evnt", "[evnt]", "did you mean event?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_list_is_named(mistakes: Any, key: str, more: str, reason: str) -> None:
    found = mistakes(more)
    assert list(found) == [key] and reason in found[key]


@pytest.mark.parametrize(
    ("key", "file", "reason"),
    [
        ("file.delimiter", 'delimiter = ";;"', "match"),
        ("file.encoding", 'encoding = "utf-9"', "not an encoding"),
        ("file.encoding", 'encoding = "base64"', "not an encoding"),
        ("file.delimeter", 'delimeter = ";"', "did you mean delimiter?"),
        ("file.empty", 'empty = "n/a"', "valid list"),
        ("event.title.column", 'columns = ["id", "titre", "day"]', "no column 'title'; did you mean titre?"),
        ("event.title.column", 'columns = ["id", "title", "title", "day"]', "several columns 'title'"),
    ],
)
def test_a_mistake_about_the_file_is_named(mistakes: Any, key: str, file: str, reason: str) -> None:
    found = mistakes(file=file)
    assert list(found) == [key] and reason in found[key]


def test_all_mistakes_are_told_at_once(mistakes: Any) -> None:
    found = mistakes(type='"PROTEST"', title=None, place__name='{ column = "a" }', file="quotes = 1")
    assert set(found) == {"event.type", "event.title", "event.place.precision", "file.quotes"}
    assert set(mistakes(id='{ column = "a" }', title='{ column = "b" }')) == {
        "event.id.column",
        "event.title.column",
    }


def test_a_map_that_never_sees_a_word(mistakes: Any) -> None:
    title = '{ column = "title", map = { "n/a" = "Tea" } }'
    assert mistakes(title=title, file='empty = ["n/a"]') == {
        "event.title.map": "never sees 'n/a', which file.empty makes unknown"
    }


@pytest.mark.parametrize("content", [b"[dataset", b"\xff", b'[dataset]\nid = "a"\nid = "b"'])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.toml").write_bytes(content)
    with pytest.raises(MappingError, match=r"^m\.toml: TOML: "):
        read_mapping(tmp_path / "m.toml")


@pytest.mark.parametrize("content", ["", "\n\n", '"a'])
def test_a_file_without_header(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.toml").write_text(_toml({}))
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(MappingError, match=r"m\.toml: file: t\.csv "):
        parse(tmp_path / "t.csv", read_mapping(tmp_path / "m.toml"))


# --- where a value comes from ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "row", "expected"),
    [
        ('{ column = "title" }', {"title": "  a\n b "}, "a b"),
        ("{ constant = 3 }", {}, "3"),
        ('{ template = "{title} in {town}" }', {"town": "Zürich"}, "Tea in Zürich"),
        ('{ template = "{title} in {town}", default = "{title}" }', {"town": " "}, "Tea"),
        ('{ column = "title", map = { Tea = "Coffee" } }', {}, "Coffee"),
        ('{ column = "title", map = { tea = "Coffee" }, default = "Milk" }', {}, "Milk"),
        ('{ column = "title", map = { tea = "Coffee" }, default = "{title}" }', {}, "Tea"),
        ('{ column = "title", map = { "" = "None" } }', {"title": ""}, "None"),
        ('{ column = "title", default = "None" }', {"title": "NULL"}, "None"),
        ('{ template = "{a b}, {c.d}", default = "None" }', {"a b": "{id}", "c.d": "2"}, "{id}, 2"),
    ],
)  # fmt: skip
def test_a_value(read: Any, title: str, row: dict[str, str], expected: str) -> None:
    assert _event(read([row], file='empty = ["NULL"]', title=title)).facts.title == expected


def test_a_map_may_make_a_value_unknown(read: Any) -> None:
    summary = '{ column = "title", map = { Tea = "" }, default = "None" }'
    assert _event(read([{}], summary=summary)).facts.summary is None
    assert _event(read([{}], summary='{ column = "title", map = {}, default = "" }')).facts.summary is None


def test_lists(read: Any) -> None:
    contexts = '{ column = "about", separator = "|", map = { War = "military", Oil = "economic" } }'
    event = _event(read([{"about": "War | Oil| n/a ||War"}], file='empty = ["n/a"]', contexts=contexts))
    assert event.contexts == ["military", "economic"]
    reject = _reject(read([{"about": "War|Peace"}], contexts=contexts))
    assert reject[1:3] == ("contexts", "column 'about': 'Peace' is not in the map, which has War, Oil")


ACTORS = """
[[event.actors]]
role = "initiator"
name = { column = "who", separator = ";" }
id = { column = "ids", separator = ";" }
kind = { column = "what", separator = ";" }
country = { column = "of", system = "iso", separator = ";" }
[[event.actors]]
role = "recipient"
name = { column = "whom" }
kind = { constant = "state" }
"""
ACTED = {"who": "A;B", "ids": "a1;b2", "what": "person;STATE", "of": "", "whom": ""}


def test_actors_go_with_their_ids_and_kinds(read: Any) -> None:
    items = read([ACTED | {"of": "NE;", "whom": "Tổng cục Trà"}], ACTORS)
    actors = [item for item in items if isinstance(item, ActorRecord)]
    assert [(a.id, a.kind, a.name, a.country_code) for a in actors] == [
        ("tea.a1", "person", "A", "NE"),
        ("tea.b2", "state", "B", None),
        ("tea.tong-cuc-tra", "state", "Tổng cục Trà", None),
    ]
    assert _event(items).actors == [
        ("tea.a1", "initiator"), ("tea.b2", "initiator"), ("tea.tong-cuc-tra", "recipient"),
    ]  # fmt: skip


def test_an_actor_is_said_once_as_the_first_row_has_it(read: Any) -> None:
    more = '[[event.actors]]\nrole="initiator"\nname={column="who",separator=";"}\nkind={constant="person"}'
    items = read([{"who": "Dž; DŽ"}, {"who": "dž"}], more)
    assert [item.name for item in items if isinstance(item, ActorRecord)] == ["Dž"]
    assert [len(item.actors) for item in items if isinstance(item, EventRecord)] == [1, 1]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"ids": "a1"}, "actors.0", "its lists do not go together: 2 of name, 1 of id, 2 of kind"),
        ({"what": "person;spirit"}, "actors.0.kind", "'spirit' is none of"),
        ({"what": ""}, "actors.0.kind", "is unknown"),
        ({"ids": "a;b c"}, "actors.0.id", "'b c' is not an id"),
        ({"of": "NE;XX"}, "actors.0.country", "'XX' is the ISO 3166-1 code of no country"),
    ],
)
def test_actors_that_are_rejected(read: Any, change: dict[str, str], field: str, reason: str) -> None:
    reject = _reject(read([ACTED | change], ACTORS))
    assert reject.field == field and reason in reject.reason


def test_names_that_differ_have_ids_that_differ() -> None:
    names = ["Группа Ж", "Группа Ю", "東京", "大阪", "🦊", "🐺", "!", "?", "a" * 70, "a" * 71, "É A", "e b"]
    assert len({slug(name) for name in names if name not in "!?"}) == len(names) - 2
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,70}", slug(name)) for name in names)
    assert slug("Éa  (B)") == slug("ea b") == "ea-b"


SOURCES = """
[[event.sources]]
kind = { constant = "article" }
title = { column = "paper", separator = ";" }
url = { column = "link", separator = ";" }
published = { column = "printed", format = "%d.%m.%Y" }
"""


def test_sources(read: Any) -> None:
    items = read([{"paper": "A; B", "link": "", "printed": "1.2.2024"}], SOURCES)
    sources = [item for item in items if isinstance(item, SourceRecord)]
    assert [(s.title, s.url, s.published, s.kind) for s in sources] == [
        ("A", None, "2024-02-01", "article"), ("B", None, "2024-02-01", "article"),
    ]  # fmt: skip
    assert [entry.source_id for entry in _event(items).evidence] == [source.id for source in sources]
    assert read([{"paper": "A; B", "link": "", "printed": "1.2.2024"}], SOURCES) == items


def test_a_source_may_be_named_by_its_address_or_be_the_dataset(read: Any) -> None:
    named, _ = read([{"paper": "", "link": "https://a.example/1", "printed": ""}], SOURCES)
    assert (named.title, named.url) == ("https://a.example/1", "https://a.example/1")
    unnamed, event = read([{"paper": "", "link": "", "printed": "1.2.2024"}], SOURCES)
    assert (unnamed.id, unnamed.kind, unnamed.licence) == ("tea-1", "dataset_record", "CC0-1.0")
    assert [entry.source_id for entry in event.evidence] == ["tea-1"]


# --- reasons to reject a row -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "row", "field", "reason"),
    [
        ({}, {"id": ""}, "id", "is unknown"),
        ({}, {"id": "a/b"}, "id", "column 'id': 'a/b' is not an id"),
        ({}, {"id": ".a"}, "id", "'.a' is not an id"),
        ({}, {"id": "é"}, "id", "is not an id"),
        ({}, {"id": "a" * 120}, "id", "at most 119"),
        ({}, {"title": " "}, "title", "is unknown"),
        ({"type": '{ column = "title" }'}, {"title": "protets"}, "type", "did you mean PROTEST?"),
        ({"type": '{ column = "title", map = { a = "AID" } }'}, {}, "type", "column 'title': 'Tea' is not in the map, which has a"),
        ({"mode": '{ constant = "visit" }'}, {}, "mode", "PROTEST has no mode 'visit'; it has demo"),
        ({"type": '{ constant = "AID" }', "mode": '{ constant = "visit" }'}, {}, "mode", "it has none"),
        ({"status": '{ column = "title" }'}, {}, "status", "is none of occurred"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "1,234"}, "fatalities.low", "has a comma"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "-1"}, "fatalities.low", "less than nothing"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "2.5"}, "fatalities.low", "not a whole number"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "2147483648"}, "fatalities.low", "too large"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "9" * 5000}, "fatalities.low", "not a plain number"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "nan"}, "fatalities.low", "not a plain number"),
        ({"fatalities__low": '{ column = "title" }'}, {"title": "٣"}, "fatalities.low", "not a plain number"),
        ({}, {"day": ""}, "date.start", "is unknown"),
        ({}, {"day": "19 April"}, "date.start", "no spaces inside a date"),
        ({}, {"day": "2024-02-30"}, "date.start", "day must be 01 to 29"),
        ({"date__start": '{ column = "day", default = ".." }'}, {"day": ""}, "date", ""),
        ({"date__end": '{ column = "title" }'}, {"title": "2024-04-18"}, "date", "ends before it starts"),
        ({"date__end": '{ column = "title" }'}, {"title": "2024-04-20/2024-04-21"}, "date", "two ends"),
        ({"date__precision": '{ column = "title" }'}, {"title": "range"}, "date.precision", "is none of day"),
    ],
)  # fmt: skip
def test_a_row_is_rejected(
    read: Any, changes: dict[str, str], row: dict[str, str], field: str, reason: str
) -> None:
    reject = _reject(read([row], **changes))
    assert (reject.row, reject.field) == (1, field) and reason in reject.reason
    assert reject.record == ROW | row


PLACE = {
    "place__name": '{ column = "town" }',
    "place__country": '{ column = "cc", system = "iso" }',
    "place__latitude": '{ column = "lat" }',
    "place__longitude": '{ column = "lon" }',
    "place__precision": '{ column = "how" }',
}
PLACED = {"town": "Niamey", "cc": "NE", "lat": "13.51", "lon": "2.11", "how": "city"}


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"lat": "91"}, "place.latitude", "outside -90 to 90"),
        ({"lon": "-180.5"}, "place.longitude", "outside -180 to 180"),
        ({"lat": "13,51"}, "place.latitude", "has a comma"),
        ({"lat": ""}, "place.latitude", "is unknown, though the longitude is given"),
        ({"lon": ""}, "place.longitude", "is unknown, though the latitude is given"),
        ({"how": ""}, "place.precision", "is unknown"),
        ({"how": "exact"}, "place.precision", "is none of site, city"),
        ({"cc": "XY"}, "place.country", "column 'cc': 'XY' is the ISO 3166-1 code of no country"),
    ],
)
def test_a_place_is_rejected(read: Any, change: dict[str, str], field: str, reason: str) -> None:
    reject = _reject(read([PLACED | change], **PLACE))
    assert reject.field == field and reason in reject.reason


def test_a_place_is_no_more_than_what_is_known(read: Any) -> None:
    def place(**change: str) -> tuple[Any, ...]:
        f = _event(read([PLACED | change], **PLACE)).facts
        return f.place_name, f.place_country, f.latitude, f.longitude, f.place_precision

    assert place() == ("Niamey", "NE", 13.51, 2.11, "city")
    assert place(lat="", lon="") == ("Niamey", "NE", None, None, "city")
    assert place(how="country") == ("Niamey", "NE", None, None, "country")
    assert place(town="", cc="", lat="", lon="") == (None,) * 5
    assert place(town="", cc="", how="country") == (None,) * 5
    assert place(town="", cc="", lat="0", lon="0") == (None, None, 0, 0, "city")


FIGURE = '[[event.figures]]\nmeasure = "troops"\nunit = {column = "u"}\nlow = {column = "l"}\nhigh = {column = "h"}'


def test_figures(read: Any) -> None:
    def figures(low: str, high: str, unit: str = "persons") -> Any:
        return _event(read([{"l": low, "h": high, "u": unit}], FIGURE)).facts.figures

    assert figures("", "", "") == []
    assert figures("1.50", "3.0") == [
        {"measure": "troops", "low": 1.5, "best": None, "high": 3, "unit": "persons"}
    ]
    for row, field in (
        ({"l": "3", "h": "2", "u": "t"}, "figures.0"),
        ({"l": "3", "h": "", "u": ""}, "figures.0.unit"),
    ):
        assert _reject(read([row], FIGURE)).field == field


# --- code systems ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "text", "code"),
    [
        ("fips", "NG", "NE"), ("iso", "NG", "NG"), ("iso", "ner", "NE"), ("iso", "562", "NE"), ("iso", "4", "AF"),
        ("fips", "NI", "NG"), ("gw", "816", "VN"), ("gw", "678", "YE"), ("cow", "679", "YE"), ("gw", "340", "RS"),
        ("cow", "345", "RS"), ("cameo", "ROM", "RO"), ("iso", "XKX", "XK"), ("gw", "2", "US"), ("gw", "002", "US"),
        ("name", "cote d'ivoire", "CI"), ("name", "Bosnia and Herzegovina", "BA"), ("name", "viet nam", "VN"),
        ("name", "Hoa Ky", "US"), ("name", "Vietnam", "VN"),
    ],
)  # fmt: skip
def test_a_country(read: Any, system: str, text: str, code: str) -> None:
    more = f'[[event.countries]]\nrole = "party"\ncountry = {{ column = "c", system = "{system}" }}'
    assert _event(read([{"c": text}], more)).countries == [(code, "party")]


@pytest.mark.parametrize(
    ("system", "text", "reason"),
    [
        ("gw", "345", "of no country of today; it was Serbia and Montenegro and Yugoslavia"),
        ("gw", "265", "it was German Democratic Republic"),
        ("iso", "SUN", "it was Soviet Union"),
        ("iso", "Niger", "of no country"),
        ("name", "Nigerr", "did you mean niger?"),
        ("name", "!", "of no country"),
        ("fips", "0", "of no country"),
    ],
)
def test_a_country_that_is_none(read: Any, system: str, text: str, reason: str) -> None:
    more = f'[[event.countries]]\nrole = "party"\ncountry = {{ column = "c", system = "{system}" }}'
    reject = _reject(read([{"c": text}], more))
    assert reject.field == "countries.0.country" and reason in reject.reason


def test_an_ambiguous_country(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.importers import csv_values

    twice = [row | {"fips": "NG"} for row in codes.countries() if row["code"] in ("NE", "NG")]
    monkeypatch.setattr(codes, "countries", lambda: twice)
    csv_values._countries.cache_clear()
    try:
        with pytest.raises(ValueError, match="of several countries: NE, NG"):
            csv_values.country("fips")("NG")
    finally:
        csv_values._countries.cache_clear()


def test_every_country_of_today_is_found_by_every_code_and_name() -> None:
    from app.importers.csv_values import country

    columns = {"iso": ("code", "alpha3", "numeric"), "name": ("name_en", "name_vi")}
    columns |= {system: (system,) for system in ("gw", "cow", "fips", "cameo")}
    for system, named in columns.items():
        read = country(system)
        for row in codes.countries():
            if not row["valid_to"]:
                assert {read(row[column]) for column in named if row[column]} <= {row["code"]}


def test_the_place_is_a_location_and_each_role_counts_once(read: Any) -> None:
    more = '[[event.countries]]\nrole="location"\ncountry={column="l",system="iso",separator=","}'
    assert _event(read([PLACED | {"l": "NE, NG ,NER"}], more, **PLACE)).countries == [
        ("NE", "location"), ("NG", "location"),
    ]  # fmt: skip


# --- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ('"%d/%m/%Y"', "3/4/2024", "2024-04-03"),
        ('"%m/%d/%Y"', "3/4/2024", "2024-03-04"),
        ('"%d %b %Y"', "19 APR 2024", "2024-04-19"),
        ('"%B %Y"', "April 2024", "2024-04"),
        ('"%d.%m.%y"', "19.04.24", "2024-04-19"),
        ('"%Y-%m-%d %H:%M:%S.%f"', "2021-08-26 00:00:00.000", "2021-08-26"),
        ('"%Y-%m-%dT%H:%M:%S%z"', "2021-08-26T23:30:00-05:00", "2021-08-26"),
        ('"%Y%j"', "2024060", "2024-02-29"),
        ('["%Y%m%d", "%Y%m"]', "202411", "2024-11"),
        ('["%Y%m%d", "%Y%m"]', "20241101", "2024-11-01"),
        ('["%d/%m/%Y", "%m/%Y", "%Y"]', "2024", "2024"),
        ('["%d/%m/%Y", "%m/%d/%Y"]', "4/4/2024", "2024-04-04"),
        ('["%d/%m/%Y", "%m/%d/%Y"]', "19/04/2024", "2024-04-19"),
        ("[]", "2024-04-15/2024-04-21", "2024-04-15/2024-04-21"),
        ("[]", "2024-21", "2024-21"),
    ],
)
def test_a_date(read: Any, form: str, text: str, expected: str) -> None:
    facts = _event(read([{"day": text}], date__start=f'{{ column = "day", format = {form} }}')).facts
    assert facts.date_edtf == expected


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ('"%d/%m/%Y"', "31/02/2024", "is not a date of the form %d/%m/%Y"),
        ('"%d/%m/%Y"', "2024-04-19", "is not a date of the form"),
        ('"%d/%m/%Y"', "01/01/9999", "years run from 0002 to 9998"),
        ('["%d/%m/%Y", "%m/%d/%Y"]', "03/04/2024", "may be 2024-04-03 or 2024-03-04"),
    ],
)
def test_a_date_that_is_none(read: Any, form: str, text: str, reason: str) -> None:
    reject = _reject(read([{"day": text}], date__start=f'{{ column = "day", format = {form} }}'))
    assert reject.field == "date.start" and reason in reject.reason


@pytest.mark.parametrize(
    ("start", "end", "expected", "precision"),
    [
        ("2024-04-19", "2024-04-19", "2024-04-19", "day"),
        ("2024-04-19", "", "2024-04-19", "day"),
        ("2024-04-15", "2024-04-21", "2024-04-15/2024-04-21", "week"),
        ("2024-04", "2024-05", "2024-04/2024-05", "range"),
        ("2024-04-19", "..", "2024-04-19/..", "open"),
        ("..", "2024", "../2024", "open"),
    ],
)
def test_a_span(read: Any, start: str, end: str, expected: str, precision: str) -> None:
    facts = _event(read([{"day": start, "last": end}], date__end='{ column = "last" }')).facts
    assert (facts.date_edtf, facts.date_precision) == (expected, precision)
    assert facts.date_start <= facts.date_end
    assert (facts.date_start == date.min) == (start == "..") and (facts.date_end == date.max) == (end == "..")


@pytest.mark.parametrize(
    ("text", "precision", "expected"),
    [
        ("2024-04-19", "day", "2024-04-19"),
        ("2024-04-19", "week", "2024-04-15/2024-04-21"),
        ("2024-04-19", "month", "2024-04"),
        ("2024-04-19?", "year", "2024?"),
        ("2024-04-19~", "week", "2024-04-15~/2024-04-21~"),
        ("2024-04", "day", "2024-04"),
        ("2024-04", "week", "2024-04"),
        ("2024-04-30/2024-05-02", "month", "2024-04/2024-05"),
        ("2024-04-19/2024-04-22", "week", "2024-04-15/2024-04-28"),
        ("2024-04-19/2024-04-22", "year", "2024"),
        ("../2024-04-19", "month", "../2024-04"),
        ("2024-04-19/..", "week", "2024-04-15/.."),
        ("202X", "month", "202X"),
    ],
)
def test_a_date_is_made_no_more_precise_than_it_is(text: str, precision: str, expected: str) -> None:
    assert coarser(text, precision) == expected


# --- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".gz", ".zip", ".csv"])
def test_a_packed_file(tmp_path: Path, example: list[Item], ending: str) -> None:
    packed = tmp_path / f"protests{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(CSV, "protests.csv")
    else:
        packed.write_bytes(gzip.compress(CSV.read_bytes()) if ending == ".gz" else CSV.read_bytes())
    assert list(parse(packed, read_mapping(TOML))) == example


def test_another_way_to_write_a_file(read: Any) -> None:
    event = _event(read(
        "1\t'a\tb ''c'''\t2024\té\n".encode("cp1252"), columns=None,
        file='delimiter = "\\t"\nquote = "\'"\nencoding = "cp1252"\ncolumns = ["id", "title", "day", "more"]',
        summary='{ column = "more" }',
    ))  # fmt: skip
    assert (event.facts.title, event.facts.summary) == ("a b 'c'", "é")
    assert (
        _event(read('id\ttitle\tday\n1\t"a\t2024\n', file='delimiter = "\\t"\nquote = ""')).facts.title
        == '"a'
    )


def test_line_ends_marks_and_blank_lines(read: Any) -> None:
    items = read(b'\xef\xbb\xbf"id", title ,day\r\n\r\n1,"a\r\nb",2024\n\n2,c,2024\r3,d,x')
    assert [item.id for item in items if isinstance(item, EventRecord)] == ["tea.1", "tea.2"]
    assert [item.row for item in items if isinstance(item, Reject)] == [3]


@pytest.mark.parametrize(
    ("lines", "reasons"),
    [
        (b"1,a\n2,b,2024\n", ["has 2 cells, where the header has 3", None]),
        (b"1,a,2024,\n2,b,2024\n", ["has 4 cells, where the header has 3", None]),
        (b'1,"a"b,2024\n2,b,2024\n', ["is not CSV, at line 2", None]),
        (b'1,b,2024\n2,"a,2024\n', [None, "is not CSV, at line 3"]),
        (b"1," + b"a" * 200_000 + b",2024\n2,b,2024\n", ["field larger than field limit", None]),
        (b"1,\xff,2024\n2,b,2024\n", ["column 'title' holds bytes that are not", None]),
        (b"1,a\0,2024\n2,b,2024\n", ["column 'title' holds a NUL", None]),
    ],
)
def test_a_broken_row_costs_no_other(read: Any, lines: bytes, reasons: list[str | None]) -> None:
    items = [item for item in read(b"id,title,day\n" + lines) if isinstance(item, EventRecord | Reject)]
    assert len(items) == len(reasons)
    for item, reason in zip(items, reasons, strict=True):
        assert isinstance(item, Reject) == (reason is not None)
        if isinstance(item, Reject):
            assert item.field == "row" and reason is not None and reason in item.reason
            str(item.record).encode()


def test_a_file_is_read_as_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(_toml({}))
    (tmp_path / "t.csv").write_text("id,title,day\n" + "1,a,2024\n" * 100_000)
    items = parse(tmp_path / "t.csv", read_mapping(tmp_path / "m.toml"))
    assert isinstance(next(items), SourceRecord) and isinstance(next(items), EventRecord)
    items.close()  # type: ignore[attr-defined]


# --- any file at all -------------------------------------------------------------------------------

COLUMNS = next(csv.reader(CSV.read_text("utf-8").splitlines()))
_LIKELY = st.sampled_from(
    ["", "n/a", "Demo", "Talks", "1", "5", "0", "-1", "1e3", "19/04/2024", "04/2024", "0001", "9998", "9999", "2024",
     "31/12/9998", "01/01/0002", "ongoing", "Niger", "90.0", "180", "climate;;x", "a;b", "https://a.example", "\0", ";",
     "{ref}", "TP-1", "\u00a0", "\x1f", "7" * 400, "1e99"]
)  # fmt: skip
_CELL = st.one_of(_LIKELY, st.text("aZ09éđ日🦊 -/.,:;{}%\"'\n\r\t\0\x1c\x85\u2028\ufeff", max_size=8))
_FINE = dict(zip(COLUMNS, next(csv.reader(CSV.read_text("utf-8").splitlines()[1:])), strict=True))


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), _CELL, max_size=6), max_size=4))
def test_each_row_is_one_event_or_reject(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    from app import edtf

    file = tmp_path_factory.getbasetemp() / "any.csv"
    text = _table([_FINE, *(_FINE | row for row in rows)])
    file.write_bytes(text.encode())
    items = list(parse(file, read_mapping(TOML)))
    counted = [item for item in items if isinstance(item, EventRecord | Reject)]
    assert len(counted) == len(rows) + 1
    for number, item in enumerate(counted, start=1):
        if isinstance(item, Reject):
            assert item.row == number and item.reason
            continue
        facts = item.facts
        assert edtf.parse(facts.date_edtf) == edtf.Edtf(
            facts.date_edtf, facts.date_start, facts.date_end, facts.date_precision
        )
        assert facts.title and item.evidence and (facts.latitude is None) == (facts.longitude is None)
        assert facts.latitude is None or facts.place_precision not in (None, "country")
        assert facts.place_precision or not (facts.place_name or facts.place_admin1 or facts.place_country)


@given(st.binary(max_size=80))
def test_any_bytes_can_be_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.toml").write_text(_toml({}))
    (folder / "bytes.csv").write_bytes(b"id,title,day\n1,a,2024\n" + content)
    items = list(parse(folder / "bytes.csv", read_mapping(folder / "any.toml")))
    assert any(isinstance(item, EventRecord) for item in items)

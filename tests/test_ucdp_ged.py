"""UCDP GED: what each quirk of the files becomes, that no cell can break the parser, and the real files whole."""

import csv
import gzip
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import codes, edtf
from app.importers import ucdp_ged
from app.importers.files import Input
from app.records import ActorRecord, EventRecord, EvidenceRecord, Item, Reject, SourceRecord

REAL = Path(__file__).parents[2] / "shared" / "data" / "ucdp"
REAL_ROWS = {"GEDEvent_v22_0_2.csv": 984, "GEDEvent_v21_01_21_12.csv": 17_407}

ARTICLE = '"Morning Paper,2021-08-27,Two die; a third is hurt";"River Agency,,Clash, and a curfew"'
ROW = {
    "id": "7001", "relid": "XXX-2021-1-1-1", "year": "2021", "active_year": "1", "code_status": "Clear",
    "type_of_violence": "1", "conflict_dset_id": "1", "conflict_new_id": "2", "conflict_name": "Mali: Government",
    "dyad_dset_id": "3", "dyad_new_id": "4", "dyad_name": "Government of Mali - North Front",
    "side_a_dset_id": "72", "side_a_new_id": "72", "side_a": "Government of Mali", "side_b_dset_id": "900",
    "side_b_new_id": "900", "side_b": "North Front", "number_of_sources": "2", "source_article": ARTICLE,
    "source_office": "Morning Paper;River Agency", "source_date": "2021-08-27;",
    "source_headline": "Two die; a third is hurt;Clash, and a curfew", "source_original": "police",
    "where_prec": "1", "where_coordinates": "Sample town", "where_description": "a bridge",
    "adm_1": "Sample region", "adm_2": "Sample district", "latitude": "13.5", "longitude": "-4.25",
    "geom_wkt": "POINT (-4.25 13.5)", "priogrid_gid": "1", "country": "Mali", "country_id": "432",
    "region": "Africa", "event_clarity": "1", "date_prec": "1", "date_start": "2021-08-26 00:00:00.000",
    "date_end": "2021-08-26 00:00:00.000", "deaths_a": "1", "deaths_b": "1", "deaths_civilians": "0",
    "deaths_unknown": "0", "best": "2", "high": "3", "low": "1", "gwnoa": "432", "gwnob": "",
}  # fmt: skip
COLUMNS = tuple(ROW)
LATER = ("relid", "code_status", "conflict_dset_id", "dyad_dset_id", "side_a_dset_id", "side_b_dset_id")
FEWEST = tuple(
    name for name in COLUMNS if name not in (*LATER, "where_description", "source_original")
)  # a generation that had neither
GENERATIONS = {
    41: FEWEST,
    43: (*FEWEST, "relid", "code_status"),
    45: (*FEWEST, "relid", "code_status", "where_description", "source_original"),
    49: COLUMNS,
    53: ("", *reversed(COLUMNS), "iso3", "iso2", "hdx"),
}
Parse = Callable[..., list[Item]]


def table(rows: Iterable[Sequence[str]], line_end: str = "\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


def cells(columns: Sequence[str], **changes: str) -> list[str]:
    return [(ROW | changes).get(name, "") for name in columns]


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    """Parse content, or else one row that differs from `ROW` as told."""

    def parsed(content: bytes | None = None, *, name: str = "ged.csv", **changes: str) -> list[Item]:
        path = tmp_path / name
        path.write_bytes(table([COLUMNS, cells(COLUMNS, **changes)]) if content is None else content)
        return list(ucdp_ged.parse(Input(path)))

    return parsed


def events(items: Iterable[Item]) -> list[EventRecord]:
    return [item for item in items if isinstance(item, EventRecord)]


def event(items: Iterable[Item]) -> EventRecord:
    (only,) = events(items)
    return only


def reject(items: Iterable[Item]) -> Reject:
    (only,) = items
    assert isinstance(only, Reject)
    return only


def told(record: EventRecord, field: str) -> list[EvidenceRecord]:
    return [evidence for evidence in record.evidence if evidence.field == field]


def countries(record: EventRecord, role: str) -> list[str]:
    return [code for code, as_what in record.countries if as_what == role]


LIVING = {row["code"] for row in codes.countries() if not row["valid_to"]}


def check(items: Iterable[Item]) -> Counter[str]:
    """What every item must satisfy, the tables' own constraints among it; and how many there are of each kind."""
    counts: Counter[str] = Counter()
    known: set[str] = set()
    for item in items:
        counts[type(item).__name__] += 1
        match item:
            case EventRecord():
                check_event(item, known)
            case Reject():
                assert item.field and item.reason
                repr(item).encode()
            case SourceRecord() | ActorRecord():
                assert item.kind in codes.values(
                    "source_kind" if isinstance(item, SourceRecord) else "actor_kind"
                )
                known.add(item.id)
    return counts


def check_event(record: EventRecord, known: set[str]) -> None:
    facts = record.facts
    when = edtf.parse(facts.date_edtf)
    assert (when.start, when.end, when.precision) == (facts.date_start, facts.date_end, facts.date_precision)
    assert date.min < facts.date_start <= facts.date_end < date.max
    assert facts.type == "ASSAULT" and facts.title
    assert facts.place_precision in codes.values("place_precision")
    assert (facts.latitude is None) == (facts.longitude is None)
    if facts.latitude is not None and facts.longitude is not None:
        assert facts.place_precision in ("site", "near", "admin2")
        assert -90 <= facts.latitude <= 90 and -180 <= facts.longitude <= 180
    deaths = (facts.fatalities_low, facts.fatalities_best, facts.fatalities_high)
    assert all(number is None or 0 <= number < 2**31 for number in deaths)
    in_order = [number for number in deaths if number is not None]
    assert bool(told(record, "fatalities")) == (in_order != sorted(in_order))
    for pairs, role in ((record.countries, "country_role"), (record.actors, "actor_role")):
        assert len({*pairs}) == len(pairs)
        assert {as_what for _, as_what in pairs} <= {*codes.values(role)}
    assert {code for code, _ in record.countries} <= LIVING
    assert record.actors and record.evidence
    assert {key for key, _ in record.actors} | {entry.source_id for entry in record.evidence} <= known
    assert "\0" not in repr(record) and repr(record).encode()


# --- the whole of a row ----------------------------------------------------------------------------


def test_a_row_becomes_an_event_after_its_sources_and_actors(parse: Parse) -> None:
    *others, last = parse()
    assert isinstance(last, EventRecord)
    facts = last.facts
    assert last.id == "ucdp-ged.7001"
    assert (facts.type, facts.mode, facts.status) == ("ASSAULT", None, "occurred")
    assert facts.title == "Fighting between Government of Mali and North Front in Sample town"
    assert facts.translations["vi"]["title"].startswith("Giao tranh giữa Government of Mali và North Front")
    assert (facts.date_edtf, facts.date_precision) == ("2021-08-26", "day")
    assert (facts.place_name, facts.place_admin1, facts.place_country) == (
        "Sample town",
        "Sample region",
        "ML",
    )
    assert (facts.latitude, facts.longitude, facts.place_precision) == (13.5, -4.25, "site")
    assert (facts.fatalities_low, facts.fatalities_best, facts.fatalities_high) == (1, 2, 3)
    assert last.countries == (("ML", "location"), ("ML", "party"))
    assert last.actors == (("ucdp-72", "participant"), ("ucdp-900", "participant"))
    assert last.contexts == ("military",)
    assert [o for o in others if isinstance(o, ActorRecord)] == [
        ActorRecord("ucdp-72", "government", "Government of Mali", {"en": "Government of Mali"}, "ML"),
        ActorRecord("ucdp-900", "armed_group", "North Front", {"en": "North Front"}),
    ]
    assert [(o.publisher, o.published, o.title) for o in others if isinstance(o, SourceRecord)] == [
        ("Morning Paper", "2021-08-27", "Two die; a third is hurt"),
        ("River Agency", None, "Clash, and a curfew"),
        ("Uppsala Conflict Data Program", None, "UCDP Georeferenced Event Dataset"),
    ]
    # Whose words they are cannot be told apart between two sources, so UCDP says it of the event.
    assert [(e.source_id == "ucdp-ged", e.attributed_to) for e in last.evidence] == [
        (False, None), (False, None), (True, "police"),
    ]  # fmt: skip
    check([*others, last])


def test_an_actor_or_source_is_said_once(parse: Parse) -> None:
    items = parse(table([COLUMNS, cells(COLUMNS), cells(COLUMNS, id="7002")]))
    assert Counter(type(item).__name__ for item in items) == {
        "SourceRecord": 3, "ActorRecord": 2, "EventRecord": 2
    }  # fmt: skip


# --- the file --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", GENERATIONS)
def test_columns_are_found_by_name_in_every_generation(parse: Parse, count: int) -> None:
    columns = GENERATIONS[count]
    assert len(columns) == count
    record = event(parse(table([[f"{name} " for name in columns], cells(columns)])))
    assert record.facts == event(parse()).facts


def test_missing_columns_are_named(parse: Parse) -> None:
    columns = [name for name in COLUMNS if name not in ("date_prec", "low")]
    with pytest.raises(ValueError, match=r"ged\.csv: is no UCDP GED file; it lacks date_prec, low$"):
        parse(table([columns, cells(columns)]))
    with pytest.raises(ValueError, match="it lacks id, type_of_violence"):
        parse(b"")


def test_hxl_tags_unnamed_index_and_numbers_with_a_fraction(parse: Parse) -> None:
    columns = ("", *COLUMNS)
    tags = ["" if name in ("", "relid") else f"#{name}" for name in columns]
    numbers = {"id": "7001.0", "type_of_violence": "1.0", "side_a_new_id": "72.0", "date_prec": "1.0"}
    numbers |= {"where_prec": "1.0", "country_id": "432.0", "gwnoa": "432.0", "best": "2.0"}
    items = parse(table([columns, tags, cells(columns, **numbers), cells(columns, id="x")]))
    record = event(items)
    assert (record.id, record.facts, record.countries) == (
        "ucdp-ged.7001", event(parse()).facts, event(parse()).countries,
    )  # fmt: skip
    assert [item.row for item in items if isinstance(item, Reject)] == [2]  # the tags are no row


def test_a_row_of_tags_further_down_or_of_nothing_is_a_row(parse: Parse) -> None:
    content = table([COLUMNS, [""] * len(COLUMNS), ["#x"] * len(COLUMNS)])
    assert [(item.row, item.field) for item in parse(content) if isinstance(item, Reject)] == [
        (1, "id"), (2, "id"),
    ]  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_newlines_in_cells_and_at_the_end_of_lines(parse: Parse, line_end: str) -> None:
    changes = {"where_description": "first\r\nsecond\nthird", "side_b": "North\nFront"}
    content = b"\xef\xbb\xbf" + table([COLUMNS, cells(COLUMNS, **changes), cells(COLUMNS, id="2")], line_end)
    first, second = events(parse(content + line_end.encode()))
    assert first.facts == second.facts
    assert first.facts.title == "Fighting between Government of Mali and North Front in Sample town"


def test_mixed_line_ends(parse: Parse) -> None:
    parts = [table([COLUMNS], "\r\n"), *(table([cells(COLUMNS, id=str(n))], "\n\r"[n % 2]) for n in range(4))]
    assert [record.id[-1] for record in events(parse(b"".join(parts)))] == ["0", "1", "2", "3"]


def test_gzip_and_zip(parse: Parse) -> None:
    content = table([COLUMNS, cells(COLUMNS)])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("read.me", "no table")
        archive.writestr("GEDEvent_v22_1.csv", content)
    expected = parse(content)
    assert parse(gzip.compress(content), name="ged.csv.gz") == expected
    assert parse(packed.getvalue(), name="ged.zip") == expected


def test_a_broken_archive_is_told_as_such(parse: Parse) -> None:
    content = table([COLUMNS, *(cells(COLUMNS, id=str(n)) for n in range(500))])
    with pytest.raises(ValueError, match=r"ged\.csv\.gz: cannot be unpacked: "):
        parse(gzip.compress(content)[:-500], name="ged.csv.gz")
    for name in ("ged.csv.gz", "ged.zip"):
        with pytest.raises(ValueError, match=f"{name}: cannot be unpacked: "):
            parse(content, name=name)


def test_the_first_way_in_which_an_actor_is_written_holds_however_long_the_file(
    parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ucdp_ged, "_SENT_AT_MOST", 3)
    rows = [
        cells(COLUMNS, id=str(n), side_b=f"North Front {n}", source_article="", source_office=f"Paper {n}")
        for n in range(20)
    ]
    items = parse(table([COLUMNS, *rows]))
    named = [item.name for item in items if isinstance(item, ActorRecord) and item.id == "ucdp-900"]
    assert named == ["North Front 0"]


def test_rows_of_another_width_and_bytes_that_are_no_text_are_rejected(parse: Parse) -> None:
    good = table([cells(COLUMNS)])
    long, short = table([[*cells(COLUMNS), "more"]]), table([cells(COLUMNS)[:-1]])
    latin, nul = good.replace(b"Sample town", b"S\xe3o"), good.replace(b"Sample town", b"a\0b")
    items = parse(b"".join((table([COLUMNS]), long, short, latin, nul, good)))
    found = [item for item in items if isinstance(item, Reject)]
    assert [(item.row, item.field) for item in found] == [(1, "row"), (2, "row"), (3, "row"), (4, "row")]
    assert [item.reason for item in found[:2]] == [
        "has 50 cells, and the header 49", "has 48 cells, and the header 49",
    ]  # fmt: skip
    assert found[0].record["50"] == "more" and found[2].record["where_coordinates"] == r"S\udce3o"
    assert len(events(items)) == 1


# --- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["{} 00:00:00.000", "{}", "{}T00:00:00", "{}T00:00:00Z", " {} 00:00:00 "])
def test_shapes_of_dates(parse: Parse, shape: str) -> None:
    day = shape.format("2021-08-26")
    assert event(parse(date_start=day, date_end=day)).facts.date_edtf == "2021-08-26"


@pytest.mark.parametrize(
    ("prec", "days", "text", "precision"),
    [
        ("1", "2021-08-26 2021-08-26", "2021-08-26", "day"),
        ("1", "2021-08-26 2021-08-27", "2021-08-26/2021-08-27", "range"),
        ("2", "2021-12-30 2022-01-02", "2021-12-30/2022-01-02", "range"),
        ("2", "2021-08-26 2021-08-26", "2021-08-26~", "day"),
        ("3", "2021-08-23 2021-08-29", "2021-08-23/2021-08-29", "week"),
        ("3", "2021-08-24 2021-08-30", "2021-08-24/2021-08-30", "range"),
        ("4", "2021-02-01 2021-02-28", "2021-02", "month"),
        ("4", "2021-02-10 2021-03-09", "2021-02-10/2021-03-09", "range"),
        ("4", "2021-02-10 2021-02-10", "2021-02", "month"),
        ("5", "2021-01-01 2021-12-31", "2021", "year"),
        ("5", "2021-01-01 2022-03-12", "2021-01-01/2022-03-12", "range"),
        ("5", "2021-02-10 2021-02-10", "2021", "year"),
        ("0", "2021-01-01 2022-03-12", "2021-01-01/2022-03-12", "range"),
    ],
)
def test_date_precisions(parse: Parse, prec: str, days: str, text: str, precision: str) -> None:
    start, end = days.split()
    record = event(parse(date_prec=prec, date_start=start, date_end=end))
    facts = record.facts
    assert (facts.date_edtf, facts.date_precision) == (text, precision)
    assert facts.date_start <= date.fromisoformat(start) and date.fromisoformat(end) <= facts.date_end
    assert [evidence.reported for evidence in told(record, "date")] == (
        ["date_prec 0"] if prec == "0" else []
    )


# --- places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prec", "precision"), [("1", "site"), ("2", "near"), ("3", "admin2")])
def test_a_known_place_has_a_point(parse: Parse, prec: str, precision: str) -> None:
    record = event(parse(where_prec=prec))
    assert (record.facts.place_precision, record.facts.latitude, record.facts.longitude) == (
        precision,
        13.5,
        -4.25,
    )
    assert not told(record, "place")


@pytest.mark.parametrize(
    ("prec", "precision"),
    [("4", "admin1"), ("5", "area"), ("6", "country"), ("7", "international"), ("8", "country")],
)
def test_a_centroid_is_no_point_and_is_told(parse: Parse, prec: str, precision: str) -> None:
    record = event(parse(where_prec=prec, latitude="13.50"))
    assert (record.facts.place_precision, record.facts.latitude, record.facts.longitude) == (
        precision,
        None,
        None,
    )
    told_of = told(record, "place")[-1]
    assert told_of.source_id == "ucdp-ged" and (told_of.reported or "").startswith("13.50, -4.25 (")
    assert len(told(record, "place")) == (2 if prec == "8" else 1)


def test_water_is_in_no_country(parse: Parse) -> None:
    record = event(parse(where_prec="7"))
    assert record.facts.place_country is None
    assert (countries(record, "location"), countries(record, "mentioned")) == ([], ["ML"])


def test_a_place_without_coordinates_or_names(parse: Parse) -> None:
    facts = event(parse(latitude="", longitude="NULL", where_coordinates="", adm_1="", adm_2="")).facts
    assert (facts.place_name, facts.place_admin1, facts.latitude) == (None, None, None)
    assert facts.title.endswith(" in Mali")


# --- deaths ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "best", "high", "reported"),
    [
        ("0", "0", "0", None),
        ("", "2", "NULL", None),
        ("5", "2", "9", "low 5, best 2, high 9"),
        ("1", "9", "4", "low 1, best 9, high 4"),
        ("5", "", "4", "low 5, best unknown, high 4"),
    ],
)
def test_estimates_are_kept_as_given(
    parse: Parse, low: str, best: str, high: str, reported: str | None
) -> None:
    record = event(parse(low=low, best=best, high=high))
    given_as = [int(text) if text.isdigit() else None for text in (low, best, high)]
    facts = record.facts
    assert [facts.fatalities_low, facts.fatalities_best, facts.fatalities_high] == given_as
    assert [evidence.reported for evidence in told(record, "fatalities")] == ([reported] if reported else [])


# --- actors and countries --------------------------------------------------------------------------


def test_an_actor_that_ucdp_has_yet_to_identify_is_named_so(parse: Parse) -> None:
    nobody = {"side_a": "XXX140", "side_a_new_id": "3617"}
    items = parse(**nobody, side_b="XXX140", side_b_new_id="3617", gwnoa="", country_id="140")
    record = event(items)
    assert record.facts.title == "Fighting between unidentified actors in Sample town"
    assert record.facts.translations["vi"]["title"] == "Giao tranh giữa các bên chưa xác định tại Sample town"
    assert record.actors == (("ucdp-3617", "participant"),)
    (actor,) = (item for item in items if isinstance(item, ActorRecord))
    assert (actor.name, actor.aliases) == ("Unidentified actor in Brazil", ("XXX140",))
    one_sided = event(parse(**nobody, type_of_violence="3", side_b="Civilians", side_b_new_id="1", gwnoa=""))
    assert one_sided.facts.title == "Violence against civilians by an unidentified actor in Sample town"
    assert event(parse(side_a="XXX999", gwnoa="")).facts.title.startswith("Fighting between XXX999 and ")


def test_one_sided_violence_has_a_direction(parse: Parse) -> None:
    items = parse(type_of_violence="3", side_b="Civilians", side_b_new_id="1")
    record = event(items)
    assert record.actors == (("ucdp-72", "initiator"), ("ucdp-1", "recipient"))
    assert record.contexts == ("military", "human_rights")
    assert record.facts.title == "Violence against civilians by Government of Mali in Sample town"
    assert [item.kind for item in items if isinstance(item, ActorRecord)] == ["government", "population"]


def test_two_sides_that_are_one_actor_are_said_once(parse: Parse) -> None:
    assert event(parse(side_b_new_id="72", side_b="Government of Mali")).actors == (
        ("ucdp-72", "participant"),
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [("345", "RS"), ("816", "VN"), ("678", "YE"), ("260", "DE"), ("365", "RU"), ("626", "SS"), ("347", "XK")],
)
def test_numbers_of_countries(parse: Parse, number: str, code: str) -> None:
    record = event(parse(country_id=number, side_a="Some side", gwnoa=number))
    assert record.countries == ((code, "location"), (code, "party"))


@pytest.mark.parametrize("number", ["817", "680", "315", "9999", "0"])  # gone, or never there
def test_a_country_that_is_none_of_today_is_rejected(parse: Parse, number: str) -> None:
    found = reject(parse(country_id=number))
    assert (found.row, found.field, found.record) == (1, "country_id", dict(ROW) | {"country_id": number})
    assert number in found.reason


def test_parties_are_the_governments_of_both_sides_each_once(parse: Parse) -> None:
    sides = {"side_a": "Government of Chad, Government of Mali", "gwnoa": "483, 432"}
    record = event(parse(**sides, side_b="Government of Mali", gwnob="432"))
    assert record.countries == (("ML", "location"), ("TD", "party"), ("ML", "party"))
    assert not told(record, "countries")
    assert countries(event(parse(gwnoa="432;483", side_a="Both", gwnob="NULL")), "party") == ["ML", "TD"]


def test_a_number_that_does_not_fit_the_name_is_corrected_and_told(parse: Parse) -> None:
    record = event(parse(side_a="Government of Russia (Soviet Union)", gwnoa="369"))
    assert countries(record, "party") == ["RU"]
    (evidence,) = told(record, "countries")
    assert (evidence.reported, evidence.stance) == ("gwnoa 369", "corrected")
    unknown = event(parse(side_a="Government of Nowhere", gwnoa="817"))
    assert countries(unknown, "party") == [] and len(told(unknown, "countries")) == 1


# --- sources ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ((ARTICLE, "ignored", "", ""), [("Morning Paper", "2021-08-27"), ("River Agency", None)]),
        (("", "A;B", "2021-01-02;2021-01-03", "One;Two"), [("A", "2021-01-02"), ("B", "2021-01-03")]),
        (("", "A;B", "2021-01-02", "One;Two;Three"), [(None, None)]),
        (("Reuters 3 May, two dead", "", "", ""), [(None, None)]),
        (('"A,2021-02-30,x"', "", "", ""), [("A", None)]),
        (('"A,2021-02-03,x";"A,2021-02-03,x"', "", "", ""), [("A", "2021-02-03")]),
    ],
)
def test_sources(
    parse: Parse, cited: tuple[str, str, str, str], expected: list[tuple[str | None, ...]]
) -> None:
    names = (f"source_{name}" for name in ("article", "office", "date", "headline"))
    items = parse(**dict(zip(names, cited, strict=True)), source_original="")
    sources = [item for item in items if isinstance(item, SourceRecord)]
    assert [(source.publisher, source.published) for source in sources] == expected
    assert [evidence.source_id for evidence in event(items).evidence] == [source.id for source in sources]


def test_what_is_not_cited_is_said_by_ucdp(parse: Parse) -> None:
    blank = dict.fromkeys(("source_article", "source_office", "source_date", "source_headline"), "NULL")
    (evidence,) = event(parse(**blank, source_original="", code_status="Check deaths")).evidence
    assert (evidence.source_id, evidence.note) == ("ucdp-ged", "under review by UCDP: Check deaths")


def test_one_source_is_attributed_to_the_one_that_it_quotes(parse: Parse) -> None:
    (evidence,) = event(parse(source_article='"A,2021-02-03,x"')).evidence
    assert evidence.attributed_to == "police"


# --- rejects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("id", ""), ("id", "-1"), ("id", "1.5"), ("id", "2147483648"), ("type_of_violence", "4"),
        ("country_id", "Mali"), ("side_a_new_id", "x"), ("side_b", " "), ("date_start", "26/08/2021"),
        ("date_start", "2021-02-30"), ("date_start", "0025-01-01"), ("date_end", "9999-12-31"),
        ("date_end", "2021-08-25"), ("date_end", ""), ("latitude", "91"), ("latitude", ""), ("longitude", "nan"),
        ("longitude", "1e999"), ("best", "-1"), ("low", "many"), ("high", "99999999999"),
    ],
)  # fmt: skip
def test_a_bad_cell_rejects_its_row(parse: Parse, field: str, cell: str) -> None:
    found = reject(parse(**{field: cell}))
    assert (found.row, found.field, found.record[field]) == (1, field, cell)
    assert len(found.reason) < 200


ODD = (
    "", " ", "#", "NULL", "NA", "0", "-1", "1.0", "7", "1e400", "-0.0", "inf", "٣", "345", "432, 816;x", "2021-02-30",
    "9999-12-31", "0001-01-01", "2021-08-26T00:00:00", "Government of ", "Government of Mali, Government of Chad",
    '"', '";"', '"a,,b";"', '"A,2021-08-26,x";"B,,"', ";", "\0", "\r\n", "\ufeff", "x" * 3_000,
)  # fmt: skip
CELL = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), max_size=20)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(COLUMNS), CELL, max_size=4)
    | st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELL)),
    max_size=5,
)


@settings(max_examples=150)
@given(rows=ROWS, columns=st.permutations(COLUMNS), line_end=st.sampled_from(["\n", "\r\n"]))
def test_every_row_is_an_event_or_a_reject(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], columns: list[str], line_end: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.csv"
    written = [cells(columns, **changes) for changes in ({}, *rows)]
    path.write_bytes(table([columns, *written], line_end))
    items = list(ucdp_ged.parse(Input(path)))
    counts = check(items)
    assert counts["EventRecord"] + counts["Reject"] == len(written)
    for item in items:
        if isinstance(item, Reject):
            assert item.record == dict(zip(columns, written[item.row - 1], strict=True))


# --- the dataset and the real files ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("GEDEvent_v22_0_2.csv", "22.0.2"),
        ("GEDEvent_v21_01_21_12.csv", "21.01.21.12"),
        ("gedevent_V23_1.csv.gz", "23.1"),
        ("ged191-csv.zip", "19.1"),
        ("ged51.csv", "5.1"),
        ("conflict_data_nga.csv", "unknown"),
    ],
)
def test_version_of(name: str, version: str) -> None:
    assert ucdp_ged.version_of(Path(name)) == version


def test_dataset() -> None:
    record = ucdp_ged.dataset("22.0.2")
    assert (record.id, record.version, record.licence) == ("ucdp-ged", "22.0.2", "CC-BY-4.0")
    assert record.kind in codes.values("dataset_kind") and "version 22.0.2" in record.citation


@pytest.mark.skipif(not REAL.is_dir(), reason="the UCDP files are not in ../shared/data/ucdp")
@pytest.mark.parametrize("name", REAL_ROWS)
def test_the_real_files_whole(name: str) -> None:
    items = list(ucdp_ged.parse(Input(REAL / name)))
    counts = check(items)
    assert (counts["EventRecord"], counts["Reject"]) == (REAL_ROWS[name], 0)
    with (REAL / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, record in zip(rows, events(items), strict=True):
        facts = record.facts
        assert record.id == f"ucdp-ged.{row['id']}"
        assert facts.date_start <= date.fromisoformat(row["date_start"][:10])
        assert date.fromisoformat(row["date_end"][:10]) <= facts.date_end
        deaths = (facts.fatalities_low, facts.fatalities_best, facts.fatalities_high)
        assert deaths == tuple(int(row[column]) for column in ("low", "best", "high"))
        assert (facts.latitude is None) == (row["where_prec"] > "3") == bool(told(record, "place"))

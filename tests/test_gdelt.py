"""GDELT: what each quirk of the files becomes, that no cell can break the parser, and the real files whole."""

import gzip
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import codes
from app.importers import gdelt, gdelt_codes
from app.importers.files import Input
from app.importers.gdelt import COLUMNS, MENTION_COLUMNS
from app.records import ActorRecord, EventFacts, EventRecord, EvidenceRecord, Item, Reject, SourceRecord

REAL = Path(__file__).parents[2] / "shared" / "data" / "gdelt"
NO_TYPE = "has no PLOVER type"

_T = TypeVar("_T")

ARTICLE = "https://www.example.org/2019/10/24/envoy-visits-the-capital-48291733.html?page=1"
EVENT = {
    "GlobalEventID": "7001", "Day": "20191024", "MonthYear": "201910", "Year": "2019", "FractionDate": "2019.8055",
    "Actor1Code": "NERGOV", "Actor1Name": "NIAMEY", "Actor1CountryCode": "NER", "Actor1Type1Code": "GOV",
    "Actor2Code": "USA", "Actor2Name": "TEXAS", "Actor2CountryCode": "USA", "IsRootEvent": "1",
    "EventCode": "043", "EventBaseCode": "043", "EventRootCode": "04", "QuadClass": "1", "GoldsteinScale": "2.8",
    "NumMentions": "6", "NumSources": "2", "NumArticles": "5", "AvgTone": "-1.5", "ActionGeo_Type": "4",
    "ActionGeo_FullName": "Agadez, Agadez, Niger", "ActionGeo_CountryCode": "NG", "ActionGeo_ADM1Code": "NG01",
    "ActionGeo_Lat": "16.9733", "ActionGeo_Long": "7.99111", "ActionGeo_FeatureID": "-1",
    "DATEADDED": "20191024143000", "SOURCEURL": ARTICLE,
}  # fmt: skip
MENTION = {
    "GlobalEventID": "7001", "EventTimeDate": "20191024143000", "MentionTimeDate": "20191025010000",
    "MentionType": "1", "MentionSourceName": "example.net", "MentionIdentifier": "https://example.net/a-second-report",
    "SentenceID": "3", "Actor1CharOffset": "-1", "Actor2CharOffset": "12", "ActionCharOffset": "40",
    "InRawText": "1", "Confidence": "80", "MentionDocLen": "900", "MentionDocTone": "0.5",
}  # fmt: skip


def line(**cells: str) -> str:
    """One row of an export: a visit to Agadez, but for `cells`."""
    assert not set(cells) - set(COLUMNS)
    return "\t".join((EVENT | cells).get(name, "") for name in COLUMNS)


def mention(**cells: str) -> str:
    """One row of a mentions file that speaks of that visit, but for `cells`."""
    assert not set(cells) - set(MENTION_COLUMNS)
    return "\t".join((MENTION | cells).get(name, "") for name in MENTION_COLUMNS)


def items(folder: Path, rows: Iterable[str], mentions: Sequence[str] = ()) -> list[Item]:
    return list(gdelt.parse(file(folder, "x.export.CSV", rows), mentions_of(folder, mentions)))


def mentions_of(folder: Path, rows: Sequence[str]) -> list[Input]:
    return [file(folder, "x.mentions.CSV", rows)] if rows else []


def file(folder: Path, name: str, rows: Iterable[str]) -> Input:
    path = folder / name
    path.write_bytes("".join(f"{row}\n" for row in rows).encode("utf-8", "surrogateescape"))
    return Input(path)


def event(folder: Path, *mentions: str, **cells: str) -> EventRecord:
    return only(items(folder, [line(**cells)], mentions), EventRecord)


def facts(folder: Path, **cells: str) -> EventFacts:
    return event(folder, **cells).facts


def reject(folder: Path, **cells: str) -> Reject:
    return only(items(folder, [line(**cells)]), Reject)


def only(found: Iterable[Item], kind: type[_T]) -> _T:
    (one,) = (item for item in found if isinstance(item, kind))
    return one


def named(found: Iterable[Item], kind: type[ActorRecord | SourceRecord]) -> dict[str, Item]:
    return {item.id: item for item in found if isinstance(item, kind)}


# --- one row ---------------------------------------------------------------------------------------


def test_row_becomes_an_event_with_its_actors_and_source(tmp_path: Path) -> None:
    found = items(tmp_path, [line()])
    record = only(found, EventRecord)
    assert record.id == "gdelt.7001"
    assert (record.facts.type, record.facts.mode, record.facts.status) == ("CONSULT", "visit", "occurred")
    assert record.facts.date_edtf == "2019-10-24"
    assert record.facts.date_start == record.facts.date_end == date(2019, 10, 24)
    assert record.facts.date_precision == "day"
    assert record.actors == [("gdelt-nergov", "initiator"), ("gdelt-usa", "recipient")]
    assert record.countries == [("NE", "location"), ("NE", "party"), ("US", "party")]
    source = only(found, SourceRecord)
    assert (source.kind, source.publisher, source.url) == ("article", "example.org", ARTICLE)
    assert source.title == "Envoy visits the capital"
    assert found[-1] is record  # what it points to has come before it


def test_title_is_told_in_both_languages(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert found.title == "Consult: visit — Niger: government → United States — Agadez, Niger"
    vi = "Tham vấn: chuyến thăm — Niger: chính phủ → Hoa Kỳ — Agadez, Niger"
    assert found.translations == {"vi": {"title": vi, "summary": None}}


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        ({"Actor1Code": ""}, "Consult: visit — unknown → United States — Agadez, Niger"),
        ({"Actor2Code": ""}, "Consult: visit — Niger: government — Agadez, Niger"),
        ({"Actor1Code": "", "Actor2Code": ""}, "Consult: visit — Agadez, Niger"),
        ({"ActionGeo_Type": "0"}, "Consult: visit — Niger: government → United States"),
    ],
)
def test_title_leaves_out_what_is_not_given(tmp_path: Path, cells: dict[str, str], title: str) -> None:
    assert facts(tmp_path, **cells).title == title


def test_cameo_code_is_told_as_text_in_the_evidence(tmp_path: Path) -> None:
    whole, coded = event(tmp_path).evidence
    assert (whole.field, whole.reported) == (None, "Actor1 NIAMEY (NERGOV); Actor2 TEXAS (USA)")
    assert (coded.field, coded.reported) == ("type", "CAMEO 043, QuadClass 1, Goldstein 2.8")
    assert coded.note == (
        "6 mentions, 2 sources, 5 articles when added to GDELT on 2019-10-24; IsRootEvent 1"
    )


def test_event_date_and_date_added_are_both_kept(tmp_path: Path) -> None:
    found = event(tmp_path, Day="20181024")
    assert found.facts.date_start == date(2018, 10, 24)
    assert "added to GDELT on 2019-10-24" in (found.evidence[1].note or "")


# --- what happened ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("030", ("AGREE", None)), ("041", ("CONSULT", "phone")), ("044", ("CONSULT", "third-party")),
        ("051", ("SUPPORT", None)), ("0251", None), ("010", None), ("020", None), ("01", None),
        ("061", ("COOPERATE", None)), ("0233", None), ("073", ("AID", None)),
        ("0811", ("CONCEDE", None)), ("0831", ("CONCEDE", None)), ("084", ("RETREAT", None)),
        ("0841", ("RETREAT", "release")), ("0862", ("RETREAT", "access")), ("0871", ("RETREAT", "ceasefire")),
        ("094", ("ACCUSE", "investigate")), ("111", ("ACCUSE", "disapprove")), ("1121", ("ACCUSE", "allege")),
        ("106", ("REQUEST", None)), ("1041", ("REQUEST", "change")), ("1246", ("REJECT", "yield")),
        ("138", ("THREATEN", "violence")), ("1381", ("THREATEN", "restrict")), ("1413", ("PROTEST", "demo")),
        ("143", ("PROTEST", None)), ("154", ("MOBILIZE", "troops")), ("163", ("SANCTION", "discontinue")),
        ("173", ("COERCE", "arrest")), ("175", ("COERCE", None)), ("1821", ("ASSAULT", "sexual")),
        ("183", ("ASSAULT", "explosives")), ("1831", ("ASSAULT", "suicide-attack")),
        ("190", ("ASSAULT", None)), ("195", ("ASSAULT", "aerial")), ("1952", ("ASSAULT", "drone")),
        ("204", ("ASSAULT", "unconventional")),
    ],
)  # fmt: skip
def test_cameo_code_maps_onto_plover(tmp_path: Path, code: str, expected: tuple[str, str | None]) -> None:
    found = items(tmp_path, [line(EventCode=code, EventRootCode=code[:2])])
    if expected:
        assert only(found, EventRecord).facts[:8:7] == expected
    else:
        assert NO_TYPE in only(found, Reject).reason


def test_every_code_has_a_type_with_its_own_modes_or_none() -> None:
    for number in range(10_000):
        for code in {f"{number:0{width}}" for width in (2, 3, 4)}:
            try:
                kind = gdelt_codes.kind_of(code, code[:2])
            except gdelt_codes.BadCell:
                continue
            assert kind.type in codes.values("event_type")
            assert kind.mode is None or kind.mode in codes.modes(kind.type), code


@pytest.mark.parametrize("root", [f"{number:02}" for number in range(3, 21)])
def test_every_other_root_has_a_type(root: str) -> None:
    assert gdelt_codes.kind_of(f"{root}0", root).type


def test_code_that_lost_its_zero_is_not_taken_for_another(tmp_path: Path) -> None:
    # 020, an appeal, read as a number and written again is 20, mass violence.
    found = reject(tmp_path, EventCode="20", EventRootCode="02")
    assert (found.field, found.reason) == ("EventCode", "not a CAMEO code, or not under EventRootCode")


# --- who -------------------------------------------------------------------------------------------


def test_actor_is_named_by_its_code_alone(tmp_path: Path) -> None:
    rows = [line(), line(GlobalEventID="7002", Actor2Name="MISSOURI", Actor2CountryCode="")]
    assert [i for i in items(tmp_path, rows) if isinstance(i, ActorRecord)] == [
        ActorRecord(
            "gdelt-nergov",
            "government",
            "Niger: government",
            {"en": "Niger: government", "vi": "Niger: chính phủ"},
            "NE",
            None,
            ("NERGOV",),
        ),
        ActorRecord(
            "gdelt-usa",
            "state",
            "United States",
            {"en": "United States", "vi": "Hoa Kỳ"},
            "US",
            None,
            ("USA",),
        ),
    ]


@pytest.mark.parametrize(
    ("code", "kind", "name", "country"),
    [
        ("NGA", "state", "Nigeria", "NG"),
        ("NER", "state", "Niger", "NE"),
        ("ROM", "state", "Romania", "RO"),
        ("ROU", "state", "Romania", "RO"),
        ("KOS", "state", "Kosovo", "XK"),
        ("GZS", "state", "Palestinian Territories", "PS"),
        ("AFR", "population", "Africa", None),
        ("COP", "armed_forces", "Police", None),
        ("NGAMILAIR", "armed_forces", "Nigeria: armed forces, AIR", "NG"),
        ("NGAREB", "armed_group", "Nigeria: rebels", "NG"),
        ("USAMED", "media", "United States: media", "US"),
        ("IGOUNO", "organisation", "Intergovernmental body: United Nations", None),
        ("che", "population", "Ethnic group che", None),
        ("CHE", "state", "Switzerland", "CH"),
        ("XYZ", "organisation", "XYZ", None),
    ],
)
def test_actor_code_becomes_kind_name_and_country(
    tmp_path: Path, code: str, kind: str, name: str, country: str | None
) -> None:
    found = items(tmp_path, [line(Actor1Code=code, Actor2Code="")])
    actor = only(found, ActorRecord)
    assert (actor.kind, actor.name, actor.country_code, actor.aliases) == (kind, name, country, (code,))


def test_ethnic_group_is_not_the_country_of_the_same_letters(tmp_path: Path) -> None:
    found = event(tmp_path, Actor1Code="che", Actor2Code="CHE")
    assert found.actors == [("gdelt-ethnic-che", "initiator"), ("gdelt-che", "recipient")]


def test_one_actor_on_both_sides_has_two_roles(tmp_path: Path) -> None:
    found = event(tmp_path, Actor1Code="NER", Actor2Code="NER", Actor2CountryCode="NER")
    assert found.actors == [("gdelt-ner", "initiator"), ("gdelt-ner", "recipient")]
    assert found.countries == [("NE", "location"), ("NE", "party")]


def test_region_is_no_country(tmp_path: Path) -> None:
    found = event(tmp_path, Actor1Code="WAF", Actor1CountryCode="WAF", Actor2Code="", Actor2CountryCode="")
    assert found.countries == [("NE", "location")]


# --- where -----------------------------------------------------------------------------------------


def test_city_has_a_point(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert (found.place_name, found.place_admin1, found.place_country) == ("Agadez", "Agadez", "NE")
    assert (found.latitude, found.longitude, found.place_precision) == (16.9733, 7.99111, "city")


@pytest.mark.parametrize(
    ("fips", "iso"),
    [
        ("NG", "NE"), ("NI", "NG"), ("VM", "VN"), ("CH", "CN"), ("AU", "AT"), ("AS", "AU"), ("IS", "IL"),
        ("SU", "SD"), ("OD", "SS"), ("UP", "UA"), ("GZ", "PS"), ("WE", "PS"), ("RI", "RS"), ("RB", "RS"),
        ("KV", "XK"), ("MJ", "ME"), ("JN", "SJ"), ("SV", "SJ"), ("WQ", "UM"), ("RS", "RU"),
    ],
)  # fmt: skip
def test_fips_place_becomes_iso(tmp_path: Path, fips: str, iso: str) -> None:
    found = event(tmp_path, ActionGeo_CountryCode=fips, ActionGeo_FullName="Somewhere")
    assert found.facts.place_country == iso
    assert found.countries[0] == (iso, "location")


@pytest.mark.parametrize(
    ("kind", "full", "fips", "expected"),
    [
        ("1", "Niger", "NG", ("Niger", None, "NE", "country")),
        ("1", "Bahamas, The", "BF", ("Bahamas, The", None, "BS", "country")),
        ("2", "Texas, United States", "US", ("Texas", "Texas", "US", "admin1")),
        ("2", "Travis County, Texas, United States", "US", ("Travis County", "Texas", "US", "admin2")),
        ("5", "Agadez, Niger", "NG", ("Agadez", "Agadez", "NE", "admin1")),
        ("5", "Agadez, Niger (general), Niger", "NG", ("Agadez", None, "NE", "admin1")),
        ("4", "Kano State, Kano, Nigeria", "NI", ("Kano State", "Kano", "NG", "admin1")),
        ("4", "Bass Strait, Oceans (general), Oceans", "OS", ("Bass Strait", None, None, "international")),
    ],
)
def test_centroid_is_no_point(
    tmp_path: Path, kind: str, full: str, fips: str, expected: tuple[str | None, ...]
) -> None:
    found = facts(tmp_path, ActionGeo_Type=kind, ActionGeo_FullName=full, ActionGeo_CountryCode=fips)
    assert (found.latitude, found.longitude) == (None, None)
    assert (
        found.place_name, found.place_admin1, found.place_country, found.place_precision
    ) == expected  # fmt: skip


def test_name_with_a_comma_is_one_name(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        ActionGeo_FullName="Westminster, London, City of, United Kingdom",
        ActionGeo_CountryCode="UK",
    )
    assert (found.place_name, found.place_admin1) == ("Westminster", "London, City of")


def test_no_place_at_all(tmp_path: Path) -> None:
    none = dict.fromkeys(
        ("ActionGeo_FullName", "ActionGeo_CountryCode", "ActionGeo_Lat", "ActionGeo_Long"), ""
    )
    found = event(tmp_path, ActionGeo_Type="0", **none)
    assert (found.facts.place_precision, found.facts.place_name, found.facts.latitude) == (None,) * 3
    assert found.countries == [("NE", "party"), ("US", "party")]


def test_country_code_that_no_country_has_is_told(tmp_path: Path) -> None:
    # Serbia and Montenegro: gone since 2006, and GDELT gives the code without a name.
    found = event(tmp_path, ActionGeo_Type="1", ActionGeo_FullName="", ActionGeo_CountryCode="YI")
    assert found.facts.place_precision is found.facts.place_country is None
    assert [entry.reported for entry in found.evidence if entry.field == "place"] == ["(FIPS YI)"]


def test_city_without_coordinates(tmp_path: Path) -> None:
    found = facts(tmp_path, ActionGeo_Lat="", ActionGeo_Long="")
    assert (found.latitude, found.place_precision) == (None, "city")


# --- sources and mentions --------------------------------------------------------------------------


def test_source_is_the_same_whatever_names_it(tmp_path: Path) -> None:
    later = line(GlobalEventID="7002", DATEADDED="20191201000000")
    spoken_of = mention(MentionIdentifier=ARTICLE, MentionTimeDate="20200101000000")
    sources = [i for i in items(tmp_path, [line(), later], [spoken_of]) if isinstance(i, SourceRecord)]
    assert len(sources) == 1
    assert sources[0] == only(items(tmp_path, [later]), SourceRecord)


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("http://example.org/", "example.org"),
        ("http://user@www.Example.org:8080/a?b=c", "example.org"),
        ("https://example.org/news/two-people-hurt/article_824a692c-a4e9-577a-bdfa.html", "Two people hurt"),
        ("https://example.org/%C4%91i%E1%BB%87n-tho%E1%BA%A1i-m%E1%BB%9Bi", "Điện thoại mới"),
        ("BBC Monitoring: a broadcast", "BBC Monitoring: a broadcast"),
        ("", "Source not given"),
    ],
)
def test_source_is_titled_by_its_address(tmp_path: Path, url: str, title: str) -> None:
    source = only(items(tmp_path, [line(SOURCEURL=url)]), SourceRecord)
    assert source.title == title
    assert source.url == (url if url.startswith("http") else None)
    assert source.kind == ("article" if source.url else "dataset_record")


def test_mention_becomes_evidence_with_confidence_and_offsets(tmp_path: Path) -> None:
    found = items(tmp_path, [line()], [mention(MentionDocTranslationInfo="srclc:fra;eng:Moses 2.1.1")])
    record = only(found, EventRecord)
    assert record.evidence[2].note == (
        "GDELT confidence 80%, sentence 3, action at character 40, actor 2 at character 12,"
        " text of 900 characters, counted in a machine translation from fra, seen by GDELT on 2019-10-25"
    )
    assert record.evidence[2].passage_start is None  # a point, in a text that is not held
    assert {entry.source_id for entry in record.evidence} == set(named(found, SourceRecord))
    assert not any(isinstance(item, Reject) for item in found)


def test_mention_by_the_event_s_own_article_joins_its_evidence(tmp_path: Path) -> None:
    whole, coded = event(tmp_path, mention(MentionIdentifier=ARTICLE)).evidence
    assert (whole.note or "").startswith("GDELT confidence 80%")
    assert coded.field == "type"


def test_mention_given_twice_is_one(tmp_path: Path) -> None:
    again = mention(SentenceID="9")
    found = event(tmp_path, mention(), again, mention())
    assert [entry.note for entry in found.evidence[2:]] == [
        (entry.note or "") for entry in event(tmp_path, again, mention()).evidence[2:]
    ]
    assert len(found.evidence) == 4


def test_mention_without_its_event_is_a_reject(tmp_path: Path) -> None:
    rows = [line(), line(GlobalEventID="7002", EventCode="010", EventRootCode="01")]
    found = items(tmp_path, rows, [mention(), mention(GlobalEventID="9"), mention(GlobalEventID="7002")])
    rejects = [item for item in found if isinstance(item, Reject)]
    reason = "x.mentions.CSV: its event is not in the export, or is rejected there"
    assert [(r.row, r.field, r.reason) for r in rejects[1:]] == [
        (2, "GlobalEventID", reason),
        (3, "GlobalEventID", reason),
    ]
    assert rejects[1].record["GlobalEventID"] == "9"
    assert tuple(rejects[1].record) == MENTION_COLUMNS


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"Confidence": "101"}, "Confidence"),
        ({"Confidence": ""}, "Confidence"),
        ({"ActionCharOffset": "x"}, "ActionCharOffset"),
        ({"MentionTimeDate": "20191325000000"}, "MentionTimeDate"),
    ],
)
def test_bad_mention_is_a_reject_and_its_event_stays(
    tmp_path: Path, cells: dict[str, str], field: str
) -> None:
    found = items(tmp_path, [line()], [mention(**cells)])
    assert only(found, Reject).field == field
    assert only(found, Reject).record[field] == cells[field]
    assert len(only(found, EventRecord).evidence) == 2


# --- rows that are no events -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("GlobalEventID", ""), ("GlobalEventID", "7e3"), ("Day", "20190230"), ("Day", ""), ("Day", "00250101"),
        ("Actor1Code", "NER GOV"), ("Actor2Code", "ÉTÉ"), ("IsRootEvent", "2"), ("EventCode", "---"),
        ("EventCode", "43"), ("QuadClass", "5"), ("GoldsteinScale", "11"), ("GoldsteinScale", "nan"),
        ("NumMentions", "-1"), ("NumSources", ""), ("NumArticles", "1.5"), ("ActionGeo_Type", "6"),
        ("ActionGeo_Lat", "90.5"), ("ActionGeo_Lat", "inf"), ("ActionGeo_Long", "-181"), ("ActionGeo_Long", ""),
        ("ActionGeo_Long", "1e999"), ("DATEADDED", "yesterday"), ("DATEADDED", ""),
    ],
)  # fmt: skip
def test_bad_cell_is_a_reject_that_names_it(tmp_path: Path, field: str, cell: str) -> None:
    found = reject(tmp_path, **{field: cell})
    assert (found.row, found.field) == (1, field)
    assert found.record[field] == cell
    assert tuple(found.record) == COLUMNS


def test_score_that_is_not_given_is_no_fault(tmp_path: Path) -> None:
    assert event(tmp_path, GoldsteinScale="").evidence[1].reported == (
        "CAMEO 043, QuadClass 1, Goldstein not given"
    )


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("", "columns", "there are not 61 columns"),
        (line() + "\t", "columns", "there are not 61 columns"),
        (line().rpartition("\t")[0], "columns", "there are not 61 columns"),
        (line(SOURCEURL="x" * 100_000), "columns", "longer than 32,768 characters"),
        (line(Actor1Name="a\0b"), "encoding", "holds a NUL character"),
        (line(Actor1Name="a\udcff"), "encoding", "is not UTF-8"),
    ],
)
def test_row_that_cannot_be_read_is_one_reject(tmp_path: Path, row: str, field: str, reason: str) -> None:
    found = items(tmp_path, [line(), row, line(GlobalEventID="7003")])
    only_one = only(found, Reject)
    assert (only_one.row, only_one.field, only_one.reason) == (2, field, reason)
    assert sum(isinstance(item, EventRecord) for item in found) == 2
    str(only_one.record).encode()  # it can be written


def test_byte_that_is_not_utf8_is_shown_as_an_escape(tmp_path: Path) -> None:
    assert reject(tmp_path, Actor1Name="a\udcffb").record["Actor1Name"] == "a\\udcffb"


def test_file_may_be_packed_marked_and_have_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "20191024143000.export.CSV.gz"
    path.write_bytes(gzip.compress(f"\ufeff{line()}\r\n{line(GlobalEventID='7002')}".encode()))
    found = [i.id for i in gdelt.parse(Input(path)) if isinstance(i, EventRecord)]
    assert found == ["gdelt.7001", "gdelt.7002"]


def test_file_without_rows(tmp_path: Path) -> None:
    assert items(tmp_path, []) == []


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("20191024143000.export.CSV", "20191024143000"),
        ("20130401.export.CSV.zip", "20130401"),
        ("events_sample.export.CSV", "unknown"),
    ],
)
def test_version_is_the_time_in_the_name(name: str, version: str) -> None:
    assert gdelt.version_of(Path(name)) == version


def test_dataset_says_where_it_is_from() -> None:
    found = gdelt.dataset("20191024143000")
    assert (found.id, found.kind, found.version) == ("gdelt", "gdelt", "20191024143000")
    assert "attribution" in found.licence
    assert "GDELT Project" in found.citation


# --- whatever comes --------------------------------------------------------------------------------

_NOISE = st.text(st.characters(exclude_characters="\r\n\t", exclude_categories=["Cs"]), max_size=12)
_CELL = st.sampled_from(
    ["", "0", "1", "-1", "1e400", "20191024", "043", "04", "NER", "che", "GOVnor", "NG", "nan", "Niger, A, B", ARTICLE]
) | _NOISE  # fmt: skip
_ROW = st.dictionaries(st.sampled_from(COLUMNS), _CELL, max_size=6).map(lambda cells: line(**cells))
_WILD = st.lists(_CELL | st.just("\udcff"), max_size=63).map("\t".join)
_MENTION = st.dictionaries(st.sampled_from(MENTION_COLUMNS), _CELL, max_size=3).map(lambda c: mention(**c))


@settings(max_examples=150)
@given(st.lists(_ROW | _WILD, max_size=5), st.lists(_MENTION | _WILD, max_size=4))
def test_each_row_is_one_event_or_one_reject(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], mentions: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("gdelt")
    alone = items(folder, rows)
    found = items(folder, rows, mentions)
    assert len(outcomes(alone)) == len(rows)
    assert {i.id for i in found if isinstance(i, EventRecord)} == {
        i.id for i in alone if isinstance(i, EventRecord)
    }
    extra = len(outcomes(found)) - len(rows)
    assert 0 <= extra <= len(mentions)
    check(found)


def outcomes(found: Iterable[Item]) -> list[EventRecord | Reject]:
    return [item for item in found if isinstance(item, (EventRecord, Reject))]


def check(found: Iterable[Item]) -> None:
    """What the tables demand, and that nothing is pointed to before it has come."""
    known: set[str] = set()
    for item in found:
        match item:
            case ActorRecord():
                assert item.kind in codes.values("actor_kind")
                assert item.name and all(item.names.values())
                known.add(item.id)
            case SourceRecord():
                assert item.kind in codes.values("source_kind")
                assert item.title
                known.add(item.id)
            case EventRecord():
                check_event(item, known)
            case Reject():
                assert item.row > 0 and item.field and item.reason and item.record
                str(item.record).encode()


def check_event(record: EventRecord, known: set[str]) -> None:
    found = record.facts
    assert found.type in codes.values("event_type")
    assert found.mode is None or found.mode in codes.modes(found.type)
    assert (found.latitude is None) == (found.longitude is None)
    if found.latitude is not None:
        assert found.place_precision == "city" and math.isfinite(found.latitude)
    if found.place_precision is None:
        assert found.place_name is found.place_admin1 is found.place_country is None
    else:
        assert found.place_precision in codes.values("place_precision")
    for pairs in (record.actors, record.countries):
        assert len(set(pairs)) == len(pairs)
    assert {key for key, _ in record.actors} <= known
    assert {entry.source_id for entry in record.evidence} <= known
    assert all(isinstance(entry, EvidenceRecord) and entry.quote is None for entry in record.evidence)
    repr(record).encode()


# --- the real files --------------------------------------------------------------------------------

real = pytest.mark.skipif(not REAL.is_dir(), reason=f"the real files are not at {REAL}")


def counted(found: Iterable[Item]) -> Counter[str]:
    """Events, and rejects by their reason without the root's label."""
    return Counter(
        "event" if isinstance(item, EventRecord) else item.reason.split(" (")[0] for item in outcomes(found)
    )


@real
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20180101000000.export.CSV", {"event": 1_898, "CAMEO 01": 359, "CAMEO 02": 157}),
        ("20191024143000.export.CSV", {"event": 1_683, "CAMEO 01": 297, "CAMEO 02": 131}),
        ("events_sample.export.CSV", {"event": 82, "CAMEO 01": 11, "CAMEO 02": 7}),
    ],
)
def test_real_export_loads_whole(name: str, expected: dict[str, int]) -> None:
    found = list(gdelt.parse(Input(REAL / name)))
    assert counted(found) == expected
    with (REAL / name).open(encoding="utf-8", newline="") as text:
        assert len(outcomes(found)) == sum(1 for _ in text)
    ids = [item.id for item in found if isinstance(item, EventRecord)]
    assert len(set(ids)) == len(ids)
    check(found)


@real
def test_real_mentions_are_evidence_or_rejects() -> None:
    mentions = Input(REAL / "mentions_sample.mentions.CSV")
    found = list(gdelt.parse(Input(REAL / "events_sample.export.CSV"), [mentions]))
    lost = [i.row for i in found if isinstance(i, Reject) and i.reason.startswith("mentions_sample")]
    noted = [
        entry
        for item in found
        if isinstance(item, EventRecord)
        for entry in item.evidence
        if (entry.note or "").startswith("GDELT confidence")
    ]
    assert len(lost) == len(set(lost))
    assert (len(lost), len(noted)) == (59, 41)
    check(found)


@real
def test_real_centroids_of_countries_are_no_points() -> None:
    events = [
        item.facts
        for name in ("20180101000000.export.CSV", "20191024143000.export.CSV")
        for item in gdelt.parse(Input(REAL / name))
        if isinstance(item, EventRecord)
    ]
    points = Counter(found.place_precision for found in events if found.latitude is not None)
    assert points == {"city": 1_903}
    assert sum(found.place_precision == "country" for found in events) == 976

"""The two code files: complete, unambiguous, and right where other code lists are known to be wrong."""

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "app" / "data"


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CODES = _rows("codes.csv")
COUNTRIES = {row["code"]: row for row in _rows("countries.csv")}
GONE = {"CSHH", "CSXX", "DDDE", "SUHH", "YDYE", "YUCS"}
TODAY = {code: row for code, row in COUNTRIES.items() if code not in GONE}

EXACTLY = {
    "event_type": 16,
    "mode": 67,
    "context": 37,
    "event_status": 4,
    "date_match": 2,
    "date_precision": 6,
    "place_precision": 8,
    "country_role": 3,
    "actor_role": 5,
    "actor_kind": 8,
    "source_kind": 7,
    "lineage": 3,
    "stance": 3,
    "dataset_kind": 4,
    "load_outcome": 3,
    "cameo_root": 20,
}

CROSSWALK = """
    gw      VN=816 YE=678 RS=340 SS=626 DE=260 XK=347 CZ=316 RU=365 PS= VA= YDYE=680 DDDE=265 YUCS=345
    cow     VN=816 YE=679 RS=345 SS=626 DE=255 XK=347 CZ=316 RU=365 PS= VA= YDYE=680 DDDE=265 YUCS=345
    fips    VN=VM UA=UP SD=SU NE=NG NG=NI CN=CH CH=SZ AT=AU AU=AS IL=IS DE=GM RS=RI MM=BM ZA=SF KP=KN
    fips    KR=KS IQ=IZ IR=IR RU=RS SE=SW ME=MJ XK=KV SS=OD CSXX=YI
    cameo   VN=VNM NE=NER NG=NGA RO=ROM TL=TMP ME=MTN IM=IMY XK=KOS PS=PSE
    alpha3  VN=VNM XK=XKX SUHH=SUN YUCS=YUG CSXX=SCG CSHH=CSK DDDE=DDR YDYE=YMD
    numeric VN=704 AF=004 XK= YUCS=890 CSXX=891
"""

VIETNAMESE = """
    VN=Việt Nam, US=Hoa Kỳ, CN=Trung Quốc, RU=Nga, KR=Hàn Quốc, KP=Triều Tiên, JP=Nhật Bản, FR=Pháp, GB=Vương quốc Anh,
    NE=Niger, TH=Thái Lan, LA=Lào, KH=Campuchia, UA=Ukraina, SS=Nam Sudan, CD=Cộng hòa Dân chủ Congo, SUHH=Liên Xô
"""


def _crosswalk() -> list[tuple[str, str, str]]:
    found = []
    for column, *pairs in (line.split() for line in CROSSWALK.strip().splitlines()):
        found += [(column, code, value) for code, _, value in (pair.partition("=") for pair in pairs)]
    return found


def _modes() -> list[tuple[str, str]]:
    return [(row["code"], row["parent"]) for row in CODES if row["list"] == "mode"]


def test_every_list_is_complete() -> None:
    assert Counter(row["list"] for row in CODES) == EXACTLY


def test_no_code_occurs_twice() -> None:
    keys = Counter((row["list"], row["code"], row["parent"]) for row in CODES)
    assert keys.most_common(1)[0][1] == 1
    alone = Counter((row["list"], row["code"]) for row in CODES if row["list"] != "mode")
    assert alone.most_common(1)[0][1] == 1


@pytest.mark.parametrize("column", ["label_en", "label_vi", "definition"])
def test_every_code_is_explained(column: str) -> None:
    assert [row["code"] for row in CODES if not row[column].strip()] == []


def test_a_definition_is_one_sentence() -> None:
    assert [
        row["code"] for row in CODES if not row["definition"].endswith(".") or ". " in row["definition"]
    ] == []


def test_every_parent_is_an_event_type() -> None:
    types = {row["code"] for row in CODES if row["list"] == "event_type"}
    assert {parent for _, parent in _modes()} <= types
    assert {row["parent"] for row in CODES if row["list"] == "cameo_root"} <= types | {""}
    assert {row["parent"] for row in CODES if row["list"] not in ("mode", "cameo_root")} == {""}


def test_a_mode_means_what_its_type_makes_of_it() -> None:
    assert {parent for code, parent in _modes() if code == "withdraw"} == {"RETREAT", "SANCTION"}
    assert {parent for code, parent in _modes() if code == "restrict"} == {"THREATEN", "COERCE"}


@pytest.mark.parametrize(
    ("event_type", "quad"),
    [
        ("CONSULT", "1"),
        ("RETREAT", "2"),
        ("ACCUSE", "3"),
        ("PROTEST", "4"),
        ("SANCTION", "4"),
        ("ASSAULT", "4"),
    ],
)
def test_quads_follow_the_manual_body(event_type: str, quad: str) -> None:
    assert [row["quad"] for row in CODES if row["code"] == event_type] == [quad]


@pytest.mark.parametrize(
    ("root", "event_type", "quad"),
    [
        ("01", "", "1"),
        ("04", "CONSULT", "1"),
        ("08", "CONCEDE", "2"),
        ("10", "REQUEST", "3"),
        ("20", "ASSAULT", "4"),
    ],
)
def test_cameo_roots_map_to_types(root: str, event_type: str, quad: str) -> None:
    found = [row for row in CODES if row["list"] == "cameo_root" and row["code"] == root]
    assert [(row["parent"], row["quad"]) for row in found] == [(event_type, quad)]


def test_every_country_is_there() -> None:
    assert len(TODAY) == 249 + 1 and COUNTRIES.keys() >= GONE | {"XK"}
    assert list(COUNTRIES) == sorted(COUNTRIES)


@pytest.mark.parametrize("column", ["alpha3", "numeric", "fips", "cameo", "gw", "cow"])
def test_a_code_names_one_country_of_today(column: str) -> None:
    used = Counter(row[column] for row in TODAY.values() if row[column])
    assert [code for code, times in used.items() if times > 1] == []


@pytest.mark.parametrize("column", ["alpha3", "numeric"])
def test_iso_codes_are_unique_through_time(column: str) -> None:
    used = [row[column] for row in COUNTRIES.values() if row[column]]
    assert len(used) == len(set(used))


def test_only_states_that_are_gone_have_years() -> None:
    assert {code for code, row in COUNTRIES.items() if row["valid_from"] and row["valid_to"]} == GONE
    assert {code for code, row in COUNTRIES.items() if row["valid_from"] or row["valid_to"]} == GONE


@pytest.mark.parametrize(("column", "code", "value"), _crosswalk())
def test_crosswalk(column: str, code: str, value: str) -> None:
    assert COUNTRIES[code][column] == value


def test_niger_and_nigeria_are_not_swapped() -> None:
    by_fips = {row["fips"]: row["name_en"] for row in TODAY.values()}
    assert (by_fips["NG"], by_fips["NI"]) == ("Niger", "Nigeria")


@pytest.mark.parametrize("pair", VIETNAMESE.replace("\n", " ").split(","))
def test_vietnamese_names(pair: str) -> None:
    code, name = pair.strip().split("=")
    assert COUNTRIES[code]["name_vi"] == name


@pytest.mark.parametrize("column", ["name_en", "name_vi", "region", "subregion"])
def test_every_country_is_named_and_placed(column: str) -> None:
    assert [code for code, row in COUNTRIES.items() if not row[column]] == []


@pytest.mark.parametrize("name", ["codes.csv", "countries.csv"])
def test_files_are_plain(name: str) -> None:
    content = (DATA / name).read_bytes()
    assert b"\r" not in content and content.endswith(b"\n") and not content.startswith(b"\xef\xbb\xbf")
    assert unicodedata.is_normalized("NFC", content.decode())
    assert [cell for row in _rows(name) for cell in row.values() if cell != cell.strip()] == []

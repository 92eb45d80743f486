"""What each filter finds, and what it says to what it does not understand, case by case."""

import sys
import unicodedata
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import db, search
from app.importers.load import load
from app.settings import Settings
from tests import make
from tests.client import QuickClient, application
from tests.databases import Databases
from tests.operations import check_problem, key_of, walk

DATES = {
    "day": "2024-04-19",
    "week": "2024-04-08/2024-04-14",
    "month": "2024-04",
    "year": "2024",
    "winter": "2023-11/2024-03-15",
    "years": "2019/2024",
    "decade": "201X",
    "since": "2023-07-26/..",
    "until": "../2024-04-19",
    "plan": "2024-05/..",
}
POINTS = {
    "niamey": (13.51, 2.11),
    "suva": (-18.14, 178.44),
    "taveuni": (-16.85, -179.97),
    "east": (0.0, 180.0),
    "west": (0.0, -180.0),
    "pole": (90.0, 0.0),
}
ROLES = {
    "coup": [("NE", "location"), ("NE", "party")],
    "visit": [("US", "location"), ("NE", "party"), ("FR", "mentioned")],
    "speech": [("FR", "location"), ("NE", "mentioned"), ("US", "mentioned")],
    "nowhere": [],
}
WORDS: dict[str, dict[str, Any]] = {
    "army": {"title": "Quân đội Niger", "summary": "Marched to the capital."},
    "told": {"title": "Talks", "translations": {"vi": {"title": "Đàm phán", "summary": "rút quân"}}},
    "place": {"title": "Siege", "place_name": "Điện Biên Phủ", "place_admin1": "Tỉnh Điện Biên", "place_precision": "city"},
    "named": {"title": "Raid", "actors": [("front", "initiator")]},
    "beijing": {"title": "北京会谈", "summary": "東京ソウル"},
    "street": {"title": "Straße nach Łódź, ZÓDIAC", "summary": "na\u00efve r\u00e9sum\u00e9 100% F-16 a_b O'Brien"},
}  # fmt: skip
FRONT = make.actor("front", names={"en": "Front", "vi": "Mặt trận"}, aliases=("FLN", "100% Sahel_Force"))


@pytest.fixture(scope="module")
def cases(databases: Databases) -> Iterator[TestClient]:
    """A client of the events above, each kind in a dataset of its own."""
    url = databases.migrated()
    engine = db.writer(Settings(database_url=url))
    points: dict[str, dict[str, Any]] = {
        name: {"latitude": y, "longitude": x, "place_precision": "site"} for name, (y, x) in POINTS.items()
    }
    points |= {"unknown": {}, "country-only": {"place_country": "NE", "place_precision": "country"}}
    for name, events in {
        "dates": [make.event(f"dates.{key}", date) for key, date in DATES.items()],
        "points": [make.event(f"points.{key}", **at) for key, at in points.items()],
        "roles": [make.event(f"roles.{key}", countries=pairs) for key, pairs in ROLES.items()],
        "words": [make.event(f"words.{key}", **texts) for key, texts in WORDS.items()],
    }.items():
        load(engine, make.release(*events, dataset=make.dataset(name), actors=[FRONT, make.actor("other")]))
    engine.dispose()
    with QuickClient(application(url), raise_server_exceptions=False) as client:
        yield client
    databases.drop(url)


def _found(client: TestClient, dataset: str, **query: str) -> set[str]:
    return {event["id"].split(".")[1] for event in walk(client, "/v1/events", dataset=dataset, **query)}


@pytest.mark.parametrize(
    ("low", "high", "possible", "certain"),
    [
        ("2024-04-19", "2024-04-19", "day month year years since until", "day"),
        ("2024-04-14", "2024-04-14", "week month year years since until", ""),
        ("2024-04", "2024-04", "day week month year years since until", "day week month"),
        ("2024-03", "2024-04-13", "week month year winter years since until", ""),
        ("2024", "2024", "day week month year winter years since until plan", "day week month year"),
        ("2023", "2024", "day week month year winter years since until plan", "day week month year winter"),
        ("2023-07-26", "2023-07-26", "years since until", ""),
        ("2023-07-25", "2023-07-25", "years until", ""),
        ("2010", "2019", "years decade until", "decade"),
        ("2019-12-31", "2019-12-31", "years decade until", ""),
        ("1900", "1900-02", "until", ""),
        ("2024-05", None, "year years since plan", "plan"),
        ("2024-04-20", None, "month year years since plan", "plan"),
        (None, "2018", "decade until", ""),
        (None, "2024-04-19", "day week month year winter years decade since until", "day week winter decade until"),
        ("9999", None, "since plan", ""),
        (None, "0001", "until", ""),
        ("0001", "9999", " ".join(DATES), "day week month year winter years decade"),
    ],
)  # fmt: skip
def test_a_date_range(
    cases: TestClient, low: str | None, high: str | None, possible: str, certain: str
) -> None:
    asked = {name: day for name, day in (("date_from", low), ("date_to", high)) if day}
    assert _found(cases, "dates", **asked) == set(possible.split())
    assert _found(cases, "dates", **asked, date_match="possible") == set(possible.split())
    assert _found(cases, "dates", **asked, date_match="certain") == set(certain.split())


@pytest.mark.parametrize(
    "day",
    ["0", "0000", "24", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "2024-4-1", "20240419", "2024-04-19T00:00:00",
     "2024-04-19Z", "-2024", "+2024", "12024", "2024-04-", "today", "2024/04/19", "2024-04-19/..", "1e3", "\u0662\u0660\u0662\u0664", "2024-W16"],
)  # fmt: skip
def test_an_impossible_date_is_refused(cases: TestClient, day: str) -> None:
    for name in ("date_from", "date_to"):
        (error,) = check_problem(cases.get("/v1/events", params={name: day}), 400, name)["errors"]
        assert error["detail"]


def test_a_reversed_range_is_refused(cases: TestClient) -> None:
    for low, high in (("2024-05", "2024-04"), ("2024-04-20", "2024-04-19"), ("2025", "2024")):
        check_problem(cases.get("/v1/events", params={"date_from": low, "date_to": high}), 400, "date_to")
    assert cases.get("/v1/events", params={"date_from": "2024-04", "date_to": "2024"}).status_code == 200


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ("0,0,20,25", "niamey"),
        ("2.11,13.51,2.11,13.51", "niamey"),
        ("2.12,0,20,25", ""),
        ("-180,-90,180,90", " ".join(POINTS)),
        ("170,-30,-170,30", "suva taveuni east west"),
        ("178.44,-30,-179.97,30", "suva taveuni east west"),
        ("179,-30,-179.98,30", "east west"),
        ("180,-90,180,90", "east west"),  # one meridian, written in two ways
        ("-180,-90,-179,90", "taveuni east west"),
        ("-10,89.999,10,90", "pole"),
        (" 0 , 0 , +20.0 , 25. ", "niamey"),
    ],
)
def test_a_box(cases: TestClient, box: str, found: str) -> None:
    assert _found(cases, "points", bbox=box) == set(found.split())


@pytest.mark.parametrize(
    "box",
    ["1,2,3", "1,2,3,4,5", "1,2,3,4,5,6", "a,b,c,d", "0,95,1,96", "0,2,1,1", "-181,0,0,0", "0,0,181,0", "nan,0,1,1",
     "0,0,inf,1", "1e1,0,11,1", "0;0;1;1", "0,0,,1", "1" * 400 + ",0,1,1", "\u0660,0,1,1", "0x1,0,2,1"],
)  # fmt: skip
def test_a_box_that_is_none_is_refused(cases: TestClient, box: str) -> None:
    check_problem(cases.get("/v1/events", params={"bbox": box}), 400, "bbox")


@pytest.mark.parametrize("code", ["NE", "NER", "562", "ne", "Ne", "nEr", "NE,NE", "ne,NER,562", " NE "])
def test_a_country_by_any_of_its_codes(cases: TestClient, code: str) -> None:
    assert _found(cases, "roles", country=code) == {"coup", "visit", "speech"}
    if "," not in code and code.strip() == code:
        assert cases.get(f"/v1/countries/{code}").json()["code"] == "NE"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Niger", "NE"), ("niger", "NE"), ("Nigeria", "NG"), ("nigeria", "NG"), ("Nigerr", "NE"), ("4", "AF"),
        ("Việt Nam", "VN"), ("viet nam", "VN"), ("United States", "US"), ("Eritria", "ER"), ("Cote d'Ivoire", "CI"),
    ],
)  # fmt: skip
def test_a_country_by_its_name_is_told_its_code(cases: TestClient, word: str, meant: str) -> None:
    (error,) = check_problem(cases.get("/v1/events", params={"country": word}), 400, "country")["errors"]
    assert error["did_you_mean"] == meant
    (error,) = check_problem(cases.get(f"/v1/countries/{word}"), 404, "code")["errors"]
    assert error["did_you_mean"] == meant


def test_niger_is_never_nigeria(cases: TestClient) -> None:
    assert _found(cases, "roles", country="NG") == _found(cases, "roles", country="NGA") == set()
    assert _found(cases, "roles", country="566") == set()
    assert cases.get("/v1/countries/NG").json()["name"] == "Nigeria"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"country": "NE", "country_role": "location"}, "coup"),
        ({"country": "NE", "country_role": "party"}, "coup visit"),
        ({"country": "NE", "country_role": "location,party"}, "coup visit"),
        ({"country": "NE", "country_role": "mentioned"}, "speech"),
        ({"country": "US", "country_role": "party"}, ""),
        ({"country": "NE,US", "country_role": "location"}, "coup visit"),
        ({"country": "FR,US", "country_role": "mentioned"}, "visit speech"),
        ({"country_role": "mentioned"}, "visit speech"),
        ({"country_role": "LOCATION"}, "coup visit speech"),
        ({"country": "AQ"}, ""),
    ],
)
def test_a_role_narrows_the_country(cases: TestClient, asked: dict[str, str], found: str) -> None:
    assert _found(cases, "roles", **asked) == set(found.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("quân đội", "army"), ("quan doi", "army"), ("QUÂN ĐỘI", "army"), ("doi  quan", "army"), ("niger quân", "army"),
        (unicodedata.normalize("NFD", "Quân đội"), "army"), ("quan", "army told"), ("qua", ""), ("quans", ""),
        ("quan capital", "army"), ("quan phan", "told"), ("DAM PHAN", "told"), ("dien bien", "place"), ("tinh phu", "place"),
        ("front", "named"), ("mat tran", "named"), ("fln", "named"), ("front siege", ""), ("北京", "beijing"), ("京北", "beijing"),
        ("会", "beijing"), ("ソウル", "beijing"), ("北海", ""), ("strasse", "street"), ("STRAẞE", "street"), ("lodz", "street"),
        ("zodiac", "street"), ("naive resume", "street"), ("re\u0301sume\u0301", "street"), ("100%", "named street"),
        ("f 16", "street"), ("f16", ""), ("a_b", "street"), ("o'brien", "street"), ('"niger" -army (quân)', ""),
        ("nig*", ""), ("niger OR raid", ""), ("NOT siege", ""), ("title:siege", ""), ("s_ege", ""), ("\u200bsiege", "place"),
    ],
)  # fmt: skip
def test_words(cases: TestClient, text: str, found: str) -> None:
    assert _found(cases, "words", q=text) == set(found.split())


@pytest.mark.parametrize(
    "text", ["%", "_", "*", '"', "()", "…", "\x00", "-", "🙂", "\u0301", "'", "\\", "😀 !"]
)
def test_a_text_without_a_word_is_refused(cases: TestClient, text: str) -> None:
    for path in ("/v1/events", "/v1/actors", "/v1/countries"):
        check_problem(cases.get(path, params={"q": text}), 400, "q")


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("/v1/actors", "fro", {"front"}), ("/v1/actors", "100% sahel", {"front"}), ("/v1/actors", "sahel_for", {"front"}),
        ("/v1/actors", "mặt TRẬN", {"front"}), ("/v1/actors", "ront", set()), ("/v1/actors", "f%nt", set()),
        ("/v1/actors", "o_her", set()), ("/v1/actors", "fr\\ont", set()), ("/v1/actors", "100_", {"front"}),
        ("/v1/countries", "niger", {"NE", "NG"}), ("/v1/countries", "viet", {"VN"}), ("/v1/countries", "v_et", set()),
        ("/v1/countries", "đức", {"DE", "DDDE"}), ("/v1/countries", "cote iv", {"CI"}), ("/v1/countries", "ivoire%", {"CI"}),
    ],
)  # fmt: skip
def test_names_by_their_beginnings(cases: TestClient, path: str, text: str, found: set[str]) -> None:
    assert {key_of(item) for item in walk(cases, path, q=text)} == found


@pytest.mark.parametrize(
    ("path", "name", "word", "meant"),
    [
        ("/v1/events", "type", "retreet", "RETREAT"), ("/v1/events", "mode", "withdrawal", "withdraw"),
        ("/v1/events", "status", "planed", "planned"), ("/v1/events", "context", "militry", "military"),
        ("/v1/events", "country_role", "locations", "location"), ("/v1/events", "actor", "frnt", "front"),
        ("/v1/events", "source", "papers", "paper"), ("/v1/events", "dataset", "Dates", "dates"),
        ("/v1/events", "sort", "dates", "date"), ("/v1/events", "date_match", "posible", "possible"),
        ("/v1/events", "count", "exactly", "exact"), ("/v1/countries", "region", "West Africa", "Western Africa"),
        ("/v1/actors", "kind", "persons", "person"), ("/v1/sources", "kind", "artikle", "article"),
        ("/v1/datasets", "kind", "dossiers", "dossier"),
    ],
)  # fmt: skip
def test_a_near_miss_is_told_what_is_near(
    cases: TestClient, path: str, name: str, word: str, meant: str
) -> None:
    (error,) = check_problem(cases.get(path, params={name: word}), 400, name)["errors"]
    assert error["did_you_mean"] == meant
    assert meant in error.get("allowed", [meant])


def test_the_others_are_judged_too(cases: TestClient) -> None:
    answer = cases.get("/v1/events?country=Niger&type=NOPE&limit=0&contry=NE")
    assert {error["parameter"] for error in check_problem(answer, 400)["errors"]} >= {"contry"}
    answer = cases.get("/v1/events?country=Niger,XX&type=NOPE&limit=0")
    errors = check_problem(answer, 400)["errors"]
    assert [error["parameter"] for error in errors] == ["limit", "country", "country", "type"]


@pytest.mark.parametrize(
    ("time", "known"),
    [
        ("2024-04-19T00:00:00Z", True), ("2024-04-19t00:00:00z", True), ("2024-04-19T00:00:00.123456789+07:00", True),
        ("2024-04-19T00:00:00 07:00", True), ("0001-01-01T00:00:00Z", True), ("9999-12-31T23:59:59Z", True),
        ("0001-01-01T00:00:00+14:00", False), ("9999-12-31T23:59:59-14:00", False), ("2024-04-19", False),
        ("2024-04-19T00:00:00", False), ("2024-04-19 00:00:00Z", False), ("2024-04-19T25:00:00Z", False),
        ("2024-W16-5T00:00:00Z", False), ("1713484800", False), ("yesterday", False), ("2024-04-19T00:00:00+99:99", False),
    ],
)  # fmt: skip
def test_a_time_is_rfc_3339(cases: TestClient, time: str, known: bool) -> None:
    answer = cases.get("/v1/events", params={"updated_since": time})
    if known:
        assert answer.status_code == 200, answer.text
    else:
        check_problem(answer, 400, "updated_since")


def test_a_letter_folds_alike_however_it_is_written() -> None:
    for letter in filter(str.isalnum, map(chr, range(sys.maxunicode))):
        folded = search.fold(letter)
        decomposed = unicodedata.normalize("NFD", letter)
        spellings = {search.fold(text) for text in (folded, letter.upper(), letter.lower(), decomposed)}
        assert spellings == {folded}, f"{letter} U+{ord(letter):04X}"


def test_folding_reaches_across_no_white_space() -> None:
    spaces = [space for space in map(chr, range(sys.maxunicode)) if space.isspace()]
    random = Random(2)
    for _ in range(5_000):
        parts = ["".join(chr(random.randrange(1, 0x3100)) for _ in range(3)) for _ in range(3)]
        text = random.choice(spaces).join(parts)
        assert search.fold(text).split() == [
            word for part in text.split() for word in search.fold(part).split()
        ]


def test_any_text_finds_itself(client: TestClient, engine: Engine) -> None:
    letters = [letter for letter in map(chr, range(sys.maxunicode)) if letter.isalnum()]
    random = Random(1)
    texts = [
        "".join(random.choices(letters, k=9)) + " ".join(random.choices(letters, k=9)) for _ in range(80)
    ]
    load(engine, make.release(*(make.event(f"made.{n}", title=text) for n, text in enumerate(texts))))
    for n, text in enumerate(texts):
        assert f"made.{n}" in {event["id"] for event in walk(client, "/v1/events", q=text)}, text

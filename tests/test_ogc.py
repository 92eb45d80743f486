"""OGC API - Features: what the abstract tests of the standard ask for, and what its real clients make of it."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from owslib.ogcapi.features import Features  # type: ignore[import-untyped]
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.filters import OgcQuery
from app.importers.load import load
from app.records import Withdrawal
from tests import make
from tests.client import QuickClient, application
from tests.operations import DOCUMENT, OPERATIONS, check_problem, walk
from tests.oracle import span
from tests.served import served

COLLECTION = "/ogc/collections/events"
ITEMS = f"{COLLECTION}/items"
PARAMETERS = {p["name"]: p for p in DOCUMENT["paths"][ITEMS]["get"]["parameters"]}
NOT_OF_THE_WORLD = {"count", "actor", "source", "dataset"}  # `count` finds nothing; the ids are the seed's
Clients = dict[str, TestClient]

# How much of the calendar each value of `datetime` stands for.
TIMES = {
    "2024-04-19": ("2024-04-19", "2024-04-19"),
    "2024-04-19T12:30:00Z": ("2024-04-19", "2024-04-19"),
    "2024-04-19T23:30:00-05:00": ("2024-04-20", "2024-04-20"),
    "2024-04-01/2024-04-30": ("2024-04-01", "2024-04-30"),
    "2024-04-01T00:00:00Z/2024-04-30": ("2024-04-01", "2024-04-30"),
    "2024-04-19t00:00:00.5z/2024-04-19T01:00:00Z": ("2024-04-19", "2024-04-19"),
    "2024-05-01/..": ("2024-05-01", "9999-99-98"),
    "2024-05-01/": ("2024-05-01", "9999-99-98"),
    "../2023-12-31": ("0000-00-01", "2023-12-31"),
    "/2023-12-31": ("0000-00-01", "2023-12-31"),
    "1800-01-01": ("1800-01-01", "1800-01-01"),
}
NO_TIMES = (
    "../..", "/", "..", "2024-04", "2024", "2024-04-31", "2024-05-01/2024-04-01", "2024-04-19/2024-04-20/2024-04-21",
    "2024-04-19T00:00:00", "2024-04-19 00:00", "now", "../x", "x/..", "0000-01-01", "2024-04-19T24:00:01Z", "2024-04-19,..",
)  # fmt: skip


def _features(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    return walk(client, ITEMS, limit=1000, **query)


def _events(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    return walk(client, "/v1/events", limit=1000, **query)


def _ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


def _links(answer: Any) -> list[dict[str, str]]:
    """Every link of a document, wherever it is."""
    if isinstance(answer, list):
        return [link for one in answer for link in _links(one)]
    if not isinstance(answer, dict):
        return []
    below = [link for name, one in answer.items() if name != "links" for link in _links(one)]
    return [*answer.get("links", []), *below]


def test_every_link_leads_to_what_it_says(world: TestClient) -> None:
    seen: dict[str, str] = {}
    ahead = [{"href": f"{world.base_url}/ogc/", "type": "application/json", "rel": "", "title": "Landing"}]
    while ahead:
        link = ahead.pop()
        assert link.keys() == {"href", "rel", "type", "title"} and link["title"]
        if link["href"] in seen or len(seen) > 40:
            continue
        seen[link["href"]] = link["rel"]
        assert link["href"].startswith(str(world.base_url)), "absolute"
        answer = world.get(link["href"], headers={"Accept": link["type"]})
        assert answer.status_code == 200, link
        said = answer.headers["content-type"]
        assert said == link["type"] or said.split(";")[0] == link["type"]
        if said.endswith("json"):
            ahead += _links(answer.json())
    assert {"service-desc", "conformance", "data", "items", "next", "collection"} <= set(seen.values())


def test_every_document_links_to_itself(world: TestClient) -> None:
    (first,) = world.get(ITEMS, params={"limit": 1}).json()["features"]
    for path in (
        "/ogc/",
        "/ogc/collections",
        COLLECTION,
        f"{ITEMS}?limit=2&type=AID",
        f"{ITEMS}/{first['id']}",
    ):
        (itself,) = [link for link in world.get(path).json()["links"] if link["rel"] == "self"]
        assert itself["href"] == f"{world.base_url}{path}"


def test_the_landing_page_is_there_with_and_without_a_slash(world: TestClient) -> None:
    without, with_slash = (world.get(path, follow_redirects=False) for path in ("/ogc", "/ogc/"))
    assert without.status_code == 200 and without.content == with_slash.content


def test_the_contract_is_found_by_whoever_looks_for_it(world: TestClient) -> None:
    openapi = "application/vnd.oai.openapi+json;version=3.1"
    gdal = (
        "application/vnd.oai.openapi+json;version=3.0, application/openapi+json;version=3.0, application/json"
    )
    for accept, type_ in (
        ("*/*", openapi),
        (openapi, openapi),
        ("application/json", "application/json"),
        (gdal, "application/json"),
    ):
        answer = world.get("/ogc/api", headers={"Accept": accept})
        assert (answer.headers["content-type"], answer.headers["vary"]) == (type_, "Accept")
        assert answer.json() == DOCUMENT


def test_conformance_claims_what_is_shown_here(world: TestClient) -> None:
    classes = world.get("/ogc/conformance").json()["conformsTo"]
    assert {"/".join(name.split("/")[-4:]) for name in classes} == {
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/geojson",
        "ogcapi-features-3/1.0/conf/queryables",
    }


def test_the_collection_says_what_is_in_it(world: TestClient) -> None:
    listed = world.get("/ogc/collections").json()["collections"]
    collection = world.get(COLLECTION).json()
    assert listed == [collection]
    assert (collection["id"], collection["itemType"]) == ("events", "feature")
    assert collection["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert collection["extent"]["spatial"]["bbox"] == [[-180, -90, 180, 90]]
    ((first, last),) = collection["extent"]["temporal"]["interval"]
    dates = [event["date"] for event in _events(world)]
    assert (
        first
        == min(day for date in dates for day in date.values() if re.match(r"....-..-..$", day or ""))
        + "T00:00:00Z"
    )
    assert last >= max(date["start"] or "" for date in dates)
    check_problem(world.get("/ogc/collections/nothing"), 404)


def test_an_empty_collection_has_no_beginning_and_no_end(client: TestClient) -> None:
    assert client.get(COLLECTION).json()["extent"]["temporal"]["interval"] == [[None, None]]
    assert client.get(ITEMS).json()["features"] == []


def test_the_features_are_the_events(world: TestClient) -> None:
    features, events = _features(world), _events(world)
    assert _ids(features) == _ids(events)
    for feature, event in zip(features, events, strict=True):
        date, place, deaths = event["date"], event["place"] or {}, event["fatalities"] or {}
        told = feature["properties"]
        assert feature["type"] == "Feature"
        point = [place.get("longitude"), place.get("latitude")]
        assert feature["geometry"] == (
            None if point == [None, None] else {"type": "Point", "coordinates": point}
        )
        same = (
            "id",
            "dataset",
            "type",
            "mode",
            "status",
            "title",
            "summary",
            "independent_origins",
            "revision",
            "updated",
        )
        assert told == {name: event[name] for name in same} | {
            "contexts": "|".join(event["contexts"]) or None,
            "date_start": date["start"],
            "date_end": date["end"],
            "date_precision": date["precision"],
            "edtf": date["edtf"],
            "place_name": place.get("name"),
            "place_admin1": place.get("admin1"),
            "place_country": place.get("country"),
            "place_precision": place.get("precision"),
            "latitude": place.get("latitude"),
            "longitude": place.get("longitude"),
            "countries": "|".join(one["code"] for one in event["countries"]) or None,
            "country_roles": "|".join(one["role"] for one in event["countries"]) or None,
            "actors": "|".join(one["id"] for one in event["actors"]) or None,
            "actor_roles": "|".join(one["role"] for one in event["actors"]) or None,
            "sources": "|".join(one["id"] for one in event["sources"]) or None,
            **{f"fatalities_{name}": deaths.get(name) for name in ("low", "best", "high")},
        }  # fmt: skip


def test_every_filter_of_events_finds_the_same_features(world: TestClient) -> None:
    (listing,) = (operation for operation in OPERATIONS if operation.id == "list_events")
    asked = [
        (p.name, value)
        for p in listing.parameters
        for value in p.values[:3]
        if p.name in PARAMETERS and p.name not in NOT_OF_THE_WORLD
    ]
    asked += [
        ("country", "NE,US"),
        ("fatalities_min", "1"),
        ("q", "do"),
        ("source", "wire"),
        ("actor", make.ACTORS[0].id),
    ]
    asked += [("dataset", "alpha"), ("bbox", "170,-60,-170,60")]
    for name, value in asked:
        assert _ids(_features(world, **{name: value})) == _ids(_events(world, **{name: value})), (name, value)


@pytest.mark.parametrize("value", TIMES)
def test_datetime_finds_what_may_have_happened_then(world: TestClient, value: str) -> None:
    first, last = TIMES[value]
    meant = [event["id"] for event in _events(world) if span(event)[0] <= last and span(event)[1] >= first]
    assert _ids(_features(world, datetime=value)) == meant


@pytest.mark.parametrize("value", NO_TIMES)
def test_datetime_is_a_time_or_an_interval(world: TestClient, value: str) -> None:
    check_problem(world.get(ITEMS, params={"datetime": value}), 400, "datetime")


def test_datetime_goes_with_certainty_and_the_other_filters(world: TestClient) -> None:
    certain = {"datetime": "2024-04-01/2024-04-30", "date_match": "certain"}
    assert _ids(_features(world, **certain)) == _ids(
        _events(world, date_from="2024-04", date_to="2024-04", date_match="certain")
    )
    both = _features(world, datetime="2024-04-01/..", date_to="2024-04-30", type="AID")
    assert _ids(both) == _ids(_events(world, date_from="2024-04", date_to="2024-04", type="AID"))


def test_bbox_has_four_numbers_or_six(world: TestClient) -> None:
    flat = _features(world, bbox="-20,-40,60,40")
    assert 0 < len(flat) < len(_features(world))
    assert all(f["geometry"] and -20 <= f["geometry"]["coordinates"][0] <= 60 for f in flat)
    assert _features(world, bbox="-20,-40,-100,60,40,9000") == flat
    for wrong in (
        "1,2,3",
        "1,2,3,4,5",
        "1,2,3,4,5,6,7",
        "0,0,x,1,1,1",
        "0,0,1,1,1,NaN",
        "0,50,0,1,40,0",
        "0,0,1e3,1",
    ):
        check_problem(world.get(ITEMS, params={"bbox": wrong}), 400, "bbox")
    check_problem(world.get(ITEMS, params={"bbox": "0,0,1,1", "bbox-crs": "x"}), 400, "bbox-crs")


def test_a_limit_above_the_highest_is_the_highest(world: TestClient) -> None:
    assert [OgcQuery(limit=asked).limit for asked in (1, 9_999, 10_000, 10_001, 2**40)] == [
        1,
        9_999,
        10_000,
        10_000,
        10_000,
    ]
    whole = world.get(ITEMS, params={"limit": 10**9}).json()
    assert whole["numberReturned"] == len(whole["features"]) == len(_events(world)) > 100
    assert "next" not in {link["rel"] for link in whole["links"]}
    for wrong in ("0", "-1", "1.5", "x"):
        check_problem(world.get(ITEMS, params={"limit": wrong}), 400, "limit")


def test_how_many_match_is_exact_or_not_said(world: TestClient) -> None:
    whole = len(_events(world, type="AID"))
    for count in ("capped", "exact"):
        page = world.get(ITEMS, params={"type": "AID", "limit": 1, "count": count}).json()
        assert (page["numberMatched"], page["numberReturned"]) == (whole, 1)
    assert "numberMatched" not in world.get(ITEMS).json()


def test_the_parameters_are_published_as_the_standard_has_them() -> None:
    limit, bbox, datetime = (PARAMETERS[name] for name in ("limit", "bbox", "datetime"))
    assert {p["in"] for p in (limit, bbox, datetime)} == {"query"}
    assert not any(p.get("required") for p in (limit, bbox, datetime))
    assert limit["schema"]["type"] == "integer" and limit["schema"]["minimum"] == 1
    assert limit["schema"]["default"] == 100
    assert (bbox["style"], bbox["explode"], bbox["schema"]["items"]) == ("form", False, {"type": "number"})
    assert (bbox["schema"]["type"], bbox["schema"]["minItems"], bbox["schema"]["maxItems"]) == ("array", 4, 6)
    assert datetime["schema"]["type"] == "string"


def test_queryables_are_parameters_that_take_what_they_say(world: TestClient) -> None:
    queryables = world.get(f"{COLLECTION}/queryables").json()
    Draft202012Validator.check_schema(queryables)
    assert queryables["$id"] == f"{world.base_url}{COLLECTION}/queryables"
    assert (
        queryables["additionalProperties"] is False and queryables["properties"].keys() <= PARAMETERS.keys()
    )
    for name, schema in queryables["properties"].items():
        assert schema["type"] == "string"
        for value in schema.get("enum", [])[::9]:
            assert world.get(ITEMS, params={name: value, "limit": 1}).status_code == 200


def test_the_schema_has_every_column_with_its_type(world: TestClient) -> None:
    schema = world.get(f"{COLLECTION}/schema").json()
    Draft202012Validator.check_schema(schema)
    columns = schema["properties"]["properties"]["properties"]
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for feature in _features(world):
        assert set(feature["properties"]) == {"id", *columns}
        known = {name: value for name, value in feature["properties"].items() if value is not None}
        validator.validate(feature | {"properties": known, "geometry": feature["geometry"] or {}})


def test_what_was_withdrawn_is_gone_from_here_too(client: TestClient, engine: Engine) -> None:
    first, second = make.event("made.one"), make.event("made.two")
    load(engine, make.release(first, second))
    load(
        engine,
        make.release(
            second, withdrawals=[Withdrawal(id="made.one", reason="Twice", successor_id="made.two")]
        ),
    )
    check_problem(client.get(f"{ITEMS}/made.one"), 410)
    assert _ids(_features(client)) == ["made.two"]


def _served_url(worlds: Clients) -> str:
    return str(worlds["sqlite"].app.state.settings.database_url)  # type: ignore[attr-defined]


def test_links_are_below_where_a_proxy_serves_it(worlds: Clients) -> None:
    app = application(_served_url(worlds))
    with QuickClient(app, base_url="https://maps.example", root_path="/dateline") as client:
        page = client.get(f"/dateline{ITEMS}?limit=1")
        below = "https://maps.example/dateline/ogc/"
        assert all(link["href"].startswith(below) for link in page.json()["links"])
        (following,) = [link["href"] for link in page.json()["links"] if link["rel"] == "next"]
        assert page.headers["link"] == f'<{following}>; rel="next"'
        assert client.get(following).json()["numberReturned"] == 1
        assert client.get("/dateline/ogc/").json()["links"][0]["href"] == below


@pytest.fixture(scope="module")
def live(worlds: Clients) -> Iterator[str]:
    """Where the world is really served."""
    with served(_served_url(worlds)) as address:
        yield f"{address}/ogc"


def test_links_have_the_scheme_that_a_proxy_was_asked_by(live: str) -> None:
    request = Request(f"{live}/", headers={"X-Forwarded-Proto": "https", "Host": "maps.example"})
    with urlopen(request) as answer:
        links = json.load(answer)["links"]
    assert {urlsplit(link["href"])[:2] for link in links} == {("https", "maps.example")}


def test_owslib_reads_it(live: str, worlds: Clients) -> None:
    features = Features(f"{live}/")
    assert len(features.conformance()["conformsTo"]) == 3
    assert features.feature_collections() == ["events"]
    assert features.collection("events")["title"] == "Events"
    assert "country" in features.collection_queryables("events")["properties"]
    page = features.collection_items("events", limit=7, bbox=[-20, -40, 60, 40], datetime_="2000-01-01/..")
    told = worlds["sqlite"].get(
        ITEMS, params={"limit": 7, "bbox": "-20,-40,60,40", "datetime": "2000-01-01/.."}
    )
    assert page["features"] == told.json()["features"] and page["numberReturned"] == 7
    one = page["features"][0]
    assert features.collection_item("events", one["id"])["properties"] == one["properties"]
    with pytest.raises(RuntimeError, match="did_you_mean"):
        features.collection_items("events", contry="NE")


gdal = pytest.mark.skipif(
    shutil.which("ogr2ogr") is None,
    reason="GDAL IS NOT HERE (apt-get install gdal-bin): its client is not tried",
)


def _run(*command: str) -> str:
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "CPL_DEBUG": "OFF"},
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    return ran.stdout


@gdal
def test_gdal_understands_every_column(live: str, worlds: Clients) -> None:
    told = _run("ogrinfo", "-ro", "-so", f"OAPIF:{live}", "events")
    assert f"Feature Count: {len(_features(worlds['sqlite']))}\n" in told
    assert "Geometry: Point" in told
    columns = dict(re.findall(r"^(\w+): (\w+) \(", told, re.MULTILINE))
    (first, *_) = _features(worlds["sqlite"])
    kinds = {
        "Date": {"date_start", "date_end"},
        "DateTime": {"updated"},
        "Real": {"latitude", "longitude"},
        "Integer": {
            "fatalities_low",
            "fatalities_best",
            "fatalities_high",
            "independent_origins",
            "revision",
        },
    }
    named = {name: kind for kind, names in kinds.items() for name in names}
    assert columns == {name: named.get(name, "String") for name in first["properties"]}


@gdal
def test_gdal_fetches_every_page(live: str, worlds: Clients, tmp_path: Path) -> None:
    package = tmp_path / "events.gpkg"
    _run("ogr2ogr", "-f", "GPKG", str(package), f"OAPIF:{live}", "events", "-oo", "PAGE_SIZE=50")
    rows = dict(sqlite3.connect(package).execute("SELECT id, fatalities_best FROM events"))
    features = _features(worlds["sqlite"])
    assert rows == {f["id"]: f["properties"]["fatalities_best"] for f in features}


@gdal
def test_gdal_asks_for_a_box_and_a_time(live: str, worlds: Clients) -> None:
    box = _run(
        "ogrinfo",
        "-ro",
        "-so",
        "-spat",
        "-20",
        "-40",
        "60",
        "40",
        f"OAPIF:{live}",
        "events",
        "-oo",
        "PAGE_SIZE=100",
    )
    found = _features(worlds["sqlite"], bbox="-20,-40,60,40")
    assert f"Feature Count: {len(found)}\n" in box
    asked = f"{live}/collections/events/items?datetime=2024-04-01/2024-04-30&limit=10000"
    during = _features(worlds["sqlite"], datetime="2024-04-01/2024-04-30")
    assert f"Feature Count: {len(during)}\n" in _run("ogrinfo", "-ro", "-so", "-al", asked)

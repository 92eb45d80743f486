"""`/v1/stats/events`: every row counts what `/v1/events` finds, on both databases."""

import json
from collections.abc import Iterator
from datetime import date
from itertools import product
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import schemas, stats, tally_timelines
from app.importers.load import load
from tests import make, oracle
from tests.operations import check_problem, walk

UNITS: tuple[stats.Unit, ...] = ("year", "month", "day")
KEYS = ("country", "type", "actor", "dataset")
PATH = "/v1/stats/events"
LENGTHS = {"year": 4, "month": 7, "day": 10}


def rows(client: TestClient, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, f"{query}: {answer.text[:300]}"
    page = answer.json()
    assert (page["next"], page["total"], page["total_is_exact"]) == (None, len(page["items"]), True)
    return list(page["items"])


def counts(found: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in (*names, "possible", "certain", "fatalities")) for row in found]


# --- the arithmetic alone, against brute force ---


def _brute(
    unit: stats.Unit, spans: list[tuple[date, date, int]], low: date | None, high: date | None
) -> dict[int, tuple[int, int, int]]:
    cut = [(max(s, low or s), min(e, high or e)) for s, e, _ in spans]
    known = [day for pair in cut for day in pair if day not in (date.min, date.max)]
    first, last = low or min(known, default=None), high or max(known, default=None)
    if first is None or last is None:
        return {}
    found = {}
    for n in range(stats.number(unit, first), stats.number(unit, last) + 1):
        begin, end = (
            max(stats.first_day(unit, n), low or date.min),
            min(stats.last_day(unit, n), high or date.max),
        )
        sure = [deaths for s, e, deaths in spans if s >= begin and e <= end]
        found[n] = (sum(s <= end and e >= begin for s, e, _ in spans), len(sure), sum(sure))
    return found


def _changes(
    unit: stats.Unit, spans: list[tuple[date, date, int]], low: date, high: date
) -> Iterator[stats.Change]:
    for start, end, dead in spans:
        begun, ended = stats.number(unit, start), stats.number(unit, end)
        within = begun == ended and start >= low and end <= high
        yield begun, 1, 0, within, dead if within else 0
        yield ended, 0, 1, 0, 0


def _spans(random: Random, low: date | None, high: date | None) -> Iterator[tuple[date, date, int]]:
    """Events on few days around a turn of the year, some open; each touches the range."""
    for _ in range(random.randrange(8)):
        start, end = sorted(date.fromordinal(random.randrange(738_850, 738_920)) for _ in "ab")
        start, end = random.choice((start, start, date.min)), random.choice((end, start, date.max))
        end = max(start, end)
        if start <= (high or date.max) and end >= (low or date.min):
            yield start, end, random.randrange(4)


@pytest.mark.parametrize("unit", UNITS)
def test_a_timeline_is_what_brute_force_counts(unit: stats.Unit) -> None:
    random = Random(unit)
    for _ in range(400):
        days = sorted(date.fromordinal(random.randrange(738_850, 738_920)) for _ in "ab")
        low, high = random.choice((days[0], None)), random.choice((days[1], None))
        spans = list(_spans(random, low, high))
        wanted = _brute(unit, spans, low, high)
        made: dict[stats.Key, list[stats.Change]] = {
            (): list(_changes(unit, spans, low or date.min, high or date.max))
        }
        found = stats.timeline(unit, made, low, high, fill=True, most=1000)
        assert {period: counts for period, _, *counts in found} == {
            period: list(counts) for period, counts in wanted.items()
        }, (spans, low, high)
        bare = stats.timeline(unit, made, low, high, fill=False, most=1000)
        assert bare == [bucket for bucket in found if bucket[2]]
        if found:
            with pytest.raises(stats.TooManyRows):
                stats.timeline(unit, made, low, high, fill=True, most=len(found) - 1)


def test_periods_have_numbers_names_and_days() -> None:
    for unit, ordinal in product(UNITS, range(738_500, 739_400)):
        day = date.fromordinal(ordinal)
        n = stats.number(unit, day)
        assert stats.first_day(unit, n) <= day <= stats.last_day(unit, n)
        assert stats.number_of(stats.name(unit, n)) == n
        assert day.isoformat().startswith(stats.name(unit, n))
    assert (
        stats.last_day("year", 9999) == stats.last_day("month", stats.number("month", date.max)) == date.max
    )


# --- the same on the databases ---


@pytest.fixture(scope="module")
def told(worlds: dict[str, TestClient]) -> list[dict[str, Any]]:
    return walk(worlds["sqlite"], "/v1/events", limit=1000)


GROUPS = [
    "",
    *KEYS,
    *UNITS,
    *map(",".join, product(UNITS, KEYS)),
    "country,actor",
    "type,dataset",
    "actor,month",
]
RANGES = (
    "date_from=2023-12-15&date_to=2024-05-20",
    "date_from=2024-04-10&date_to=2024-04-20",
    "date_from=2023&date_to=2024&date_match=certain",
    "date_from=2022-11&date_to=2023-02&country=NE,US&country_role=party",
    "date_from=2024&date_to=2024&actor=un,do-ba&fatalities_min=0",
)


@pytest.mark.parametrize("group", GROUPS)
def test_both_databases_say_the_same_and_what_the_events_say(
    worlds: dict[str, TestClient], told: list[dict[str, Any]], group: str
) -> None:
    for asked in RANGES:
        query = asked + (f"&group={group}" if group else "")
        one, other = (rows(client, query) for client in worlds.values())
        assert one == other, query
        assert {_row_key(row, group): row for row in one}.keys() == _expected(told, asked, group).keys(), (
            query
        )
        assert {_row_key(row, group): _numbers(row) for row in one} == _expected(told, asked, group), query
        assert one == sorted(one, key=lambda row: _order(row, group)), query


FROM = ("", "date_from=2023-11-17", "date_from=2024", "date_from=0001-01-01")
TO = ("", "date_to=2024-04-19", "date_to=2024-04", "date_to=9999-12-31")
TALLIED = (
    "",
    "country=NE",
    "type=RETREAT,CONSULT",
    "dataset=alpha",
    "country=US&type=CONSULT",
    "type=RETREAT&dataset=alpha",
)


@pytest.mark.parametrize("asked", TALLIED)
def test_what_is_tallied_is_what_the_events_say(
    worlds: dict[str, TestClient], told: list[dict[str, Any]], asked: str
) -> None:
    """In every kind of range, by every kind of key, and as a list counts it."""
    random = Random(asked)
    every = list(product(FROM, TO, ("", "date_match=certain")))
    for low, high, match in random.sample(every, len(every) // 2):
        group = random.choice(["", "country", "type", "dataset", "country,type", "type,dataset"])
        query = "&".join(filter(None, (asked, low, high, match)))
        wanted = _expected(told, query, group)
        for client in worlds.values():
            found = rows(client, query + (f"&group={group}" if group else ""))
            assert {_row_key(row, group): _numbers(row) for row in found} == wanted, (query, group)
            listed = client.get(f"/v1/events?{query}&limit=1&count=exact").json()["total"]
            assert listed == _expected(told, query, "")[()][0], query


_DAYS = st.none() | st.dates(date(2021, 1, 1), date(2025, 12, 31)) | st.sampled_from((date.min, date.max))
_TIMELINES = st.fixed_dictionaries(
    {
        "group": st.sampled_from((*UNITS, *KEYS, *map(",".join, product(UNITS, KEYS)))),
        "date_from": _DAYS,
        "date_to": _DAYS,
        "date_match": st.sampled_from(("possible", "certain")),
        "fill": st.sampled_from(("none", "zero")),
        "limit": st.sampled_from((5, 40, 10_000, 10_000)),
    }
)


# Of which the listing of an actor, a country's role or a context has all, or which are close to it.
LISTED = (
    "actor=un",
    "actor=un,niger",
    "country=NE&country_role=party",
    "country=NE,US&country_role=location",
    "country=NE&country_role=party,location",
    "country_role=party",
    "context=military",
    "context=military,diplomatic",
    "actor=un&country=NE",
)


@settings(max_examples=100)
@given(asked=st.sampled_from((*TALLIED, "country=NE,US", "dataset=alpha,beta", *LISTED)), timeline=_TIMELINES)
def test_a_timeline_of_any_range_is_what_the_events_say(
    worlds: dict[str, TestClient], asked: str, timeline: dict[str, Any]
) -> None:
    """What the tallies and listings make of it is what is counted from the events, which any other filter takes."""
    within = {name: value for name, value in timeline.items() if value is not None}
    assume(within.get("date_from", date.min) <= within.get("date_to", date.max))
    assume(within["fill"] == "none" or within["group"] not in KEYS)
    query = "&".join([*filter(None, [asked]), urlencode(within)])
    counted = worlds["sqlite"].get(f"{PATH}?{query}&updated_since=1970-01-01T00:00:00Z")
    for client in worlds.values():
        found = client.get(f"{PATH}?{query}")
        assert found.status_code == counted.status_code
        assert found.json().get("items") == counted.json().get("items")


def _row_key(row: dict[str, Any], group: str) -> tuple[str, ...]:
    return tuple(row[name] for name in group.split(",") if name)


def _numbers(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["possible"], row["certain"], row["fatalities"]


def _order(row: dict[str, Any], group: str) -> tuple[Any, ...]:
    names = [name for name in group.split(",") if name]
    return (*(row[n] for n in names if n in UNITS), -row["possible"], *(row[n] for n in names if n in KEYS))


def _expected(
    told: list[dict[str, Any]], asked: str, group: str
) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Each event put into every bucket that it touches, one by one."""
    pairs = [(name, value) for name, value in (pair.split("=") for pair in asked.split("&") if pair)]
    query = dict(pairs)
    low = oracle.first_day(query["date_from"]) if "date_from" in query else oracle.BEFORE_ALL
    high = oracle.last_day(query["date_to"]) if "date_to" in query else oracle.AFTER_ALL
    names = {c.lower(): c for c in ("NE", "US")}
    found: dict[tuple[str, ...], list[int]] = {}
    for event in oracle.World(told, {}, names).answer(pairs):
        start, end = oracle.span(event)
        best = (event["fatalities"] or {}).get("best") or 0
        dims = [_values(event, name, query, low, high) for name in group.split(",") if name]
        for key in product(*dims):
            period = next((value for value, n in zip(key, group.split(","), strict=False) if n in UNITS), "")
            sure = start >= low and end <= high and start.startswith(period) and end.startswith(period)
            row = found.setdefault(key, [0, 0, 0])
            row[0] += 1
            row[1] += sure
            row[2] += best if sure else 0
    if not group:
        found.setdefault((), [0, 0, 0])
    return {key: (a, b, c) for key, (a, b, c) in found.items()}


def _values(event: dict[str, Any], name: str, query: dict[str, str], low: str, high: str) -> set[str]:
    if name in UNITS:
        start, end = oracle.span(event)
        days = range(
            date.fromisoformat(max(start, low)).toordinal(),
            date.fromisoformat(min(end, high)).toordinal() + 1,
        )
        return {date.fromordinal(day).isoformat()[: LENGTHS[name]] for day in days}
    if name == "country":
        wanted, roles = query.get("country"), query.get("country_role")
        return {
            c["code"]
            for c in event["countries"]
            if (not wanted or c["code"] in wanted.split(",")) and (not roles or c["role"] in roles.split(","))
        }
    if name == "actor":
        return {
            a["id"] for a in event["actors"] if "actor" not in query or a["id"] in query["actor"].split(",")
        }
    return {event[name]}


@pytest.mark.parametrize("part", range(4))
def test_a_row_counts_what_the_list_finds(world: TestClient, part: int) -> None:
    """Its values put into the filters of `/v1/events` find as many events."""
    random = Random(part)
    names = ("country", "country_role", "type", "status", "actor", "dataset")
    values = {
        "country": ["NE", "US", "VN"],
        "country_role": ["party", "location"],
        "type": ["RETREAT", "CONSULT", "PROTEST"],
        "status": ["occurred", "planned"],
        "actor": ["un", "niger"],
        "dataset": ["alpha"],
    }
    for _ in range(6):
        filters = {name: ",".join(values[name]) for name in random.sample(names, random.randrange(3))}
        unit, key = random.choice(("month", "year")), random.choice(KEYS)
        query = {**filters, "date_from": "2023-06-10", "date_to": "2024-05-10"}
        found = rows(world, urlencode({**query, "group": f"{key},{unit}"}))
        for row in random.sample(found, min(3, len(found))):
            here = {
                **query,
                key: row[key],
                "date_from": row["start"],
                "date_to": row["end"],
                "count": "exact",
            }
            for match in ("possible", "certain"):
                total = world.get("/v1/events", params={**here, "date_match": match, "limit": 1}).json()[
                    "total"
                ]
                assert row[match] == total, (query, row)


def test_a_year_is_possible_in_twelve_months_and_certain_in_none(client: TestClient, engine: Engine) -> None:
    load(engine, make.release(make.event("made.year", "2024", fatalities_best=5)))
    assert counts(rows(client, "group=year"), "year") == [("2024", 1, 1, 5)]
    months = rows(client, "group=month")
    assert counts(months, "month") == [(f"2024-{n:02}", 1, 0, 0) for n in range(1, 13)]
    assert (months[1]["start"], months[1]["end"]) == ("2024-02-01", "2024-02-29")
    assert counts(rows(client, "group=year&date_from=2024-02")) == [(1, 0, 0)]
    assert counts(rows(client, "date_from=2024&date_to=2024")) == [(1, 1, 5)]


def test_periods_are_cut_to_the_asked_range(client: TestClient, engine: Engine) -> None:
    load(engine, make.release(make.event("made.one", "2024-04-01/2024-04-19", fatalities_best=2)))
    (row,) = rows(client, "group=month&date_from=2024-04-05&date_to=2024-04-30")
    assert row == {"month": "2024-04", "start": "2024-04-05", "end": "2024-04-30"} | {
        "possible": 1,
        "certain": 0,
        "fatalities": 0,
    }
    assert counts(rows(client, "group=month&date_from=2024-04-01&date_to=2024-04-19")) == [(1, 1, 2)]


def test_open_ends_reach_as_far_as_what_is_known(client: TestClient, engine: Engine) -> None:
    since, until = make.event("made.since", "2024-03-05/.."), make.event("made.until", "../2024-02-10")
    load(engine, make.release(since, until, make.event("made.day", "2024-05-01")))
    shape = [("2024-02", 1, 0, 0), ("2024-03", 1, 0, 0), ("2024-04", 1, 0, 0), ("2024-05", 2, 1, 0)]
    assert counts(rows(client, "group=month"), "month") == shape
    assert counts(rows(client, "group=month&fill=zero"), "month") == shape
    later = counts(rows(client, "group=month&date_from=2024-06&date_to=2024-07"), "month")
    assert later == [("2024-06", 1, 0, 0), ("2024-07", 1, 0, 0)]
    assert counts(rows(client, "group=month&date_from=2030"), "month") == [("2030-01", 1, 0, 0)]
    assert counts(rows(client, "")) == [(3, 3, 0)]
    assert counts(rows(client, "date_from=0001&date_to=9999")) == [(3, 1, 0)]


def test_an_open_range_has_no_row_for_what_lies_before_it_in_its_first_month(
    client: TestClient, engine: Engine
) -> None:
    load(engine, make.release(make.event("made.day", "2024-04-10")))
    for ends, shown in (
        ("date_from=2024-04-11", []),
        ("date_to=2024-04-09", []),
        ("date_from=2024-04-11&date_to=2024-04-20", [("2024-04", 0, 0, 0)]),
        ("date_from=2024-04-10", [("2024-04", 1, 1, 0)]),
    ):
        assert counts(rows(client, f"group=month&{ends}&fill=zero"), "month") == shown
        assert counts(rows(client, f"group=month&{ends}"), "month") == [row for row in shown if row[1]]


def test_zero_fills_the_gaps_and_the_range(client: TestClient, engine: Engine) -> None:
    assert rows(client, "group=month&fill=zero") == []
    assert rows(client, "group=month") == []
    assert counts(rows(client, "")) == [(0, 0, 0)]
    empty = rows(client, "group=day&fill=zero&date_from=2024-02-28&date_to=2024-03-01")
    assert [row["day"] for row in empty] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    load(
        engine,
        make.release(make.event("made.a", "2023-11-30"), make.event("made.b", "2024-02-01", type="PROTEST")),
    )
    assert [row["month"] for row in rows(client, "group=month")] == ["2023-11", "2024-02"]
    filled = rows(client, "group=month&fill=zero")
    assert counts(filled, "month") == [
        ("2023-11", 1, 1, 0),
        ("2023-12", 0, 0, 0),
        ("2024-01", 0, 0, 0),
        ("2024-02", 1, 1, 0),
    ]
    by_type = rows(client, "group=type,month&fill=zero&date_from=2024-01&date_to=2024-02")
    assert counts(by_type, "month", "type") == [
        ("2024-01", "PROTEST", 0, 0, 0),
        ("2024-02", "PROTEST", 1, 1, 0),
    ]


def test_a_country_with_two_roles_counts_once(client: TestClient, engine: Engine) -> None:
    load(engine, make.release(make.event(countries=[("NE", "location"), ("NE", "party"), ("US", "party")])))
    assert counts(rows(client, "group=country"), "country", "country_name") == [
        ("NE", "Niger", 1, 1, 0),
        ("US", "United States", 1, 1, 0),
    ]
    assert counts(rows(client, "group=country&country_role=location"), "country") == [("NE", 1, 1, 0)]
    assert counts(rows(client, "group=country&country=US"), "country") == [("US", 1, 1, 0)]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("group=week", "group"),
        ("group=year,month", "group"),
        ("group=country,type,month", "group"),
        ("group=actor&fill=zero", "fill"),
        ("fill=zero", "fill"),
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("group=month&cursor=x", "cursor"),
        ("sort=date", "sort"),
        ("group=month&actor=nobody", "actor"),
        ("group=month&date_from=2024&date_to=2023", "date_to"),
        ("group=day&fill=zero&date_from=0002&date_to=9998", "group"),
        ("group=day&fill=zero&date_from=1900&date_to=2024", "group"),
    ],
)
def test_what_cannot_be_counted_is_refused(world: TestClient, query: str, parameter: str) -> None:
    check_problem(world.get(f"{PATH}?{query}"), 400, parameter)


def test_more_rows_than_the_limit_are_refused_never_cut(world: TestClient) -> None:
    for query in (
        "group=month&date_from=2023&date_to=2024",
        "group=type",
        "group=day,country&date_from=2024&date_to=2024",
    ):
        total = len(rows(world, query))
        assert len(rows(world, f"{query}&limit={total}")) == total
        for limit in (total - 1, 1):
            check_problem(world.get(f"{PATH}?{query}&limit={limit}"), 400, "group")


def test_what_makes_too_many_rows_is_not_read_to_its_end(
    worlds: dict[str, TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally_timelines, "_CUT_AWAY", 0)
    monkeypatch.setattr(stats, "timeline", None)
    for client, query in product(worlds.values(), ("group=day", "group=day,country&date_from=2001")):
        check_problem(client.get(f"{PATH}?{query}&limit=2"), 400, "group")


def test_rows_are_what_their_schema_writes(worlds: dict[str, TestClient]) -> None:
    """They are put together from parts; the bytes are those that the published type makes of the same values."""
    published = TypeAdapter(schemas.StatsRow)
    for group, asked in product(GROUPS, RANGES[:2]):
        for client in worlds.values():
            body = client.get(f"{PATH}?{asked}" + (f"&group={group}" if group else "")).content
            items = json.loads(body)["items"]
            written = b",".join(map(published.dump_json, map(published.validate_python, items)))
            assert body.startswith(b'{"items":[' + written + b'],"next":null,'), (group, asked)


def test_names_are_written_as_json(client: TestClient, engine: Engine) -> None:
    """Also those that JSON has to escape."""
    title = 'A 100 % "so-called" \\ \u20ac \u2028 title, %d'
    load(engine, make.release(make.event("made.one"), dataset=make.dataset(title=title)))
    (row,) = rows(client, "group=dataset")
    assert row["dataset_name"] == title

"""The seed as the served API tells it: what a careful reader of the article would check."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

Story = Mapping[str, Mapping[str, Any]]

NIAMEY = {
    "name": "Niamey",
    "admin1": None,
    "country": "NE",
    "latitude": 13.51,
    "longitude": 2.11,
    "precision": "city",
}
SOMEWHERE_IN_NIGER = {
    "name": "Niger",
    "admin1": None,
    "country": "NE",
    "latitude": None,
    "longitude": None,
    "precision": "country",
}

# "Friday" is 2024-04-19. Acts without a date end on it; those of the military government start with the coup's year.
EVENTS = """
    us-agrees-to-withdraw                     CONCEDE   -            occurred 2024-04-19             day
    us-resists-withdrawal                     REJECT    yield        occurred 2023/2024-04-19        range
    us-forces-to-leave                        RETREAT   withdraw     planned  2024-04-20/..          open
    us-air-base-in-niger                      COOPERATE -            ongoing  /2024-04-19            open
    niger-coup                                COERCE    -            occurred 2023                   year
    military-government-set-up                COERCE    martial-law  occurred 2023                   year
    us-presence-declared-illegal              ACCUSE    allege       occurred 2023/2024-04-19        range
    prime-minister-requests-withdrawal        REQUEST   yield        occurred 2023/2024-04-19        range
    campbell-lamine-zein-meeting              CONSULT   -            occurred 2024-04-19             day
    withdrawal-talks                          CONSULT   -            planned  2024-04-20/..          open
    us-team-to-niamey                         CONSULT   visit        planned  2024-04-20/..          open
    us-suspends-security-cooperation          SANCTION  discontinue  occurred 2023/2024-04-19        range
    whistleblower-complaint                   ACCUSE    allege       occurred 2023/2024-04-19        range
    sahel-becomes-hotspot                     ASSAULT   -            ongoing  /2024-04-19            open
    attacks-rise-in-niger                     ASSAULT   -            occurred 2023/2024-04-19        range
    us-deployment-in-niger                    MOBILIZE  troops       ongoing  /2024-04-19            open
    us-drone-flights                          COOPERATE -            occurred /2023                  open
    joint-patrols                             COOPERATE -            occurred /2023                  open
    us-niger-tense-meetings                   CONSULT   -            occurred 2023/2024-03           range
    notice-to-leave                           REQUEST   yield        occurred 2024-03                month
    niger-accuses-us-of-dictating-ties        ACCUSE    allege       occurred 2023/2024-04-19        range
    us-urges-return-to-democracy              REQUEST   change       occurred 2023/2024-04-19        range
    russian-trainers-arrive                   AID       -            occurred 2024-04-08/2024-04-14  week
    russian-training-and-air-defence          AID       -            planned  2024-04-20/..          open
    niger-assures-us-on-trainers              AGREE     -            occurred 2023/2024-04-19        range
    niamey-demonstration                      PROTEST   demo         occurred 2024-04-13/2024-04-14  range
    prime-minister-values-partnership         SUPPORT   -            alleged  2023/2024-04-19        range
    french-forces-made-to-leave               SANCTION  expel        occurred /2024-03               open
    french-counter-terrorism-operations       ASSAULT   -            occurred 2014~/2024-04-19       range
    us-rules-out-french-style-exit            REJECT    -            occurred 2024-04-19?            day
    us-reservations-about-military-government ACCUSE    disapprove   occurred 2024-04-19?            day
    vague-commitment-on-elections             AGREE     -            alleged  2023/2024-04-19        range
    us-concern-over-turn-to-moscow            ACCUSE    disapprove   ongoing  /2024-04-19            open
"""
IDS = [line.split()[0] for line in EVENTS.strip().splitlines()]

NOT_REPORTED_ON = (7, 13, 19, 24, 25)  # three links to other stories, and the comment form


@pytest.fixture(scope="session")
def story(seeded: TestClient) -> Story:
    """Every event with its evidence, by the id that it has in the dossier."""
    listed = seeded.get("/v1/events", params={"limit": 1000}).json()
    assert listed["next"] is None
    ids = [event["id"] for event in listed["items"]]
    return {_local(key): seeded.get(f"/v1/events/{key}").json() for key in ids}


def _local(event_id: str) -> str:
    return event_id.removeprefix("niger-2024.")


def _found(client: TestClient, **query: Any) -> set[str]:
    answer = client.get("/v1/events", params={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    return {_local(event["id"]) for event in answer.json()["items"]}


def _countries(event: Mapping[str, Any], role: str | None = None) -> set[str]:
    return {entry["code"] for entry in event["countries"] if role in (None, entry["role"])}


def _actors(event: Mapping[str, Any], role: str | None = None) -> set[str]:
    return {entry["id"] for entry in event["actors"] if role in (None, entry["role"])}


def _evidence(event: Mapping[str, Any], field: str | None) -> list[Mapping[str, Any]]:
    return [row for row in event["evidence"] if row["field"] == field]


def _figure(event: Mapping[str, Any], measure: str) -> tuple[Any, Any, Any, str]:
    (figure,) = [figure for figure in event["figures"] if figure["measure"] == measure]
    return figure["low"], figure["best"], figure["high"], figure["unit"]


def _texts(event: Mapping[str, Any]) -> Iterator[str]:
    """All that is written about an event, but for its evidence."""
    yield from (event["title"], event["summary"])
    yield from (text for told in event["translations"].values() for text in told.values())
    yield from (entry["name"] for entry in (*event["countries"], *event["actors"]))


# Every event


def test_the_article_tells_these_events_and_no_other(story: Story) -> None:
    assert sorted(story) == sorted(IDS)


@pytest.mark.parametrize("line", EVENTS.strip().splitlines(), ids=IDS)
def test_each_event_is_dated_only_as_precisely_as_the_text_allows(story: Story, line: str) -> None:
    name, event_type, mode, status, edtf, precision = line.split()
    event = story[name]
    assert (event["type"], event["mode"] or "-", event["status"]) == (event_type, mode, status)
    assert (event["date"]["edtf"], event["date"]["precision"]) == (edtf, precision)


@pytest.mark.parametrize("name", IDS)
def test_each_event_has_a_passage_that_reports_it_and_a_reason_for_its_date(story: Story, name: str) -> None:
    whole = _evidence(story[name], None)
    assert whole
    assert all(row["paragraph"] and row["start"] is not None for row in whole)
    dates = _evidence(story[name], "date")
    assert dates
    assert all(row["start"] is not None and row["note"] for row in dates)


@pytest.mark.parametrize("name", IDS)
def test_each_event_is_told_in_english_and_vietnamese(story: Story, name: str) -> None:
    event = story[name]
    vietnamese = event["translations"]["vi"]
    assert event["summary"]
    assert vietnamese["summary"]
    for title in (event["title"], vietnamese["title"]):
        assert 0 < len(title) <= 90
        assert not title.endswith(".")
    assert vietnamese["title"] != event["title"]


@pytest.mark.parametrize("name", IDS)
def test_each_passage_lies_in_the_report_and_is_not_passed_on(story: Story, name: str) -> None:
    for row in story[name]["evidence"]:
        assert row["source"] == "vietnamese-web-page"
        assert row["paragraph"] not in NOT_REPORTED_ON
        assert 0 <= row["start"] < row["end"] <= 6062
        assert len(row["passage_sha256"]) == 64
        assert row["quote"] is None
        assert row["reported"] is None or len(row["reported"]) <= 40


@pytest.mark.parametrize("name", IDS)
def test_each_event_goes_back_to_one_origin(story: Story, name: str) -> None:
    assert [source["id"] for source in story[name]["sources"]] == ["vietnamese-web-page"]
    assert story[name]["independent_origins"] == 1


# The traps of the translation


@pytest.mark.parametrize("name", IDS)
def test_no_event_has_nigeria_in_any_role_place_or_text(story: Story, name: str) -> None:
    event = story[name]
    assert "NG" not in _countries(event)
    assert event["place"] is None or event["place"]["country"] != "NG"
    assert not any("Nigeria" in text for text in _texts(event))


@pytest.mark.parametrize("code", ["NG", "NGA", "566", "ng"])
def test_asking_for_nigeria_finds_nothing(seeded: TestClient, code: str) -> None:
    answer = seeded.get("/v1/events", params={"country": code, "count": "exact"}).json()
    assert answer == {"items": [], "next": None, "total": 0, "total_is_exact": True}
    assert seeded.get("/v1/actors", params={"country": code}).json()["items"] == []


def test_al_qaeda_is_no_actor_and_in_no_text(seeded: TestClient, story: Story) -> None:
    actors = seeded.get("/v1/actors", params={"limit": 1000}).json()["items"]
    named = [name for actor in actors for name in (*actor["names"].values(), *actor["aliases"])]
    assert named
    assert not any("qaeda" in name.lower() for name in named)
    assert not any("qaeda" in text.lower() for event in story.values() for text in _texts(event))
    assert _found(seeded, q="qaeda") == set()


@pytest.mark.parametrize(
    ("name", "field", "reported", "paragraph"),
    [
        ("campbell-lamine-zein-meeting", "countries", "Nigeria", 5),
        ("joint-patrols", "countries", "Nigeria", 11),
        ("russian-training-and-air-defence", "actors", "Nigeria", 15),
        ("us-air-base-in-niger", "actors", "Al Qaeda", 10),
        ("us-deployment-in-niger", "summary", "hầu hết nhân viên", 11),
        ("us-deployment-in-niger", "actors", "Quân đội", 11),
        ("notice-to-leave", "type", "Thông báo sơ tán", 12),
    ],
)
def test_a_misreading_of_the_page_is_kept_as_corrected(
    story: Story, name: str, field: str, reported: str, paragraph: int
) -> None:
    rows = [row for row in _evidence(story[name], field) if row["reported"] == reported]
    assert [(row["stance"], row["paragraph"]) for row in rows] == [("corrected", paragraph)]
    assert rows[0]["note"]


def test_nothing_else_is_corrected_and_nothing_disputed(story: Story) -> None:
    stances = [row["stance"] for event in story.values() for row in event["evidence"]]
    assert stances.count("corrected") == 7
    assert stances.count("disputes") == 0


def test_the_prime_minister_the_forces_and_the_television_are_those_of_niger(
    seeded: TestClient, story: Story
) -> None:
    for actor in ("ali-lamine-zein", "niger-armed-forces", "niger-state-television"):
        assert seeded.get(f"/v1/actors/{actor}").json()["country"] == "NE"
    assert "ali-lamine-zein" in _actors(story["campbell-lamine-zein-meeting"], "participant")
    assert "niger-armed-forces" in _actors(story["joint-patrols"], "recipient")
    assert "niger-state-television" in _actors(story["russian-training-and-air-defence"], "mentioned")


def test_the_reporters_desks_are_no_part_of_any_event(seeded: TestClient, story: Story) -> None:
    for event in story.values():
        assert not {"IT", "SN"} & _countries(event)
        assert event["place"] is None or event["place"]["country"] == "NE"
    assert _found(seeded, country="IT,SN") == set()


def test_the_other_stories_that_the_page_links_to_are_not_told(seeded: TestClient) -> None:
    for word in ("Starmer", "Sunak", "Austin", "Ukraine", "Ukraina"):
        assert _found(seeded, q=word) == set()
    assert _found(seeded, country="GB,UA") == set()


# Fact by fact, in the order of the article


def test_on_that_friday_washington_tells_niger_that_it_agrees_to_leave(story: Story) -> None:
    event = story["us-agrees-to-withdraw"]
    assert event["date"] == {
        "edtf": "2024-04-19",
        "start": "2024-04-19",
        "end": "2024-04-19",
        "precision": "day",
    }
    assert event["place"] is None
    assert _actors(event, "initiator") == {"us-government"}
    assert _actors(event, "recipient") == {"niger-military-government"}
    assert _countries(event, "party") == {"US", "NE"}
    assert _evidence(event, None)[0]["attributed_to"] == "three US officials"
    assert _evidence(event, "date")[0]["reported"] == "thứ Sáu"


@pytest.mark.parametrize("name", ["us-agrees-to-withdraw", "us-forces-to-leave", "us-deployment-in-niger"])
def test_more_than_a_thousand_troops_is_a_least_number_only(story: Story, name: str) -> None:
    assert _figure(story[name], "troops") == (1000, None, None, "persons")
    (row,) = _evidence(story[name], "figures.troops")
    assert row["reported"] == "hơn 1.000 quân"


def test_the_withdrawal_itself_lies_ahead(story: Story) -> None:
    event = story["us-forces-to-leave"]
    assert event["status"] == "planned"
    assert event["place"] == SOMEWHERE_IN_NIGER
    assert _actors(event, "initiator") == {"us-forces-in-niger"}


def test_the_air_base_cost_110_million_dollars_and_worked_for_six_years(story: Story) -> None:
    event = story["us-air-base-in-niger"]
    assert _figure(event, "base_cost") == (None, 110_000_000, None, "USD")
    assert _figure(event, "years_in_operation") == (None, 6, None, "years")


def test_the_air_base_is_somewhere_in_niger_and_has_no_point(story: Story) -> None:
    assert story["us-air-base-in-niger"]["place"] == SOMEWHERE_IN_NIGER


def test_the_coup_is_of_2023_and_no_day_is_made_up(story: Story) -> None:
    event = story["niger-coup"]
    assert event["date"] == {
        "edtf": "2023",
        "start": "2023-01-01",
        "end": "2023-12-31",
        "precision": "year",
    }
    assert _evidence(event, "date")[0]["reported"] == "năm ngoái"
    assert _actors(event, "recipient") == {"niger-elected-government"}


def test_the_military_government_calls_the_american_presence_illegal(story: Story) -> None:
    event = story["us-presence-declared-illegal"]
    assert _actors(event, "initiator") == {"niger-military-government"}
    assert _evidence(event, None)[0]["reported"] == "bất hợp pháp"


def test_the_prime_minister_asked_for_the_withdrawal_as_a_state_department_official_says(
    story: Story,
) -> None:
    event = story["prime-minister-requests-withdrawal"]
    assert _actors(event, "initiator") == {"ali-lamine-zein"}
    said_by = {row["attributed_to"] for row in _evidence(event, None)}
    assert said_by == {"three US officials", "a senior State Department official, speaking anonymously"}


def test_campbell_and_the_prime_minister_met_on_that_friday_nobody_says_where(story: Story) -> None:
    event = story["campbell-lamine-zein-meeting"]
    assert event["date"]["edtf"] == "2024-04-19"
    assert event["place"] is None
    assert _actors(event) == _actors(event, "participant") == {"kurt-campbell", "ali-lamine-zein"}
    assert [(c["code"], c["role"]) for c in event["countries"]] == [("NE", "party"), ("US", "party")]


def test_exactly_four_events_are_planned_and_all_start_after_that_friday(story: Story) -> None:
    planned = {name: event["date"] for name, event in story.items() if event["status"] == "planned"}
    assert set(planned) == {
        "us-forces-to-leave",
        "withdrawal-talks",
        "us-team-to-niamey",
        "russian-training-and-air-defence",
    }
    assert {(date["start"], date["end"]) for date in planned.values()} == {("2024-04-20", None)}


def test_the_talks_are_to_start_within_days(story: Story) -> None:
    event = story["withdrawal-talks"]
    assert _actors(event, "participant") == {"us-government", "niger-military-government"}
    assert _evidence(event, "date")[0]["reported"] == "trong vòng vài ngày"


def test_people_may_be_sent_to_niamey(story: Story) -> None:
    event = story["us-team-to-niamey"]
    assert event["place"] == NIAMEY
    assert _evidence(event, "status")[0]["reported"] == "Có lẽ"


def test_washington_suspended_security_cooperation(story: Story) -> None:
    event = story["us-suspends-security-cooperation"]
    assert _actors(event, "initiator") == {"us-government"}
    assert _actors(event, "recipient") == {"niger-military-government"}


def test_service_members_complain_about_the_embassy(story: Story) -> None:
    event = story["whistleblower-complaint"]
    assert _actors(event, "initiator") == set(), "who filed it is not said"
    assert _actors(event, "recipient") == {"us-embassy-in-niger"}
    assert _evidence(event, None)[0]["attributed_to"] == "a recent whistleblower complaint"


def test_the_sahel_became_a_hotspot_in_mali_and_burkina_faso(story: Story) -> None:
    event = story["sahel-becomes-hotspot"]
    assert _countries(event, "location") == {"ML", "BF"}
    assert event["place"] is None, "a region of many countries is no place"
    assert event["date"]["start"] is None, "recent years have no first year"


def test_attacks_in_niger_rose_after_the_coup(story: Story) -> None:
    event = story["attacks-rise-in-niger"]
    assert (event["date"]["start"], event["date"]["end"]) == ("2023-01-01", "2024-04-19")
    assert event["place"] == SOMEWHERE_IN_NIGER
    assert event["fatalities"] is None
    assert event["figures"] == []
    assert _actors(event, "initiator") == {"sahel-extremist-groups"}


def test_the_pentagon_sent_mostly_airmen_and_soldiers_for_years(story: Story) -> None:
    event = story["us-deployment-in-niger"]
    assert _actors(event, "initiator") == {"us-department-of-defense"}
    assert {"us-air-force", "us-army"} <= _actors(event, "participant")
    assert event["date"]["start"] is None


@pytest.mark.parametrize("name", ["us-drone-flights", "joint-patrols"])
def test_patrols_and_drone_flights_end_with_the_coups_year(story: Story, name: str) -> None:
    date = story[name]["date"]
    assert (date["start"], date["end"], date["precision"]) == (None, "2023-12-31", "open")
    assert _countries(story[name]) == {"US", "NE"}


def test_tense_meetings_came_before_the_notice(story: Story) -> None:
    meetings, notice = story["us-niger-tense-meetings"], story["notice-to-leave"]
    assert meetings["date"]["end"] == notice["date"]["end"] == "2024-03-31"
    assert meetings["place"] is None
    assert {"us-department-of-state", "us-department-of-defense"} <= _actors(meetings, "participant")


def test_niger_gave_notice_to_leave_in_march(story: Story) -> None:
    event = story["notice-to-leave"]
    assert event["date"] == {
        "edtf": "2024-03",
        "start": "2024-03-01",
        "end": "2024-03-31",
        "precision": "month",
    }
    assert _actors(event, "initiator") == {"niger-military-government"}
    assert _actors(event, "recipient") == {"us-government"}


def test_nigers_leaders_accuse_the_americans_of_dictating_ties_with_iran_and_russia(story: Story) -> None:
    event = story["niger-accuses-us-of-dictating-ties"]
    assert _countries(event, "mentioned") == {"IR", "RU"}
    assert _evidence(event, None)[0]["attributed_to"] == "Niger's leaders"


def test_american_officials_urged_a_return_to_democracy(story: Story) -> None:
    event = story["us-urges-return-to-democracy"]
    assert _actors(event, "initiator") == {"us-government"}
    assert "pro_democracy" in event["contexts"]


def test_at_least_100_russian_trainers_came_to_niamey_in_the_week_before(story: Story) -> None:
    event = story["russian-trainers-arrive"]
    assert event["date"] == {
        "edtf": "2024-04-08/2024-04-14",
        "start": "2024-04-08",
        "end": "2024-04-14",
        "precision": "week",
    }
    assert event["place"] == NIAMEY
    assert _figure(event, "trainers") == (100, None, None, "persons")
    assert _countries(event, "party") == {"RU", "NE"}


def test_state_television_says_that_the_trainers_will_bring_air_defence(story: Story) -> None:
    event = story["russian-training-and-air-defence"]
    assert event["status"] == "planned"
    assert _evidence(event, None)[0]["attributed_to"] == "reports on Niger's state television"


def test_the_military_government_assures_that_the_trainers_will_leave(story: Story) -> None:
    event = story["niger-assures-us-on-trainers"]
    assert _actors(event, "initiator") == {"niger-military-government"}
    assert _actors(event, "recipient") == {"us-government"}
    doubt = _evidence(event, "summary")[0]
    assert doubt["attributed_to"] == "a State Department official"


def test_hundreds_demonstrated_in_niamey_on_the_weekend_before(story: Story) -> None:
    event = story["niamey-demonstration"]
    assert (event["date"]["start"], event["date"]["end"]) == ("2024-04-13", "2024-04-14")
    assert event["place"] == NIAMEY
    assert _figure(event, "demonstrators") == (200, None, 999, "persons")


def test_what_the_prime_minister_said_of_the_partnership_is_known_from_the_americans_only(
    story: Story,
) -> None:
    event = story["prime-minister-values-partnership"]
    assert event["status"] == "alleged"
    assert _actors(event, "initiator") == {"ali-lamine-zein"}
    assert {row["attributed_to"] for row in event["evidence"]} == {"a senior State Department official"}


def test_niger_had_made_the_french_leave_before(story: Story) -> None:
    event = story["french-forces-made-to-leave"]
    assert _actors(event, "initiator") == {"niger"}
    assert _actors(event, "recipient") == {"french-forces"}
    assert (event["date"]["start"], event["date"]["end"]) == (None, "2024-03-31")


def test_the_french_led_operations_in_the_region_for_about_a_decade(story: Story) -> None:
    event = story["french-counter-terrorism-operations"]
    assert event["date"]["edtf"] == "2014~/2024-04-19"
    assert _countries(event, "location") == set(), "which countries is not said"


def test_american_officials_rule_out_an_exit_like_the_french_one(story: Story) -> None:
    event = story["us-rules-out-french-style-exit"]
    assert _countries(event, "mentioned") == {"NE", "FR"}
    assert _evidence(event, None)[0]["attributed_to"] == "US officials"


def test_the_commitment_to_elections_is_known_from_the_americans_only(story: Story) -> None:
    event = story["vague-commitment-on-elections"]
    assert event["status"] == "alleged"
    assert {row["attributed_to"] for row in event["evidence"]} == {"US officials"}


def test_only_what_happened_in_niamey_has_a_point(seeded: TestClient, story: Story) -> None:
    on_the_map = {"us-team-to-niamey", "russian-trainers-arrive", "niamey-demonstration"}
    placed = {name: event["place"] for name, event in story.items() if event["place"] is not None}
    assert {name for name, place in placed.items() if place["latitude"] is not None} == on_the_map
    assert all(placed[name] == NIAMEY for name in on_the_map)
    assert all(place == SOMEWHERE_IN_NIGER for name, place in placed.items() if name not in on_the_map)
    assert _found(seeded, bbox="0,11,17,24") == on_the_map


def test_no_death_is_reported(seeded: TestClient, story: Story) -> None:
    assert all(event["fatalities"] is None for event in story.values())
    assert _found(seeded, fatalities_min=0) == set()


# Who, and from where


@pytest.mark.parametrize(
    ("actor", "kind", "country", "parent"),
    [
        ("us-government", "government", "US", "united-states"),
        ("us-department-of-state", "government", "US", "us-government"),
        ("us-department-of-defense", "government", "US", "us-government"),
        ("us-embassy-in-niger", "government", "US", "us-department-of-state"),
        ("kurt-campbell", "person", "US", "us-department-of-state"),
        ("us-forces-in-niger", "armed_forces", "US", "us-armed-forces"),
        ("niger-military-government", "government", "NE", "niger"),
        ("ali-lamine-zein", "person", "NE", "niger-military-government"),
        ("niger-armed-forces", "armed_forces", "NE", "niger"),
        ("niger-state-television", "media", "NE", "niger"),
        ("niamey-demonstrators", "population", "NE", None),
        ("russian-military-trainers", "armed_forces", "RU", "russia"),
        ("french-forces", "armed_forces", "FR", "france"),
        ("sahel-extremist-groups", "armed_group", None, None),
    ],
)
def test_who_takes_part(
    seeded: TestClient, actor: str, kind: str, country: str | None, parent: str | None
) -> None:
    told = seeded.get(f"/v1/actors/{actor}").json()
    assert (told["kind"], told["country"], told["parent"]) == (kind, country, parent)
    assert set(told["names"]) == {"en", "vi"}


def test_the_vietnamese_page_derives_from_the_washington_post(seeded: TestClient) -> None:
    page = seeded.get("/v1/sources/vietnamese-web-page").json()
    assert (page["language"], page["lineage"]) == ("vi", "derived")
    assert page["derived_from"] == "washington-post-2024-04-19"
    assert page["text_length"] == 6062
    assert page["text_sha256"].startswith("21ccb66a")
    assert page["published"] is page["publisher"] is page["url"] is None
    assert "inferred" in page["note"]
    assert "2024-04-19" in page["note"]


def test_the_washington_post_report_is_the_origin_and_names_its_contributors(seeded: TestClient) -> None:
    report = seeded.get("/v1/sources/washington-post-2024-04-19").json()
    assert (report["language"], report["lineage"], report["derived_from"]) == ("en", "original", None)
    assert report["publisher"] == "The Washington Post"
    assert report["authors"] == ["Dan Lamothe", "Rachel Chasson"]
    assert report["published"] == "2024-04-19?", "the day is inferred"
    assert report["text_sha256"] is None


def test_the_dataset_counts_its_events_and_knows_what_they_cover(seeded: TestClient) -> None:
    dataset = seeded.get("/v1/datasets/niger-2024").json()
    assert dataset["events"] == len(IDS) == 33
    assert dataset["coverage"] == {"start": "2014-01-01", "end": "2024-04-19"}
    assert set(dataset["titles"]) == {"en", "vi"}
    assert dataset["last_load"]["outcome"] == "succeeded"


# What a reader asks


def test_six_events_of_niger_surely_happened_in_april_2024(seeded: TestClient) -> None:
    asked = {"country": "NE", "date_from": "2024-04", "date_to": "2024-04", "date_match": "certain"}
    assert _found(seeded, **asked) == {
        "us-agrees-to-withdraw",
        "campbell-lamine-zein-meeting",
        "russian-trainers-arrive",
        "niamey-demonstration",
        "us-rules-out-french-style-exit",
        "us-reservations-about-military-government",
    }


def test_all_but_what_was_over_by_march_may_belong_to_april_2024(seeded: TestClient) -> None:
    over = {
        "niger-coup",
        "military-government-set-up",
        "us-drone-flights",
        "joint-patrols",
        "us-niger-tense-meetings",
        "notice-to-leave",
        "french-forces-made-to-leave",
    }
    assert _found(seeded, country="NE", date_from="2024-04", date_to="2024-04") == set(IDS) - over


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"country": "RU", "country_role": "party"}, "russian-trainers-arrive russian-training-and-air-defence"),
        ({"country": "RU", "country_role": "mentioned"},
         "niger-assures-us-on-trainers niger-accuses-us-of-dictating-ties us-concern-over-turn-to-moscow"),
        ({"country": "IR"}, "niger-accuses-us-of-dictating-ties"),
        (
            {"country": "FR"},
            "french-forces-made-to-leave french-counter-terrorism-operations us-rules-out-french-style-exit",
        ),
        ({"country": "ML"}, "sahel-becomes-hotspot"),
        ({"country": "BF", "country_role": "location"}, "sahel-becomes-hotspot"),
        ({"country": "RU", "country_role": "location"}, ""),
        ({"type": "PROTEST"}, "niamey-demonstration"),
        ({"status": "alleged"}, "prime-minister-values-partnership vague-commitment-on-elections"),
        ({"actor": "kurt-campbell"}, "campbell-lamine-zein-meeting"),
        ({"q": "bieu tinh"}, "niamey-demonstration"),
        ({"q": "biểu tình Niamey"}, "niamey-demonstration"),
        ({"q": "dao chinh lat do"}, "niger-coup"),
        ({"date_to": "2023", "date_match": "certain", "country": "NE", "type": "COERCE"},
         "niger-coup military-government-set-up"),
        ({"date_from": "2024-03", "date_to": "2024-03", "date_match": "certain"}, "notice-to-leave"),
    ],
)  # fmt: skip
def test_what_a_reader_asks_is_answered(seeded: TestClient, query: dict[str, str], expected: str) -> None:
    assert _found(seeded, **query) == set(expected.split())


@pytest.mark.parametrize("code", ["NE", "NER", "562", "ne"])
def test_every_event_concerns_niger(seeded: TestClient, code: str) -> None:
    assert _found(seeded, country=code) == set(IDS)

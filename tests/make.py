"""Records for tests: the smallest valid ones, and whole worlds of synthetic events that tie as often as they can."""

from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest.mock import Mock, patch

from sqlalchemy import Engine

from app import codes, edtf
from app.importers.load import load
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
from tests.parts import events_of, release_of, replace

_FACTS = set(EventFacts._fields)


def dataset(id: str = "made", **changes: Any) -> DatasetRecord:  # noqa: A002
    """A dataset record."""
    given = {"kind": "dossier", "title": id.title(), "titles": {"en": id.title()}, "version": "1"}
    return DatasetRecord(**{"id": id, "licence": "CC0-1.0", "citation": "None", **given, **changes})


def source(id: str = "paper", **changes: Any) -> SourceRecord:  # noqa: A002
    """A source record."""
    return SourceRecord(**{"id": id, "kind": "article", "title": id.title(), **changes})


def actor(id: str = "someone", **changes: Any) -> ActorRecord:  # noqa: A002
    """An actor record."""
    name = changes.get("name", id.title())
    return ActorRecord(**{"id": id, "kind": "person", "name": name, "names": {"en": name}, **changes})


def evidence(source_id: str = "paper", **changes: Any) -> EvidenceRecord:
    """Evidence that the source reports the event, without a passage."""
    return EvidenceRecord(**{"source_id": source_id, **changes})


def event(id: str = "made.one", date: str = "2024-04-19", **changes: Any) -> EventRecord:  # noqa: A002
    """An event record on an EDTF `date`; changes may name fields of the record and of its facts."""
    when = edtf.parse(date)
    facts: dict[str, Any] = {
        "type": "CONSULT",
        "status": "occurred",
        "title": "Something happened",
        "translations": {},
        "date_edtf": when.text,
        "date_start": when.start,
        "date_end": when.end,
        "date_precision": when.precision,
    }
    facts |= {name: changes.pop(name) for name in list(changes) if name in _FACTS}
    return EventRecord(**{"id": id, "facts": EventFacts(**facts), "evidence": [evidence()], **changes})


def release(*events: EventRecord, **changes: Any) -> Release:
    """A release of these events; without changes, its one source is `paper`."""
    given = {"dataset": dataset(), "file": "made.yaml", "file_sha256": "0" * 64}
    return release_of(**{**given, "sources": [source()], "actors": [], "events": events, **changes})


SOURCES = (
    source("wire", lineage="original", language="en", published="2024-04-19", publisher="A wire"),
    source("wire-vi", lineage="derived", derived_from="wire", language="vi", title="Bản dịch tiếng Việt"),
    source("wire-vi-copy", lineage="derived", derived_from="wire-vi", language="vi", kind="social_media"),
    source("daily", lineage="original", language="fr", kind="report", authors=("A. Müller", "Đỗ Thị Ba")),
    source("rumour", kind="other"),
    source("broadcast", kind="broadcast", language="en", text_sha256="a" * 64, text_length=5000),
)

ACTORS = (
    actor("niger", kind="state", name="Niger", country_code="NE"),
    actor(
        "niger-government",
        kind="government",
        name="Government of Niger",
        country_code="NE",
        parent_id="niger",
    ),
    actor(
        "niger-army",
        kind="armed_forces",
        name="Armed Forces of Niger",
        names={"en": "Armed Forces of Niger", "vi": "Quân đội Niger"},
        country_code="NE",
        parent_id="niger-government",
        aliases=("FAN", "100% Sahel_Force"),
    ),
    actor("zodiac", kind="armed_group", name="Zódiac Front", aliases=("Mặt trận Hoàng Đạo",)),
    actor("un", kind="organisation", name="United Nations"),
    actor("do-ba", name="Đỗ Bá", country_code="VN", names={"en": "Đỗ Bá", "zh": "杜伯"}),
    actor("farmers", kind="population", name="Farmers", country_code="FR"),
    actor("state-tv", kind="media", name="State Television", country_code="RU"),
)

_DATES = (
    *("2024-04-19", "2024-04-19", "2024-04-20", "2024-02-29", "2023-12-31", "2024-01-01", "1999-12-31?"),
    *(
        "2024-04-08/2024-04-14",
        "2024-04-15/2024-04-21",
        "2024-04",
        "2023-12",
        "2024-04~",
        "2023",
        "2024",
        "2019",
    ),
    *(
        "2023-06/2024-03",
        "2024-04-10/2024-04-20",
        "2019/2024",
        "2016-01/2022-08-15",
        "201X",
        "2024-21",
        "2023-24",
    ),
    *("2023-07-26/..", "../2022", "../2024-04-19", "2024-04-19/", "0002/9998"),
)
_LATER = ("2024-05-06", "2024-05", "2024-05/..", "2025", "2024-06-01/2025-03-31")

_PLACES: tuple[tuple[str | None, str | None, str | None, float | None, float | None, str | None], ...] = (
    (None, None, None, None, None, None),
    ("Niamey", None, "NE", 13.51, 2.11, "city"),
    ("Agadez", "Agadez Region", "NE", None, None, "admin1"),
    (None, None, "US", None, None, "country"),
    ("Hà Nội", None, "VN", 21.03, 105.85, "city"),
    ("Điện Biên Phủ", "Điện Biên", "VN", 21.39, 103.02, "near"),
    ("Taveuni", None, "FJ", -16.85, -179.97, "site"),
    ("Suva", None, "FJ", -18.14, 178.44, "city"),
    ("The date line", None, None, 0.0, 180.0, "international"),
    ("The date line again", None, None, 0.0, -180.0, "international"),
    ("South Pole", None, None, -90.0, 0.0, "site"),
    ("Łódź", None, None, 51.77, 19.46, "area"),
)

_WORDS = (
    *(
        "Quân đội",
        "Điện Biên",
        "rút quân",
        "Army",
        "ARMY",
        "army",
        "talks",
        "Đàm phán",
        "Łódź",
        "Müller",
        "STRASSE",
    ),
    *(
        "Straße",
        "São Tomé",
        "北京",
        "会谈",
        "東京",
        "Ελλάδα",
        "Москва",
        "na\u0308ive",
        "e\u0301lan",
        "100%",
        "a_b",
        "don't",
    ),
    *("(draft)", '"quoted"', "AND", "NOT", "NEAR", "2024", "F-16"),
)

_DEATHS = (*(None,) * 4, (0, 0, 0), (1, 3, 9), (2, 3, 3), (None, 12, None), (4, None, None), (9, 3, 1))
_COUNTRIES = ("NE", "NE", "US", "RU", "FR", "NG", "VN", "FJ", "XK")
_CONTEXTS = ("military", "diplomatic", "economic", "terrorism", "cyber")
_PASSAGE = {"paragraph": 3, "passage_start": 10, "passage_end": 20, "passage_sha256": "b" * 64}


def world(seed: int, n: int, name: str = "world") -> Release:
    """A dataset of `n` events, always the same for a seed; 90 of them have every type, mode and precision."""
    random = Random(seed)
    modes = [(mode.parent, mode.code) for mode in codes.lists()["mode"]]
    kinds = [*modes, *((kind, None) for kind in codes.values("event_type"))]
    random.shuffle(kinds)
    events = [_synthetic(random, f"{name}.e{i}", *kinds[i % len(kinds)], i) for i in range(n)]
    return release(*events, dataset=dataset(name), sources=SOURCES, actors=ACTORS)


def _synthetic(random: Random, event_id: str, kind: str | None, mode: str | None, i: int) -> EventRecord:
    planned = random.random() < 0.15
    place = random.choice(_PLACES)
    deaths = random.choice(_DEATHS) or (None, None, None)
    return event(
        event_id,
        random.choice(_LATER) if planned else _DATES[i % len(_DATES)],
        type=kind,
        mode=mode,
        status="planned" if planned else random.choice(("occurred", "occurred", "ongoing", "alleged")),
        title=_text(random, 3),
        summary=_text(random, 6) if random.random() < 0.7 else None,
        translations={"vi": {"title": _text(random, 3), "summary": None}} if random.random() < 0.5 else {},
        **dict(
            zip(
                ("place_name", "place_admin1", "place_country", "latitude", "longitude", "place_precision"),
                place,
                strict=True,
            )
        ),
        **dict(zip(("fatalities_low", "fatalities_best", "fatalities_high"), deaths, strict=True)),
        figures=[{"measure": "troops", "low": 1000, "best": 1000.5, "high": None, "unit": "persons"}][
            : i % 2
        ],
        contexts=random.sample(_CONTEXTS, random.randrange(4)),
        countries=_some(random, _COUNTRIES, codes.values("country_role")),
        actors=_some(random, [actor.id for actor in ACTORS], codes.values("actor_role")),
        evidence=_evidence(random),
    )


def _text(random: Random, words: int) -> str:
    return " ".join(random.choices(_WORDS, k=words))


def _some(random: Random, ids: Any, roles: Any) -> list[tuple[str, str]]:
    """Up to four pairs; every third time, one has all roles."""
    if random.randrange(3) == 0:
        chosen = random.choice(ids)
        return [(chosen, role) for role in roles]
    return list(dict.fromkeys((random.choice(ids), random.choice(roles)) for _ in range(random.randrange(5))))


def _evidence(random: Random) -> list[EvidenceRecord]:
    reporting = random.sample(SOURCES, random.randrange(1, 4))
    rows = [evidence(entry.id) for entry in reporting]
    rows.append(
        evidence(reporting[0].id, field="date", reported="tuần trước", stance="corrected", **_PASSAGE)
    )
    return rows


def edited(before: Release, random: Random) -> Release:
    """The next version of a release: a tenth of its events withdrawn, and as many retold."""
    events = events_of(before)
    random.shuffle(events)
    part = len(events) // 10
    gone, changed, kept = events[:part], events[part : 2 * part], events[2 * part :]
    changed = [replace(e, facts=replace(e.facts, title="Retold: " + e.facts.title)) for e in changed]
    withdrawals = [
        Withdrawal(id=e.id, reason="Told twice", successor_id=kept[0].id if n % 2 else None)
        for n, e in enumerate(gone)
    ]
    return replace(
        before,
        dataset=replace(before.dataset, version="2"),
        events=[*changed, *kept],
        withdrawals=withdrawals,
    )


def load_history(engine: Engine) -> None:
    """Load the world that laws are tested on: two datasets in three loads, each at a time of its own."""
    alpha, beta = world(1, 180, "alpha"), world(2, 120, "beta")
    for day, loaded in enumerate((alpha, beta, edited(alpha, Random(3))), 1):
        now = Mock(wraps=datetime, now=lambda _, day=day: datetime(2024, 5, day, 12, 30, 15, tzinfo=UTC))
        with patch("app.importers.writer.datetime", now), patch("app.importers.load.datetime", now):
            load(engine, loaded)

"""Made-up events with the skew of real ones: the same seed gives the same events."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from app import codes
from app.records import (
    ActorRecord,
    DatasetRecord,
    EventFacts,
    EventRecord,
    EvidenceRecord,
    Item,
    Release,
    SourceRecord,
)

FIRST, LAST = date(1989, 1, 1), date(2024, 12, 31)
ACTORS = 5_000
WORDS = [
    "army",
    "border",
    "talks",
    "ceasefire",
    "convoy",
    "village",
    "market",
    "protest",
    "election",
    "minister",
    "coast",
    "river",
    "bridge",
    "airport",
    "police",
    "militia",
    "shelling",
    "summit",
    "embargo",
    "aid",
    "camp",
    "drone",
    "patrol",
    "hostage",
    "trial",
    "strike",
    "union",
    "port",
    "refinery",
    "dam",
    "school",
]
CONTEXTS = ("military", "diplomatic", "human_rights", "economic", "legislative", "terrorism")
STATUSES = ("occurred",) * 96 + ("ongoing", "planned", "alleged", "alleged")


def release(count: int, seed: int = 1, dataset_id: str = "generated") -> Release:
    """`count` events with 2 actors, 1.3 countries and 2 sources each, on average."""
    dataset = DatasetRecord(
        id=dataset_id,
        kind="csv",
        title="Made-up events",
        titles={"en": "Made-up events"},
        version=str(seed),
        licence="CC0-1.0",
        citation="Made up by Dateline's benchmark",
    )
    return Release(
        dataset=dataset,
        file=f"generated-{count}",
        file_sha256="0" * 64,
        items=_items(count, seed, dataset_id),
    )


def _items(count: int, seed: int, dataset_id: str) -> Iterator[Item]:
    rng = random.Random(seed)
    countries = [row["code"] for row in codes.countries() if not row["valid_to"]]
    rng.shuffle(countries)
    weights = [1 / (n + 1) for n in range(len(countries))]  # a few countries have most events
    cumulative = [sum(weights[: n + 1]) for n in range(len(weights))]
    for n in range(ACTORS):
        name = f"{rng.choice(WORDS).title()} {rng.choice(WORDS)} {n}"
        country = rng.choices(countries, cum_weights=cumulative)[0]
        yield ActorRecord(f"actor-{n}", rng.choice(codes.values("actor_kind")), name, {"en": name}, country)
    for n in range(count):
        yield from _event(rng, n, dataset_id, rng.choices(countries, cum_weights=cumulative, k=2))


def _event(rng: random.Random, n: int, dataset_id: str, countries: list[str]) -> Iterator[Item]:
    start, end, precision, text = _when(rng)
    sources = [_source(rng, n, k, end) for k in range(2)]
    yield from sources
    actors = [int(ACTORS * rng.random() ** 3) for _ in range(2)]
    kind = rng.choice(codes.values("event_type"))
    modes = codes.modes(kind)
    located = rng.random() < 0.85
    deaths = int(rng.paretovariate(1.2)) - 1 if kind == "ASSAULT" else None
    title = " ".join(rng.choices(WORDS, k=6)).capitalize()
    yield EventRecord(
        id=f"{dataset_id}.{n}",
        facts=EventFacts(
            type=kind,
            mode=rng.choice(modes) if modes and rng.random() < 0.7 else None,
            status=rng.choice(STATUSES),
            title=title,
            summary=" ".join(rng.choices(WORDS, k=20)).capitalize() + ".",
            translations={},
            date_edtf=text,
            date_start=start,
            date_end=end,
            date_precision=precision,
            place_name=f"{rng.choice(WORDS).title()} {rng.randrange(2000)}" if located else None,
            place_country=countries[0],
            latitude=round(rng.uniform(-60, 75), 4) if located else None,
            longitude=round(rng.uniform(-180, 180), 4) if located else None,
            place_precision=rng.choice(("site", "city", "near", "admin2")) if located else "country",
            fatalities_low=deaths,
            fatalities_best=deaths,
            fatalities_high=deaths and deaths * 2,
        ),
        contexts=rng.sample(CONTEXTS, rng.choice((1, 1, 2))),
        countries=_involved(rng, countries),
        actors=[(f"actor-{key}", role) for key, role in zip(actors, ("initiator", "recipient"), strict=True)],
        evidence=[EvidenceRecord(source.id) for source in sources],
    )


def _when(rng: random.Random) -> tuple[date, date, str, str]:
    """85 % are a day; the rest weeks, months, years and a few long ranges. Recent years have more."""
    days = (LAST - FIRST).days
    start = FIRST + timedelta(int(days * rng.random() ** 0.6))
    chance = rng.random()
    if chance < 0.85:
        return start, start, "day", start.isoformat()
    if chance < 0.93:
        start -= timedelta(start.weekday())
        end = start + timedelta(6)
        return start, end, "week", f"{start}/{end}"
    if chance < 0.98:
        first = start.replace(day=1)
        end = (first + timedelta(31)).replace(day=1) - timedelta(1)
        return first, end, "month", f"{first:%Y-%m}"
    if chance < 0.999:
        return date(start.year, 1, 1), date(start.year, 12, 31), "year", f"{start.year:04}"
    end = start + timedelta(rng.randrange(400, 4000))
    return start, end, "range", f"{start}/{end}"


def _involved(rng: random.Random, countries: list[str]) -> list[tuple[str, str]]:
    involved = [(countries[0], "location")]
    if rng.random() < 0.3:
        involved.append((countries[1], "party" if countries[1] != countries[0] else "mentioned"))
    return involved


def _source(rng: random.Random, n: int, k: int, day: date) -> SourceRecord:
    publisher = f"{rng.choice(WORDS).title()} Post"
    title = " ".join(rng.choices(WORDS, k=8)).capitalize()
    return SourceRecord(
        f"src-{n}-{k}", "article", title, publisher, "en", day.isoformat(), url=f"https://example.org/{n}/{k}"
    )

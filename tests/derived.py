"""The law of what is derived from events: whatever was written, it is what the events say now."""

import math
from collections import Counter, defaultdict
from itertools import product
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from app import codes, places, search, spans
from app.tables import (
    CountryDocument,
    Event,
    EventActor,
    EventContext,
    EventCountry,
    EventDocument,
    EventTally,
)

_REPEATED = ("date_start", "date_end", "span", "document_id", "fatalities_best")
LEVELS = {"all": 0, "year": 4, "month": 7, "day": 10}


def check_derived(engine: Engine) -> None:
    """The listed columns below an event repeat it, the tallies count what is served, and copies are like the first."""
    with Session(engine) as session:
        events = {event.id: event for event in session.exec(select(Event))}
        countries: dict[str, set[str]] = defaultdict(set)
        for event in events.values():
            span = spans.span(event.date_start, event.date_end)
            assert event.span == (span if event.withdrawn is None else spans.WITHDRAWN)
            assert event.cell == _cell(event.latitude, event.longitude)
        for table, key in (
            (EventCountry, "country_code"),
            (EventActor, "actor_id"),
            (EventContext, "context"),
        ):
            first: Counter[tuple[str, str]] = Counter()
            rows: Any = session.exec(select(table)).all()
            for row in rows:
                event = events[row.event_id]
                assert all(getattr(row, name) == getattr(event, name) for name in _REPEATED)
                first[row.event_id, getattr(row, key)] += row.first_role
                if isinstance(row, EventCountry):
                    countries[row.event_id].add(row.country_code)
            assert set(first.values()) <= {1}
        for key, event in events.items():
            # 0 for none, and in databases from before the country was part of it
            numbers = {0, *map(codes.number, countries[key])}
            assert event.document_id in {
                search.document_id(event.date_start, number, search.sequence(event.document_id))
                for number in numbers
            }
        if engine.dialect.name == "sqlite":
            documents = {row.id: row.document for row in session.exec(select(EventDocument))}
            assert {
                (row.country_code, row.date_start, row.event_id): (row.date_end, row.document)
                for row in session.exec(select(CountryDocument))
            } == {
                (code, event.date_start, key): (event.date_end, documents[event.document_id])
                for key, event in events.items()
                for code in countries[key]
                if event.withdrawn is None
            }
        held = {
            (row.level, row.country, row.type, row.dataset, row.period): (
                row.starts,
                row.ends,
                row.within,
                row.deaths,
                row.toll,
            )
            for row in session.exec(select(EventTally))
        }
    assert {key: row for key, row in held.items() if any(row)} == _tallies(events, countries)


def _cell(latitude: float | None, longitude: float | None) -> int | None:
    if latitude is None or longitude is None:
        return None
    return math.floor((latitude + 90) / places.SIZE) * 100 + math.floor((longitude + 180) / places.SIZE)


def _tallies(events: dict[str, Any], countries: dict[str, set[str]]) -> dict[Any, tuple[int, ...]]:
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for event in events.values():
        if event.withdrawn is not None:
            continue
        for country, kind in product(("", *countries[event.id]), ("", event.type)):
            for level, length in LEVELS.items():
                start, end = str(event.date_start)[:length], str(event.date_end)[:length]
                begins = found[level, country, kind, event.dataset_id, start]
                begins[0] += 1
                begins[4] += event.fatalities_best or 0
                found[level, country, kind, event.dataset_id, end][1] += 1
                if start == end:
                    begins[2] += 1
                    begins[3] += event.fatalities_best or 0
    return {key: tuple(row) for key, row in found.items()}

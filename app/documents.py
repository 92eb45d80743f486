"""Stored documents: events rendered to their public JSON, from their rows alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from pydantic import TypeAdapter
from sqlmodel import Session, SQLModel, col, select

from app import codes, schemas
from app.tables import Actor, Country, Event, EventActor, EventContext, EventCountry, Evidence, Source

BATCH = 500

_Row = TypeVar("_Row", bound=SQLModel)
_EVIDENCE = TypeAdapter(list[schemas.Evidence])


class Rendering:
    """What a batch of events needs to be rendered, read in one statement a table."""

    def __init__(self, session: Session, ids: Sequence[str]) -> None:
        self.countries = _by_event(session, EventCountry, ids)
        self.actors = _by_event(session, EventActor, ids)
        self.contexts = _by_event(session, EventContext, ids)
        self.evidence = _by_event(session, Evidence, ids)
        self.named_countries = _by_key(session, Country, {r.country_code for r in _all(self.countries)})
        self.named_actors = _by_key(session, Actor, {r.actor_id for r in _all(self.actors)})
        self.sources = _lineage(session, {r.source_id for r in _all(self.evidence)})

    def event(self, event: Event) -> schemas.Event:
        """The event as clients see it in a list."""
        return schemas.Event(
            id=event.id,
            dataset=event.dataset_id,
            type=event.type,
            mode=event.mode,
            contexts=_in_order("context", (row.context for row in self.contexts[event.id])),
            status=event.status,
            title=event.title,
            summary=event.summary,
            translations=event.translations,
            date=_date(event),
            place=_place(event),
            countries=self._countries(event.id),
            actors=self._actors(event.id),
            fatalities=_fatalities(event),
            figures=[schemas.Figure(**figure) for figure in event.figures],
            sources=[
                schemas.EventSource.model_validate(self.sources[key], from_attributes=True)
                for key in self._source_ids(event.id)
            ],
            independent_origins=self._origins(self._source_ids(event.id)),
            revision=event.revision,
            updated=event.updated,
        )

    def evidence_of(self, event: Event) -> list[schemas.Evidence]:
        """The evidence that one event has, in the order of its record."""
        return [
            schemas.Evidence(
                source=row.source_id,
                start=row.passage_start,
                end=row.passage_end,
                **row.model_dump(include=_SAME_IN_EVIDENCE),
            )
            for row in sorted(self.evidence[event.id], key=lambda row: row.position)
        ]

    def words(self, event: Event) -> str:
        """The text by which an event is found: what is written of it in every language, and names."""
        actors = [self.named_actors[row.actor_id] for row in self.actors[event.id]]
        parts: list[str | None] = [event.title, event.summary, event.place_name, event.place_admin1]
        parts += [text for told in event.translations.values() for text in told.values()]
        parts += [name for actor in actors for name in (actor.name, *actor.names.values(), *actor.aliases)]
        return "\n".join(part for part in parts if part)

    def _countries(self, event_id: str) -> list[schemas.EventCountry]:
        rows = sorted(self.countries[event_id], key=lambda r: (_rank("country_role", r.role), r.country_code))
        return [
            schemas.EventCountry(
                code=r.country_code, name=self.named_countries[r.country_code].name, role=r.role
            )
            for r in rows
        ]

    def _actors(self, event_id: str) -> list[schemas.EventActor]:
        rows = sorted(self.actors[event_id], key=lambda r: (_rank("actor_role", r.role), r.actor_id))
        return [
            schemas.EventActor(id=r.actor_id, name=self.named_actors[r.actor_id].name, role=r.role)
            for r in rows
        ]

    def _source_ids(self, event_id: str) -> list[str]:
        rows = sorted(self.evidence[event_id], key=lambda row: row.position)
        return list(dict.fromkeys(row.source_id for row in rows))

    def _origins(self, source_ids: Sequence[str]) -> int:
        """How many independent origins: known ones counted once each; what is unknown never adds one."""
        roots = {self._root(key) for key in source_ids}
        known = {root for root in roots if self.sources[root].lineage == "original"}
        return max(len(known), min(len(roots), 1))

    def _root(self, source_id: str) -> str:
        seen = {source_id}
        while (parent := self.sources[source_id].derived_from) and parent not in seen:
            seen.add(source_id := parent)
        return source_id


_SAME_IN_EVIDENCE = {
    "field",
    "paragraph",
    "passage_sha256",
    "quote",
    "reported",
    "stance",
    "attributed_to",
    "note",
}


def render(session: Session, events: Iterable[Event]) -> list[tuple[Event, str]]:
    """Give each event its documents; returns each with the text to find it by. The caller flushes."""
    found, batch = [], list(events)
    for first in range(0, len(batch), BATCH):
        part = batch[first : first + BATCH]
        rendering = Rendering(session, [event.id for event in part])
        for event in part:
            event.document = rendering.event(event).model_dump_json().encode()
            event.document_evidence = _EVIDENCE.dump_json(rendering.evidence_of(event))
            event.document_version = schemas.REPRESENTATION
            found.append((event, rendering.words(event)))
    return found


def _by_event(session: Session, table: type[_Row], ids: Sequence[str]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in session.exec(select(table).where(col(table.event_id).in_(ids))):  # type: ignore[attr-defined]
        found[row.event_id].append(row)  # type: ignore[attr-defined]
    return found


def _by_key(session: Session, table: type[_Row], keys: set[str]) -> dict[str, _Row]:
    (key,) = table.__table__.primary_key  # type: ignore[attr-defined]
    return {getattr(row, key.name): row for row in session.exec(select(table).where(key.in_(keys)))}


def _lineage(session: Session, keys: set[str]) -> dict[str, Source]:
    """The sources with these ids and all that they derive from."""
    found: dict[str, Source] = {}
    while keys:
        found |= _by_key(session, Source, keys)
        keys = {row.derived_from for row in found.values() if row.derived_from} - found.keys()
    return found


def _all(rows: dict[str, list[_Row]]) -> Iterable[_Row]:
    return (row for of_one in rows.values() for row in of_one)


def _rank(code_list: str, code: str) -> int:
    return codes.values(code_list).index(code)


def _in_order(code_list: str, found: Iterable[str]) -> list[str]:
    return sorted(found, key=lambda code: _rank(code_list, code))


def _date(event: Event) -> schemas.EventDate:
    return schemas.EventDate(
        edtf=event.date_edtf,
        start=None if event.date_start == date.min else event.date_start,
        end=None if event.date_end == date.max else event.date_end,
        precision=event.date_precision,
    )


def _place(event: Event) -> schemas.Place | None:
    if event.place_precision is None:
        return None
    return schemas.Place(
        name=event.place_name,
        admin1=event.place_admin1,
        country=event.place_country,
        latitude=event.latitude,
        longitude=event.longitude,
        precision=event.place_precision,
    )


def _fatalities(event: Event) -> schemas.Fatalities | None:
    low, best, high = event.fatalities_low, event.fatalities_best, event.fatalities_high
    if low is None and best is None and high is None:
        return None
    return schemas.Fatalities(low=low, best=best, high=high)

"""Stored documents: events rendered to their public JSON, from their records and the names of what they show."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, select

from app import codes, rendering, schemas
from app.records import EventFacts, EventRecord, EvidenceRecord
from app.tables import TABLES

_RANK = {
    name: {code: n for n, code in enumerate(codes.values(name))}
    for name in ("country_role", "actor_role", "context")
}


_MOST = 10_000  # values of one statement; PostgreSQL takes 65,535


class ShownActor(NamedTuple):
    """What an event's document, and the search for it, know of an actor."""

    id: str
    name: str
    names: Mapping[str, str]
    aliases: Sequence[str]


class ShownSource(NamedTuple):
    """What an event's document knows of a source."""

    id: str
    title: str
    publisher: str | None
    language: str | None
    published: str | None
    url: str | None
    lineage: str
    derived_from: str | None


class Related(NamedTuple):
    """All that events show beside their own record, by id; `sources` holds what they derive from, too."""

    countries: Mapping[str, str]
    actors: Mapping[str, ShownActor]
    sources: Mapping[str, ShownSource]


class State(NamedTuple):
    """What the server adds to an event's record."""

    dataset_id: str
    revision: int
    updated: datetime


class Rendered(NamedTuple):
    """An event's two documents, and the text by which it is found."""

    document: bytes
    evidence: bytes
    text: str


def render(record: EventRecord, state: State, related: Related) -> Rendered:
    """The documents of one event."""
    return Rendered(
        rendering.event_document(_event(record, state, related)),
        rendering.evidence_document([_evidence(entry) for entry in record.evidence]),
        _text(record, related),
    )


def _event(record: EventRecord, state: State, related: Related) -> schemas.Event:
    facts = record.facts
    source_ids = list(dict.fromkeys(entry.source_id for entry in record.evidence))
    return {
        "id": record.id,
        "dataset": state.dataset_id,
        "type": facts.type,
        "mode": facts.mode,
        "contexts": sorted(record.contexts, key=_RANK["context"].__getitem__),
        "status": facts.status,
        "title": facts.title,
        "summary": facts.summary,
        "translations": facts.translations,
        "date": {
            "edtf": facts.date_edtf,
            "start": None if facts.date_start == date.min else facts.date_start,
            "end": None if facts.date_end == date.max else facts.date_end,
            "precision": facts.date_precision,
        },
        "place": _place(facts),
        "countries": [
            {"code": code, "name": related.countries[code], "role": role}
            for code, role in _by_role(record.countries, "country_role")
        ],
        "actors": [
            {"id": key, "name": related.actors[key].name, "role": role}
            for key, role in _by_role(record.actors, "actor_role")
        ],
        "fatalities": _fatalities(facts),
        "figures": list(facts.figures),  # type: ignore[arg-type]
        "sources": [_source(related.sources[key]) for key in source_ids],
        "independent_origins": _origins(source_ids, related.sources),
        "revision": state.revision,
        "updated": state.updated,
    }


def _by_role(pairs: Sequence[tuple[str, str]], code_list: str) -> Sequence[tuple[str, str]]:
    rank = _RANK[code_list]
    return sorted(pairs, key=lambda pair: (rank[pair[1]], pair[0])) if len(pairs) > 1 else pairs


def _place(facts: EventFacts) -> schemas.Place | None:
    if facts.place_precision is None:
        return None
    return {
        "name": facts.place_name,
        "admin1": facts.place_admin1,
        "country": facts.place_country,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "precision": facts.place_precision,
    }


def _fatalities(facts: EventFacts) -> schemas.Fatalities | None:
    low, best, high = facts.fatalities_low, facts.fatalities_best, facts.fatalities_high
    if low is None and best is None and high is None:
        return None
    return {"low": low, "best": best, "high": high}


def _source(source: ShownSource) -> schemas.EventSource:
    return {
        "id": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "language": source.language,
        "published": source.published,
        "url": source.url,
    }


def _evidence(entry: EvidenceRecord) -> schemas.Evidence:
    return {
        "source": entry.source_id,
        "field": entry.field,
        "paragraph": entry.paragraph,
        "start": entry.passage_start,
        "end": entry.passage_end,
        "passage_sha256": entry.passage_sha256,
        "quote": entry.quote,
        "reported": entry.reported,
        "stance": entry.stance,
        "attributed_to": entry.attributed_to,
        "note": entry.note,
    }


def _origins(source_ids: Sequence[str], sources: Mapping[str, ShownSource]) -> int:
    """How many independent origins: known ones counted once each; what is unknown never adds one."""
    roots = {_root(key, sources) for key in source_ids}
    known = sum(sources[root].lineage == "original" for root in roots)
    return max(known, min(len(roots), 1))


def _root(source_id: str, sources: Mapping[str, ShownSource]) -> str:
    seen = {source_id}
    while (parent := sources[source_id].derived_from) and parent not in seen:
        seen.add(source_id := parent)
    return source_id


def _text(record: EventRecord, related: Related) -> str:
    """What an event is found by: what is written of it in every language, and the names of place and actors."""
    facts = record.facts
    parts = [facts.title, facts.summary, facts.place_name, facts.place_admin1]
    for told in facts.translations.values():
        parts += told.values()
    for key, _ in record.actors:
        actor = related.actors[key]
        parts += (actor.name, *actor.names.values(), *actor.aliases)
    return "\n".join(part for part in parts if part)


# --- reading back what is stored -------------------------------------------------------------------


def country_names(connection: Connection) -> dict[str, str]:
    """The English name of every country by its code."""
    country = TABLES["country"].c
    return {row.code: row.name for row in connection.execute(select(country.code, country.name))}


def shown_actors(connection: Connection, ids: Iterable[str]) -> dict[str, ShownActor]:
    """The actors with these ids."""
    return {row[0]: ShownActor._make(row) for row in _rows(connection, TABLES["actor"], ShownActor, ids)}


def shown_sources(connection: Connection, ids: Iterable[str]) -> dict[str, ShownSource]:
    """The sources with these ids, and all that they derive from."""
    found: dict[str, ShownSource] = {}
    wanted = set(ids)
    while wanted:
        rows = _rows(connection, TABLES["source"], ShownSource, wanted)
        found |= {row[0]: ShownSource._make(row) for row in rows}
        wanted = {source.derived_from for source in found.values() if source.derived_from} - found.keys()
    return found


def stored(connection: Connection, ids: Sequence[str]) -> list[tuple[EventRecord, State]]:
    """The records of the events with these ids, as their rows have them."""
    event = TABLES["event"].c
    columns = [
        event.id,
        event.dataset_id,
        event.revision,
        event.updated,
        *(event[name] for name in EventFacts._fields),
    ]
    rows = connection.execute(select(*columns).where(event.id.in_(ids)).order_by(event.id)).all()
    contexts = _children(connection, "event_context", ("context",), ids)
    countries = _children(connection, "event_country", ("country_code", "role"), ids)
    actors = _children(connection, "event_actor", ("actor_id", "role"), ids)
    evidence = _children(connection, "evidence", EvidenceRecord._fields, ids, "position")
    return [
        (
            EventRecord(
                row.id,
                EventFacts(*row[4:]),
                [context for (context,) in contexts[row.id]],
                [(code, role) for code, role in countries[row.id]],
                [(actor, role) for actor, role in actors[row.id]],
                [EvidenceRecord(*entry) for entry in evidence[row.id]],
            ),
            State(row.dataset_id, row.revision, row.updated),
        )
        for row in rows
    ]


def related(connection: Connection, records: Iterable[EventRecord], countries: Mapping[str, str]) -> Related:
    """What these events show, as the tables have it."""
    held = list(records)
    return Related(
        countries,
        shown_actors(connection, {key for record in held for key, _ in record.actors}),
        shown_sources(connection, {entry.source_id for record in held for entry in record.evidence}),
    )


def _rows(connection: Connection, table: Table, shown: Any, ids: Iterable[str]) -> Sequence[Row[Any]]:
    columns, wanted = [table.c[name] for name in shown._fields], list(ids)
    found: list[Row[Any]] = []
    for first in range(0, len(wanted), _MOST):
        some = table.c.id.in_(wanted[first : first + _MOST])
        found += connection.execute(select(*columns).where(some)).all()
    return found


def _children(
    connection: Connection, name: str, fields: Sequence[str], ids: Sequence[str], order: str | None = None
) -> dict[str, list[Sequence[Any]]]:
    table = TABLES[name]
    columns = [table.c[field] for field in fields]
    found: dict[str, list[Sequence[Any]]] = defaultdict(list)
    wanted = select(table.c.event_id, *columns).where(table.c.event_id.in_(ids))
    for key, *values in connection.execute(wanted.order_by(table.c[order or fields[0]])):
        found[key].append(values)
    return found

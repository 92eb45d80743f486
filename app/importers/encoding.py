"""Records as rows: which columns are written, with which values, and what tells that they differ."""

import hashlib
import json
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic_core import to_json

from app import codes, search, spans
from app.documents import Rendered, ShownActor, ShownSource
from app.records import ActorRecord, EventFacts, EventRecord, EvidenceRecord, SourceRecord

EVENT = (
    "id", "dataset_id", "created", *EventFacts._fields, "span",
    "revision", "change_seq", "updated", "digest", "document_evidence", "document_id",
)  # fmt: skip
REWRITTEN = (*EVENT[3:], "withdrawn", "withdrawn_reason", "successor_id")
_LISTED = ("date_start", "date_end", "span", "fatalities_best", "first_role", "document_id")
CHILDREN = {
    "event_context": ("event_id", "context", *_LISTED),
    "event_country": ("event_id", "country_code", "role", *_LISTED),
    "event_actor": ("event_id", "actor_id", "role", *_LISTED),
    "evidence": ("event_id", "position", *EvidenceRecord._fields),
}
LISTED_CHILDREN = ("event_context", "event_country", "event_actor")
_START, _END = EventFacts._fields.index("date_start"), EventFacts._fields.index("date_end")
_TRANSLATIONS, _FIGURES = EventFacts._fields.index("translations"), EventFacts._fields.index("figures")
WITHDRAWN = ("id", "revision", "withdrawn", "withdrawn_reason", "successor_id")
SOURCE = (*SourceRecord._fields, "digest")
ACTOR = (*ActorRecord._fields, "folded", "digest")
COUNTRY = (
    "code", "alpha3", "numeric", "name", "name_vi", "region", "subregion", "gw", "cow", "fips", "cameo",
    "valid_from", "valid_to", "note", "folded", "digest",
)  # fmt: skip
_NUMBERS = frozenset(("gw", "cow", "valid_from", "valid_to"))
_AUTHORS = SourceRecord._fields.index("authors")
_SHOWN_SOURCE = attrgetter(*ShownSource._fields)
REVISION = ("event_id", "revision", "at", "changes")


class Held(NamedTuple):
    """What there was of an event before it is written again."""

    id: str
    dataset_id: str
    revision: int
    document_id: int
    withdrawn: Any
    withdrawn_reason: str | None
    document_evidence: bytes


def digest(row: Sequence[Any]) -> str:
    """What a row says, in short: the same row has the same digest in every run."""
    return hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).hexdigest()


def event_digest(record: EventRecord) -> str:
    """The digest of an event with all that hangs on it, whatever kinds of sequence that comes in."""
    facts, contexts, countries, actors, evidence = record[1:]
    return digest((
        tuple(facts), *contexts, *map(tuple, countries), *map(tuple, actors), *map(tuple, evidence),
    ))  # fmt: skip


def document_id(record: EventRecord, sequence: int) -> int:
    """Where the documents of an event are kept: by its first day and the first of its countries."""
    country = codes.number(record.countries[0][0]) if record.countries else 0
    return search.document_id(record.facts.date_start, country, sequence)


def _json(value: Any) -> str:
    return to_json(value).decode()


def facts_columns(facts: EventFacts) -> list[Any]:
    """The facts as column values, and the class of the event's length."""
    values: list[Any] = list(facts)
    values[_START], values[_END] = facts.date_start.isoformat(), facts.date_end.isoformat()
    values[_TRANSLATIONS] = _json(facts.translations) if facts.translations else "{}"
    values[_FIGURES] = _json(facts.figures) if facts.figures else "[]"
    values.append(spans.span(facts.date_start, facts.date_end))
    return values


def children(record: EventRecord, document_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables below an event's."""
    key, facts, contexts, countries, actors, evidence = record
    start, end = facts.date_start, facts.date_end
    listed = start.isoformat(), end.isoformat(), spans.span(start, end), facts.fatalities_best
    return {
        "event_context": [(key, context, *listed, True, document_id) for context in contexts],
        "event_country": _in_roles(key, countries, listed, document_id),
        "event_actor": _in_roles(key, actors, listed, document_id),
        "evidence": [(key, position, *entry) for position, entry in enumerate(evidence)],
    }


def _in_roles(
    key: str, pairs: Sequence[tuple[str, str]], listed: tuple[Any, ...], document_id: int
) -> list[tuple[Any, ...]]:
    seen: set[str] = set()
    rows = []
    for who, role in pairs:
        rows.append((key, who, role, *listed, who not in seen, document_id))
        seen.add(who)
    return rows


def source_row(record: SourceRecord) -> tuple[Any, ...]:
    authors = _json(record.authors) if record.authors else "[]"
    return (*record[:_AUTHORS], authors, *record[_AUTHORS + 1 :], digest(record))


def actor_row(record: ActorRecord) -> tuple[Any, ...]:
    named = "\n".join((record.name, *record.names.values(), *record.aliases))
    values: dict[str, Any] = record._asdict()
    values |= {"names": _json(record.names), "aliases": _json(record.aliases)}
    return (*values.values(), " ".join(search.words(named)), digest(record))


def country_row(row: dict[str, str]) -> tuple[Any, ...]:
    known = [int(row[name]) if row[name] and name in _NUMBERS else row[name] or None for name in row]
    return (*known, " ".join(search.words(f"{row['name_en']} {row['name_vi']}")), digest(known))


def shown_actor(record: ActorRecord) -> ShownActor:
    return ShownActor(record.id, record.name, record.names, record.aliases)


def shown_source(record: SourceRecord) -> ShownSource:
    return ShownSource._make(_SHOWN_SOURCE(record))


def changes(old: Held, document: bytes, new: Rendered) -> list[dict[str, Any]]:
    """The fields of the public document that differ, each with its old and new value."""
    before = json.loads(document) | {"evidence": json.loads(old.document_evidence)}
    after = json.loads(new.document) | {"evidence": json.loads(new.evidence)}
    if old.withdrawn is not None:
        before["withdrawn"], after["withdrawn"] = old.withdrawn_reason, None
    names = [name for name in after if name not in ("revision", "updated") and before[name] != after[name]]
    return [change(name, before[name], after[name]) for name in names]


def change(field: str, old: Any, new: Any) -> dict[str, Any]:
    return {"field": field, "old": old, "new": new}

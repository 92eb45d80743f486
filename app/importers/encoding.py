"""Records as rows: which columns are written, with which values, and what tells that they differ."""

import hashlib
import json
from typing import Any, NamedTuple

from app import schemas, search
from app.documents import Rendered
from app.records import ActorRecord, EventFacts, EventRecord, EvidenceRecord, SourceRecord

EVENT = (
    "id", "dataset_id", "created", *EventFacts._fields,
    "revision", "change_seq", "updated", "digest", "document", "document_evidence", "document_version",
)  # fmt: skip
REWRITTEN = (*EVENT[3:], "withdrawn", "withdrawn_reason", "successor_id")
RERENDERED = ("change_seq", "updated", "document", "document_evidence", "document_version")
CHILDREN = {
    "event_context": ("event_id", "context"),
    "event_country": ("event_id", "country_code", "role"),
    "event_actor": ("event_id", "actor_id", "role"),
    "evidence": ("event_id", "position", *EvidenceRecord._fields),
}
_START, _END = EventFacts._fields.index("date_start"), EventFacts._fields.index("date_end")
_TRANSLATIONS, _FIGURES = EventFacts._fields.index("translations"), EventFacts._fields.index("figures")
WITHDRAWN = ("id", "revision", "withdrawn", "withdrawn_reason", "successor_id")
REVISION = ("event_id", "revision", "at", "changes")


class Held(NamedTuple):
    """What there was of an event before it is written again."""

    id: str
    dataset_id: str
    revision: int
    change_seq: int
    withdrawn: Any
    withdrawn_reason: str | None
    document: bytes
    document_evidence: bytes


class Sequenced(NamedTuple):
    id: str
    change_seq: int


def digest(row: Any) -> str:
    """What a row says, in short: the same row has the same digest in every run."""
    return hashlib.blake2b(repr(row).encode(), digest_size=16).hexdigest()


def event_digest(record: EventRecord) -> str:
    """The digest of an event with all that hangs on it, whatever kind of sequence that comes in."""
    return digest((record.facts, *map(tuple, record[2:])))


def facts_columns(facts: EventFacts) -> list[Any]:
    """The facts as column values."""
    values: list[Any] = list(facts)
    values[_START], values[_END] = facts.date_start.isoformat(), facts.date_end.isoformat()
    values[_TRANSLATIONS] = json.dumps(facts.translations) if facts.translations else "{}"
    values[_FIGURES] = json.dumps(list(facts.figures)) if facts.figures else "[]"
    return values


def stored(rendered: Rendered) -> tuple[bytes, bytes, int]:
    return rendered.document, rendered.evidence, schemas.REPRESENTATION


def source_row(record: SourceRecord) -> dict[str, Any]:
    return record._asdict() | {"authors": json.dumps(list(record.authors))}


def actor_row(record: ActorRecord) -> dict[str, Any]:
    named = "\n".join((record.name, *record.names.values(), *record.aliases))
    return record._asdict() | {
        "names": json.dumps(record.names),
        "aliases": json.dumps(list(record.aliases)),
        "folded": " ".join(search.words(named)),
    }


def country_row(row: dict[str, str]) -> dict[str, Any]:
    known: dict[str, Any] = {name: value or None for name, value in row.items()}
    for name in ("gw", "cow", "valid_from", "valid_to"):
        known[name] = int(row[name]) if row[name] else None
    name = known.pop("name_en")
    return known | {"name": name, "folded": " ".join(search.words(f"{name} {row['name_vi']}"))}


def shown(kind: Any, record: Any) -> Any:
    return kind(*(getattr(record, name) for name in kind._fields))


def changes(old: Held, new: Rendered) -> list[dict[str, Any]]:
    """The fields of the public document that differ, each with its old and new value."""
    before = json.loads(old.document) | {"evidence": json.loads(old.document_evidence)}
    after = json.loads(new.document) | {"evidence": json.loads(new.evidence)}
    if old.withdrawn is not None:
        before["withdrawn"], after["withdrawn"] = old.withdrawn_reason, None
    names = [name for name in after if name not in ("revision", "updated") and before[name] != after[name]]
    return [change(name, before[name], after[name]) for name in names]


def change(field: str, old: Any, new: Any) -> dict[str, Any]:
    return {"field": field, "old": old, "new": new}

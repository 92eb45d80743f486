"""What an importer says of the world, in the terms of the tables, before it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord:
    """A row of `dataset`, but for what the loader counts."""

    id: str
    kind: str
    title: str
    titles: dict[str, str]
    version: str
    licence: str
    citation: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A row of `source`."""

    id: str
    kind: str
    title: str
    publisher: str | None = None
    language: str | None = None
    published: str | None = None
    authors: Sequence[str] = ()
    url: str | None = None
    licence: str | None = None
    lineage: str = "unknown"
    derived_from: str | None = None
    text_sha256: str | None = None
    text_length: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRecord:
    """A row of `actor`."""

    id: str
    kind: str
    name: str
    names: dict[str, str]
    country_code: str | None = None
    parent_id: str | None = None
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """A row of `evidence`, but for its event and position."""

    source_id: str
    field: str | None = None
    paragraph: int | None = None
    passage_start: int | None = None
    passage_end: int | None = None
    passage_sha256: str | None = None
    quote: str | None = None
    reported: str | None = None
    stance: str = "supports"
    attributed_to: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """The columns of `event` that an importer knows."""

    type: str
    mode: str | None = None
    status: str
    title: str
    summary: str | None = None
    translations: dict[str, Any]
    date_edtf: str
    date_start: date
    date_end: date
    date_precision: str
    place_name: str | None = None
    place_admin1: str | None = None
    place_country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place_precision: str | None = None
    fatalities_low: int | None = None
    fatalities_best: int | None = None
    fatalities_high: int | None = None
    figures: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event with all that hangs on it; `countries` and `actors` are (id, role)."""

    id: str
    facts: EventFacts
    contexts: Sequence[str] = ()
    countries: Sequence[tuple[str, str]] = ()
    actors: Sequence[tuple[str, str]] = ()
    evidence: Sequence[EvidenceRecord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An event that its dataset no longer stands by."""

    id: str
    reason: str
    successor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A whole version of a dataset: an event that it neither holds nor withdraws is an error."""

    dataset: DatasetRecord
    file: str
    file_sha256: str
    sources: Sequence[SourceRecord]
    actors: Sequence[ActorRecord]
    events: Sequence[EventRecord]
    withdrawals: Sequence[Withdrawal] = ()

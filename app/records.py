"""What an importer says of the world, in the terms of the tables, before it is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeAlias


class DatasetRecord(NamedTuple):
    """A row of `dataset`, but for what the loader counts."""

    id: str
    kind: str
    title: str
    titles: dict[str, str]
    version: str
    licence: str
    citation: str
    note: str | None = None


class SourceRecord(NamedTuple):
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


class ActorRecord(NamedTuple):
    """A row of `actor`."""

    id: str
    kind: str
    name: str
    names: dict[str, str]
    country_code: str | None = None
    parent_id: str | None = None
    aliases: Sequence[str] = ()


class EvidenceRecord(NamedTuple):
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


class EventFacts(NamedTuple):
    """The columns of `event` that an importer knows; an open end is date.min or date.max."""

    type: str
    status: str
    title: str
    date_edtf: str
    date_start: date
    date_end: date
    date_precision: str
    mode: str | None = None
    summary: str | None = None
    translations: dict[str, Any] = {}  # noqa: RUF012 (never changed)
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


class EventRecord(NamedTuple):
    """One event with all that hangs on it; `countries` and `actors` are (id, role), each pair once."""

    id: str
    facts: EventFacts
    contexts: Sequence[str] = ()
    countries: Sequence[tuple[str, str]] = ()
    actors: Sequence[tuple[str, str]] = ()
    evidence: Sequence[EvidenceRecord] = ()


class Withdrawal(NamedTuple):
    """An event that its dataset no longer stands by."""

    id: str
    reason: str
    successor_id: str | None = None


class Reject(NamedTuple):
    """A row that is no event, and why; `row` is 1-based and counts records, not lines."""

    row: int
    field: str
    reason: str
    record: dict[str, Any]


Item: TypeAlias = SourceRecord | ActorRecord | EventRecord | Withdrawal | Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one file holds of a dataset.

    `items` come in an order that can be written as it comes: a source after the one that it derives from, an
    actor after its parent, an event after its actors and sources; saying a source or actor again is harmless.
    `whole` says that the file is all of the dataset: an event that it lacks is no longer part of it.
    """

    dataset: DatasetRecord
    file: str
    file_sha256: str
    items: Iterable[Item]
    whole: bool = False

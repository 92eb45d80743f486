"""The only writer: a release becomes rows, whole or not at all, and only what changed is written."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, func
from sqlmodel import Session, SQLModel, col, delete, select

from app import codes, documents, search
from app.importers.records import (
    ActorRecord,
    DatasetRecord,
    EventRecord,
    EvidenceRecord,
    Release,
    SourceRecord,
)
from app.tables import (
    Actor,
    Clock,
    Country,
    Dataset,
    Event,
    EventActor,
    EventContext,
    EventCountry,
    Evidence,
    Load,
    Source,
)

_Row = TypeVar("_Row", bound=SQLModel)
_Record = TypeVar("_Record", SourceRecord, ActorRecord)


class LoadError(ValueError):
    """A release that does not fit what is loaded already; nothing of it is written."""


@dataclass
class Summary:
    """What became of a release's events."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    withdrawn: int = 0


@dataclass
class _Writing:
    """The state of one transaction: what is to be rendered anew, and under which time."""

    session: Session
    clock: Clock
    now: datetime
    summary: Summary = field(default_factory=Summary)
    changed: dict[str, Event] = field(default_factory=dict)
    outdated: list[tuple[str, int]] = field(
        default_factory=list
    )  # (event id, sequence) in the full-text index


def load(engine: Engine, release: Release) -> Summary:
    """Write `release`, in one transaction with its `load` record; a failure leaves only a failed record."""
    load_id = _begin(engine, release)
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            writing = _start_writing(session)
            _write(writing, release)
            _finish(session.get_one(Load, load_id), "succeeded", writing.summary)
            writing.clock.seq += 1  # the dataset's last load is news, even when no event is
        return writing.summary
    except BaseException as error:
        with Session(engine) as session, session.begin():
            failed = session.get_one(Load, load_id)
            failed.error = f"{type(error).__name__}: {error}"
            _finish(failed, "failed", Summary(read=len(release.events)))
        raise


def load_countries(engine: Engine) -> None:
    """Bring the country table in line with the file that ships with this release."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        writing = _start_writing(session)
        written = [_put(session, Country, _country(row)) for row in codes.countries()]
        renamed = [key for key in written if key]
        if renamed:
            _touch(writing, EventCountry.event_id, EventCountry.country_code, renamed)
            _render(writing)
            writing.clock.seq += 1


def render_all(engine: Engine) -> int:
    """Render every stored document anew, without calling it a change; returns how many."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        events = session.exec(select(Event)).all()
        documents.render(session, events)
        session.get_one(Clock, 1, with_for_update=True).seq += 1
        return len(events)


def _begin(engine: Engine, release: Release) -> int:
    with Session(engine) as session, session.begin():
        record = Load(
            dataset_id=release.dataset.id,
            file=release.file,
            file_sha256=release.file_sha256,
            version=release.dataset.version,
            started=datetime.now(UTC),
        )
        session.add(record)
        session.flush()
        assert record.id is not None
        return record.id


def _finish(record: Load, outcome: str, summary: Summary) -> None:
    record.outcome, record.finished = outcome, datetime.now(UTC)
    for name, count in asdict(summary).items():
        setattr(record, name, count)


def _start_writing(session: Session) -> _Writing:
    clock = session.get_one(Clock, 1, with_for_update=True)  # waits for the writer before this one
    return _Writing(session, clock, datetime.now(UTC).replace(microsecond=0))


def _write(writing: _Writing, release: Release) -> None:
    session = writing.session
    _put(session, Dataset, _columns(release.dataset))
    sources = [
        _put(session, Source, _columns(record)) for record in _parents_first(release.sources, "derived_from")
    ]
    actors = [_put(session, Actor, _actor(record)) for record in _parents_first(release.actors, "parent_id")]
    session.flush()
    held = {row.id: row for row in session.exec(select(Event).where(Event.dataset_id == release.dataset.id))}
    _withdraw(writing, release, held)
    for record in release.events:
        _write_event(writing, release.dataset, record, held.get(record.id))
    _touch(writing, Evidence.event_id, Evidence.source_id, [key for key in sources if key])
    _touch(writing, EventActor.event_id, EventActor.actor_id, [key for key in actors if key])
    _render(writing)
    _describe(session, release.dataset.id)


def _put(session: Session, table: type[_Row], values: dict[str, Any]) -> str | None:
    """Write a row by its primary key; returns the key when a row that was there has changed."""
    (key,) = (column.name for column in table.__table__.primary_key)  # type: ignore[attr-defined]
    row = session.get(table, values[key])
    if row is None:
        session.add(table(**values))
        return None
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return str(values[key]) if changed else None


def _write_event(writing: _Writing, dataset: DatasetRecord, record: EventRecord, held: Event | None) -> None:
    session, summary = writing.session, writing.summary
    summary.read += 1
    evidence = _with_quotes_kept(session, record) if held else record.evidence
    digest = _digest(record, evidence)
    if held and held.digest == digest and held.withdrawn is None:
        summary.unchanged += 1
        return
    columns = _columns(record.facts) | {"digest": digest}
    if held is None:
        summary.inserted += 1
        held = Event(
            id=record.id,
            dataset_id=dataset.id,
            created=writing.now,
            updated=writing.now,
            change_seq=0,
            **columns,
        )
        session.add(held)
    else:
        summary.updated += 1
        held.revision += 1
        held.withdrawn = held.withdrawn_reason = held.successor_id = None
        for name, value in columns.items():
            setattr(held, name, value)
    _stamp(writing, held)
    session.flush()
    for table in (EventContext, EventCountry, EventActor, Evidence):
        session.exec(delete(table).where(col(table.event_id) == record.id))
    session.add_all(_children(record, evidence))


def _children(record: EventRecord, evidence: Sequence[EvidenceRecord]) -> Iterator[SQLModel]:
    for context in record.contexts:
        yield EventContext(event_id=record.id, context=context)
    for code, role in record.countries:
        yield EventCountry(event_id=record.id, country_code=code, role=role)
    for actor, role in record.actors:
        yield EventActor(event_id=record.id, actor_id=actor, role=role)
    for position, entry in enumerate(evidence):
        yield Evidence(event_id=record.id, position=position, **asdict(entry))


def _with_quotes_kept(session: Session, record: EventRecord) -> Sequence[EvidenceRecord]:
    """The record's evidence with the quotes that an operator has loaded: a passage's hash vouches for them."""
    rows = session.exec(
        select(Evidence).where(Evidence.event_id == record.id, col(Evidence.quote).is_not(None))
    )
    quotes = {row.passage_sha256: row.quote for row in rows}
    return [
        replace(entry, quote=entry.quote or quotes.get(entry.passage_sha256)) for entry in record.evidence
    ]


def _digest(record: EventRecord, evidence: Sequence[EvidenceRecord]) -> str:
    text = json.dumps(asdict(replace(record, evidence=evidence)), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _withdraw(writing: _Writing, release: Release, held: dict[str, Event]) -> None:
    present = {record.id for record in release.events}
    entries = {entry.id: entry for entry in release.withdrawals}
    for key, event in held.items():
        if key in present or event.withdrawn is not None:
            continue
        if key not in entries:
            raise LoadError(
                f"{release.file} lacks the event {key}, which an earlier version had;"
                " list it under 'withdrawn' with a reason, since an id is never forgotten"
            )
        event.withdrawn, event.withdrawn_reason = writing.now, entries[key].reason
        event.successor_id = entries[key].successor_id
        event.revision += 1
        writing.summary.withdrawn += 1
        _stamp(writing, event)


def _stamp(writing: _Writing, event: Event) -> None:
    """Give a changed event its place in the order of changes; it is rendered at the end."""
    writing.outdated.append((event.id, event.change_seq))
    writing.clock.seq += 1
    event.change_seq, event.updated = writing.clock.seq, writing.now
    writing.changed[event.id] = event


def _touch(writing: _Writing, event_id: Any, key: Any, renamed: Sequence[str]) -> None:
    """Mark the events that show something whose name has changed; their own record has not."""
    if not renamed:
        return
    showing = select(event_id).where(col(key).in_(renamed))
    for event in writing.session.exec(select(Event).where(col(Event.id).in_(showing))):
        if event.id not in writing.changed:
            _stamp(writing, event)


def _render(writing: _Writing) -> None:
    session = writing.session
    session.flush()
    rendered = documents.render(session, writing.changed.values())
    session.flush()
    search.forget(session.connection(), writing.outdated)
    search.index(session.connection(), ((event.id, event.change_seq, words) for event, words in rendered))


def _describe(session: Session, dataset_id: str) -> None:
    """Count a dataset's events and say which days they cover, as far as they are bounded."""
    served = select(func.count()).where(Event.dataset_id == dataset_id, col(Event.withdrawn).is_(None))
    first = select(func.min(Event.date_start)).where(Event.date_start > date.min)
    last = select(func.max(Event.date_end)).where(Event.date_end < date.max)
    own = (Event.dataset_id == dataset_id, col(Event.withdrawn).is_(None))
    dataset = session.get_one(Dataset, dataset_id)
    dataset.events = session.exec(served).one()
    dataset.coverage_start = session.exec(first.where(*own)).one()
    dataset.coverage_end = session.exec(last.where(*own)).one()


def _parents_first(records: Sequence[_Record], parent: str) -> list[_Record]:
    """The records so ordered that each follows the one it refers to."""
    by_id = {record.id: record for record in records}
    ordered: dict[str, _Record] = {}

    def place(record: _Record) -> None:
        above = by_id.get(getattr(record, parent) or "")
        if above and above.id not in ordered:
            place(above)
        ordered[record.id] = record

    for record in records:
        place(record)
    return list(ordered.values())


def _columns(record: Any) -> dict[str, Any]:
    """A record as column values; JSON columns hold lists, not tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(record).items()
    }


def _actor(record: ActorRecord) -> dict[str, Any]:
    named = "\n".join((record.name, *record.names.values(), *record.aliases))
    return _columns(record) | {"folded": " ".join(search.words(named))}


def _country(row: dict[str, str]) -> dict[str, Any]:
    numbers = ("gw", "cow", "valid_from", "valid_to")
    known = {
        name: (int(value) if name in numbers else value) if value else None for name, value in row.items()
    }
    name = known.pop("name_en")
    return known | {"name": name, "folded": " ".join(search.words(f"{name} {known['name_vi']}"))}

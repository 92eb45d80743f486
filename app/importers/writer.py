"""Batches of records to rows: what is new is inserted, what changed is updated, what is the same is left alone."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, column, select, table, update

from app import documents, search, spans
from app.documents import Related, Rendered, State
from app.importers import encoding, tallies
from app.importers.bulk import Bulk
from app.importers.late_indexes import LateIndexes
from app.importers.shelf import Shelf
from app.importers.shown import LoadError, Shown
from app.importers.tallies import Counted, Tallies
from app.records import (
    ActorRecord,
    EventRecord,
    Item,
    Reject,
    Release,
    SourceRecord,
    Withdrawal,
)
from app.tables import TABLES

_SEEN: Select[Any] = select(column("id")).select_from(table("seen"))
Placed = dict[str, tuple[int, Rendered]]  # by event: the id of its documents, and the documents

BATCH = 4_000  # events that are looked up together
PART = 1_000  # new events of a batch that are stored, on PostgreSQL, while the next are rendered


@dataclass
class Summary:
    """What became of a file's records."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    withdrawn: int = 0


class Writer:
    """Writes the items of one release, in one transaction that its caller holds."""

    def __init__(
        self,
        bulk: Bulk,
        dataset_id: str | None = None,
        summary: Summary | None = None,
        rejected: Callable[[Reject], None] = lambda _: None,
    ) -> None:
        self._bulk, self._dataset_id, self._rejected = bulk, dataset_id, rejected
        self._summary = summary or Summary()
        connection, clock = bulk.connection, TABLES["clock"].c.seq
        # The lock on this row is what makes changes commit in the order of their sequence.
        self._first_seq = self._seq = int(connection.execute(select(clock).with_for_update()).scalar_one())
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._now_text = self._now.strftime("%Y-%m-%d %H:%M:%S.%f")
        self._shelf = Shelf(bulk, connection.dialect.name)
        self._indexes = LateIndexes(bulk, connection.dialect.name)
        self._tallies = Tallies(bulk)
        bulk.script("CREATE TEMPORARY TABLE IF NOT EXISTS seen (id text PRIMARY KEY)", "DELETE FROM seen")
        self._shown = Shown(bulk)
        self._events: dict[str, EventRecord] = {}
        self._written: set[str] = set()
        self._sequences: dict[str, int] = {}

    # --- what the loader calls ---------------------------------------------------------------------

    def take(self, item: Item) -> bool:
        """Accept one item; True when a batch was written."""
        match item:
            case EventRecord():
                self._summary.read += 1
                if item.id in self._events:
                    self._refuse_repeated(item)
                else:
                    self._events[item.id] = item
            case SourceRecord() | ActorRecord():
                self._shown.take(item)
            case Withdrawal():
                self.flush()
                self._withdraw({item.id: item})
        if len(self._events) >= BATCH:
            self.flush()
            return True
        return False

    def flush(self) -> None:
        """Write what has been taken."""
        digests = {key: encoding.event_digest(record) for key, record in self._events.items()}
        # What is looked up waits for what is being stored: all that is made without comes before, all writes after.
        self._shown.look_up()
        held = self._held_events(self._events)
        renamed_sources, renamed_actors = self._shown.write()
        self._write_events(self._events, digests, held)
        self._rerender_showing("evidence", "source_id", renamed_sources)
        self._rerender_showing("event_actor", "actor_id", renamed_actors)
        self._shown.end_batch()
        self._events = {}

    def withdraw_missing(self, release: Release) -> None:
        """Withdraw the events of the dataset that this load has not seen."""
        self._indexes.restore()
        event = TABLES["event"].c
        missing = select(event.id).where(
            event.dataset_id == self._dataset_id, event.withdrawn.is_(None), event.id.not_in(_SEEN)
        )
        if release.dataset.kind == "dossier":
            first = self._bulk.connection.execute(missing.order_by(event.id)).first()
            if first:
                raise LoadError(
                    f"{release.file} lacks the event {first.id}, which an earlier version had;"
                    " list it under 'withdrawn' with a reason, since an id is never forgotten"
                )
        while ids := self._bulk.connection.execute(missing.order_by(event.id).limit(BATCH)).scalars().all():
            reason = f"not in version {release.dataset.version}"
            self._withdraw({key: Withdrawal(key, reason) for key in ids})

    def put_countries(self) -> None:
        """Write the countries that ship with this release of the software."""
        self._rerender_showing("event_country", "country_code", self._shown.put_countries())

    def render_all(self) -> int:
        """Render every document, and fill the full-text index, anew without calling it a change; returns how many."""
        self._shelf.clear()
        tallies.rebuild(self._bulk)
        count, last, event = 0, "", TABLES["event"].c
        page = select(event.id).order_by(event.id).limit(BATCH)
        while ids := self._bulk.connection.execute(page.where(event.id > last)).scalars().all():
            rendered = self._rendered_from_rows(ids)
            evidence = [(made.evidence, key) for key, (_, made) in rendered.items()]
            self._bulk.update("event", ("document_evidence",), "id", evidence)
            self._shelf.put(rendered)
            count, last = count + len(ids), ids[-1]
        return count

    def close(self, *, news: bool = False) -> None:
        """Hand the sequence on; with `news`, data has changed even when no event has."""
        self._indexes.restore()
        self._tallies.flush()
        self._shelf.settle()
        news = news or self._shown.is_news
        if news or self._seq != self._first_seq:
            self._bulk.connection.execute(update(TABLES["clock"]).values(seq=self._seq + news))

    # --- events ------------------------------------------------------------------------------------

    def _held_events(self, taken: dict[str, EventRecord]) -> dict[str, Any]:
        """The rows of those of these events that there are; what was in the file before is taken out of them."""
        for (key,) in self._bulk.rows("seen", ("id",), "id", taken):
            self._refuse_repeated(taken.pop(key))
        columns = ("id", "digest", "withdrawn")
        return {row[0]: row for row in self._bulk.rows("event", columns, "id", taken)}

    def _write_events(
        self, taken: dict[str, EventRecord], digests: dict[str, str], held: dict[str, Any]
    ) -> None:
        self._bulk.insert("seen", ("id",), [(key,) for key in taken])
        new = [record for key, record in taken.items() if key not in held]
        other = [r for key, r in taken.items() if key in held and held[key][1:] != (digests[key], None)]
        changed = []
        for record in self._with_quotes_kept(other):
            digests[record.id] = encoding.event_digest(record)
            if held[record.id][1:] != (digests[record.id], None):
                changed.append(record)
        self._summary.unchanged += len(taken) - len(new) - len(changed)
        self._written = {record.id for record in (*new, *changed)}
        self._sequences = {key: self._next() for key in taken if key in self._written}
        related = self._shown.related((*new, *changed))
        self._insert(new, digests, related)
        self._rewrite(changed, digests, related)

    def _refuse_repeated(self, record: EventRecord) -> None:
        self._summary.rejected += 1
        self._rejected(Reject(self._summary.read, "id", "occurs twice in this file", {"id": record.id}))

    def _with_quotes_kept(self, records: list[EventRecord]) -> Iterator[EventRecord]:
        """The records with the quotes that an operator has loaded: a passage's hash vouches for them."""
        columns = ("event_id", "passage_sha256", "quote")
        found = self._bulk.rows("evidence", columns, "event_id", [record.id for record in records])
        quotes = {(key, sha256): quote for key, sha256, quote in found if quote is not None}
        for record in records:
            kept = [
                e._replace(quote=e.quote or quotes.get((record.id, e.passage_sha256)))
                for e in record.evidence
            ]
            yield record._replace(evidence=kept) if quotes else record

    def _insert(self, records: list[EventRecord], digests: dict[str, str], related: Related) -> None:
        for first in range(0, len(records), PART):
            some = records[first : first + PART]
            rendered: Placed = {}
            self._bulk.insert("event", encoding.EVENT, list(self._new_rows(some, digests, related, rendered)))
            self._insert_children(some, rendered)
            self._shelf.put(rendered)
            for record in some:
                self._count(record)
        self._summary.inserted += len(records)

    def _new_rows(
        self, records: list[EventRecord], digests: dict[str, str], related: Related, rendered: Placed
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of new events, made while others are stored; `rendered` gets what is to be stored beside them."""
        state, now = State(self._dataset_id or "", 1, self._now), self._now_text
        for record in records:
            sequence = self._sequences[record.id]
            document_id = encoding.document_id(record, sequence)
            made = documents.render(record, state, related)
            rendered[record.id] = document_id, made
            yield (
                record.id, self._dataset_id, now, *encoding.facts_columns(record.facts),
                1, sequence, now, digests[record.id], made.evidence, document_id,
            )  # fmt: skip

    def _insert_children(self, records: list[EventRecord], rendered: Placed) -> None:
        rows: dict[str, list[Any]] = {name: [] for name in encoding.CHILDREN}
        for record in records:
            for name, some in encoding.children(record, rendered[record.id][0]).items():
                rows[name] += some
        for name, columns in encoding.CHILDREN.items():
            self._bulk.insert(name, columns, rows[name])

    def _rewrite(self, records: list[EventRecord], digests: dict[str, str], related: Related) -> None:
        if not records:
            return
        ids = [record.id for record in records]
        self._uncount(ids)
        held = {
            row[0]: encoding.Held(*row) for row in self._bulk.rows("event", encoding.Held._fields, "id", ids)
        }
        stored = self._shelf.take({key: old.document_id for key, old in held.items()})
        rows, rendered, revisions = [], {}, []
        for record in records:
            old = held[record.id]
            made = documents.render(record, State(old.dataset_id, old.revision + 1, self._now), related)
            document_id = encoding.document_id(record, search.sequence(old.document_id))
            rendered[record.id] = document_id, made
            rows.append((
                *encoding.facts_columns(record.facts), old.revision + 1, self._sequences[record.id], self._now_text,
                digests[record.id], made.evidence, document_id, None, None, None, record.id,
            ))  # fmt: skip
            self._count(record, old.dataset_id)
            told = encoding.changes(old, stored[old.document_id], made)
            revisions.append((record.id, old.revision + 1, self._now_text, json.dumps(told)))
        for name in encoding.CHILDREN:
            self._bulk.delete(name, "event_id", ids)
        self._bulk.update("event", encoding.REWRITTEN, "id", rows)
        self._insert_children(records, rendered)
        self._shelf.put(rendered)
        self._bulk.insert("event_revision", encoding.REVISION, revisions)
        self._summary.updated += len(records)

    def _withdraw(self, entries: dict[str, Withdrawal]) -> None:
        rows, revisions = [], []
        for row in self._bulk.rows("event", encoding.WITHDRAWN, "id", entries):
            key, revision, withdrawn, reason, successor = row
            entry = entries[key]
            if withdrawn is not None and (reason, successor) == (entry.reason, entry.successor_id):
                continue
            rows.append((withdrawn or self._now_text, entry.reason, entry.successor_id, revision + 1, key))
            told = [encoding.change("withdrawn", reason, entry.reason)]
            revisions.append((key, revision + 1, self._now_text, json.dumps(told)))
            self._summary.withdrawn += withdrawn is None
        self._uncount([row[-1] for row in rows])
        columns = ("withdrawn", "withdrawn_reason", "successor_id", "revision")
        self._bulk.update("event", columns, "id", rows)
        for name, key in (("event", "id"), *((name, "event_id") for name in encoding.LISTED_CHILDREN)):
            self._bulk.update(name, ("span",), key, [(spans.WITHDRAWN, row[-1]) for row in rows])
        self._bulk.insert("event_revision", encoding.REVISION, revisions)
        self._rerender([row[-1] for row in rows])

    # --- events that show what has changed -----------------------------------------------------------

    def _rerender_showing(self, child: str, key: str, renamed: Sequence[str]) -> None:
        """Render anew the events that show something whose name has changed; their own record has not."""
        if renamed:
            self._indexes.restore()
        table = TABLES[child].c
        for first in range(0, len(renamed), BATCH):
            some = renamed[first : first + BATCH]
            showing = select(table.event_id).where(table[key].in_(some)).distinct()
            ids = [k for k in self._bulk.connection.execute(showing).scalars() if k not in self._written]
            for start in range(0, len(ids), BATCH):
                self._rerender(ids[start : start + BATCH])

    def _rerender(self, ids: Sequence[str]) -> None:
        """Render events anew from their rows, as a change."""
        if not ids:
            return
        rendered = self._rendered_from_rows(ids, self._now)
        rows = [(self._next(), self._now_text, made.evidence, key) for key, (_, made) in rendered.items()]
        self._bulk.update("event", ("change_seq", "updated", "document_evidence"), "id", rows)
        self._shelf.take({key: document_id for key, (document_id, _) in rendered.items()})
        self._shelf.put(rendered)

    def _rendered_from_rows(self, ids: Sequence[str], updated: datetime | None = None) -> Placed:
        held = documents.stored(self._bulk.connection, ids)
        related = documents.related(
            self._bulk.connection, (record for record, _ in held), self._shown.countries
        )
        places = dict(self._bulk.rows("event", ("id", "document_id"), "id", ids))
        return {
            record.id: (
                places[record.id],
                documents.render(record, state._replace(updated=updated or state.updated), related),
            )
            for record, state in held
        }

    def _count(self, record: EventRecord, dataset_id: str | None = None) -> None:
        facts = record.facts
        self._tallies.count(
            Counted(
                facts.type, dataset_id or self._dataset_id or "", facts.date_start, facts.date_end,
                facts.fatalities_best, [code for code, _ in record.countries],
            )
        )  # fmt: skip

    def _uncount(self, ids: Sequence[str]) -> None:
        """Take what these events have added out of the tallies; a withdrawn one has nothing in them."""
        countries: dict[str, list[str]] = {key: [] for key in ids}
        for key, code in self._bulk.rows("event_country", ("event_id", "country_code"), "event_id", ids):
            countries[key].append(code)
        columns = ("id", "withdrawn", *Counted._fields[:-1])
        for key, withdrawn, *facts in self._bulk.rows("event", columns, "id", ids):
            if withdrawn is None:
                self._tallies.count(Counted._make((*facts, countries[key])), -1)

    def _next(self) -> int:
        self._seq += 1
        return self._seq

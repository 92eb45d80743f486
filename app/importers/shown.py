"""What many events show: sources, actors and countries, with their names."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection

from app import codes, documents
from app.documents import Related, ShownActor
from app.importers import encoding
from app.importers.bulk import Bulk
from app.records import ActorRecord, EventRecord, SourceRecord

T = TypeVar("T")
_Tell: TypeAlias = Callable[[Connection, Sequence[str]], Mapping[str, Any]]
_Rows: TypeAlias = dict[str, tuple[Any, ...]]  # by their first column; the last is the digest

_SETTLED_AT_MOST = 100_000
_KNOWN_AT_MOST = 20_000


class LoadError(ValueError):
    """A release that does not fit what is loaded already; nothing of it is written."""


class Shown:
    """Writes what changed of them, a batch at a time, and says what events show of them."""

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self.is_news = False  # something was written
        self.countries = documents.country_names(bulk.connection)
        self._sources: dict[str, SourceRecord] = {}
        self._actors: dict[str, ActorRecord] = {}
        self._known_actors: dict[str, ShownActor] = {}
        self._rows: dict[str, _Rows] = {}
        self._held: dict[str, Mapping[str, str]] = {}
        self._settled: set[tuple[str, str, str]] = set()

    def take(self, record: SourceRecord | ActorRecord) -> None:
        """Add to the batch."""
        if isinstance(record, SourceRecord):
            self._sources[record.id] = record
        else:
            self._actors[record.id] = record

    def look_up(self) -> None:
        """Find out which of the batch there are, and what they say."""
        self._look_up("source", {key: encoding.source_row(record) for key, record in self._sources.items()})
        self._look_up("actor", {key: encoding.actor_row(record) for key, record in self._actors.items()})

    def write(self) -> tuple[list[str], list[str]]:
        """Write what has been looked up; returns the sources and the actors of which events now show something else."""
        sources = self._put("source", encoding.SOURCE, documents.shown_sources)
        return self._with_derived(sources), self._put("actor", encoding.ACTOR, documents.shown_actors)

    def end_batch(self) -> None:
        """Begin another."""
        self._sources, self._actors = {}, {}

    def put_countries(self) -> list[str]:
        """Write the countries that ship with this release of the software; returns those with another name."""
        self._look_up(
            "country", {row["code"]: encoding.country_row(row) for row in codes.countries()}, "code"
        )
        renamed = self._put("country", encoding.COUNTRY, lambda c, _: documents.country_names(c))
        self.countries = documents.country_names(self._bulk.connection)
        return renamed

    def related(self, records: Iterable[EventRecord]) -> Related:
        """What these events show: from this batch where it holds it, otherwise from the tables."""
        actors = {key for record in records for key, _ in record.actors}
        sources = {entry.source_id for record in records for entry in record.evidence}
        sources |= {above for record in self._sources.values() if (above := record.derived_from)}
        shown_actors = self._shown_actors(actors)
        shown_sources = self._elsewhere(documents.shown_sources, sources - self._sources.keys())
        shown_sources |= {key: encoding.shown_source(record) for key, record in self._sources.items()}
        unknown = (actors - shown_actors.keys()) | (sources - shown_sources.keys())
        if unknown:
            raise LoadError(
                f"an event names {min(unknown)!r}, which is neither in the file before it nor loaded"
            )
        return Related(self.countries, shown_actors, shown_sources)

    def _look_up(self, table: str, rows: _Rows, key: str = "id") -> None:
        """The digests of those that there are; what this load has written already is passed over."""
        unsettled = {k: row for k, row in rows.items() if (table, k, row[-1]) not in self._settled}
        self._rows[table] = unsettled
        self._held[table] = dict(self._bulk.rows(table, (key, "digest"), key, unsettled))

    def _put(self, table: str, columns: Sequence[str], tell: _Tell) -> list[str]:
        """Write the rows that were looked up; returns the keys of those that `tell` now tells otherwise."""
        rows, held = self._rows.pop(table), self._held.pop(table)
        self._bulk.insert(table, columns, [row for key, row in rows.items() if key not in held])
        if len(self._settled) > _SETTLED_AT_MOST:
            self._settled.clear()
        self._settled.update((table, key, row[-1]) for key, row in rows.items())
        changed = [row for key, row in rows.items() if key in held and held[key] != row[-1]]
        self.is_news = self.is_news or bool(changed) or len(held) < len(rows)
        if not changed:
            return []
        keys = [row[0] for row in changed]
        before = tell(self._bulk.connection, keys)
        self._bulk.update(table, columns, columns[0], [(*row, row[0]) for row in changed])
        after = tell(self._bulk.connection, keys)
        return [key for key in keys if before[key] != after[key]]

    def _with_derived(self, sources: list[str]) -> list[str]:
        """Sources, and all that derive from them: an event counts origins through every one of them."""
        found = set(sources)
        above = sources
        while above:
            below = {row[0] for row in self._bulk.rows("source", ("id",), "derived_from", above)}
            above = sorted(below - found)
            found |= below
        return sorted(found)

    def _elsewhere(
        self, shown: Callable[[Connection, set[str]], dict[str, T]], ids: set[str]
    ) -> dict[str, T]:
        """What the tables have of these, which are none as a rule: to ask is to wait for all rows on their way."""
        return shown(self._bulk.connection, ids) if ids else {}

    def _shown_actors(self, ids: set[str]) -> Mapping[str, ShownActor]:
        """Those with these ids and others: many events name the same ones, so what has been looked up is kept."""
        if len(self._known_actors) > _KNOWN_AT_MOST:
            self._known_actors.clear()
        self._known_actors |= {key: encoding.shown_actor(record) for key, record in self._actors.items()}
        self._known_actors |= self._elsewhere(documents.shown_actors, ids - self._known_actors.keys())
        return self._known_actors

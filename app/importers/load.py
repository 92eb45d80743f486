"""The only writer: a release becomes rows, whole or not at all, and only what changed is written."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime

from sqlalchemy import JSON, Connection, Engine, LargeBinary, Table, Text, func, insert, select, text, update

from app.importers.bulk import Bulk
from app.importers.shown import LoadError
from app.importers.writer import Summary, Writer
from app.records import DatasetRecord, Reject, Release
from app.tables import TABLES

Progress = Callable[[Summary], None]
Rejected = Callable[[Reject], None]

__all__ = ["LoadError", "Summary", "load", "load_countries", "render_all"]

# Of these an index alone answers, on PostgreSQL only for pages that were vacuumed; the others are read for their rows.
_INDEXED = ("event", "event_country", "event_actor", "event_context")
_KEYED = ("event_document", "evidence", "event_tally", "source")  # these are found by their keys alone
_LONG = Text | JSON | LargeBinary
# The last is how much of new words is gathered before the index takes them in, sorted in `work_mem`.
_FOR_IMPORTS = ("lock_timeout = '30s'", "work_mem = '64MB'", "gin_pending_list_limit = '32MB'")
_IMPORT_LOCK = 4_261_402_025
_LOAD = TABLES["load"]
_DATASET = TABLES["dataset"]


def load(
    engine: Engine,
    release: Release,
    progress: Progress = lambda _: None,
    rejected: Rejected = lambda _: None,
) -> Summary:
    """Write `release` in one transaction with the end of its `load` record; a failure leaves a failed record."""
    with _only_import(engine) as connection, _at_full_speed():
        load_id = _begin(connection, release)
        summary = Summary()
        try:
            with _transaction(connection), Bulk(connection) as bulk:
                _write(bulk, release, summary, progress, rejected)
                _finish(connection, load_id, "succeeded", summary)
        except BaseException as error:
            with _transaction(connection):
                reason = f"{type(error).__name__}: {error}"
                _finish(connection, load_id, "failed", Summary(read=summary.read), reason)
                _tell_news(connection)
            raise
        if summary.inserted or summary.updated or summary.withdrawn:
            _tidy(connection, summary)
    return summary


def load_countries(engine: Engine) -> None:
    """Bring the country table in line with the file that ships with this release."""
    with _only_import(engine) as connection, _transaction(connection), Bulk(connection) as bulk:
        writer = Writer(bulk)
        writer.put_countries()
        writer.close()


def render_all(engine: Engine) -> int:
    """Render every stored document anew, without calling it a change; returns how many."""
    with _only_import(engine) as connection, _transaction(connection), Bulk(connection) as bulk:
        writer = Writer(bulk)
        count = writer.render_all()
        writer.close(news=True)
        if connection.dialect.name == "sqlite":
            _merge_words(connection)
        return count


@contextmanager
def _only_import(engine: Engine) -> Iterator[Connection]:
    """A connection whose import no other can come into; waits for one that is running."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            for setting in _FOR_IMPORTS:
                connection.execute(text(f"SET {setting}"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _IMPORT_LOCK})
            connection.commit()  # the lock outlives the transaction, not the connection
        try:
            yield connection
        finally:
            if connection.dialect.name == "postgresql":
                connection.invalidate()  # and with it goes the lock


@contextmanager
def _at_full_speed() -> Iterator[None]:
    """Python set up for one import.

    It looks less often for what only refers to itself: of records nothing does, and each look goes through all held.
    And the thread that feeds PostgreSQL waits no 5 ms for its turn.
    """
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(2_000, 20, 500)
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    with connection.begin():
        yield


def _begin(connection: Connection, release: Release) -> int:
    with _transaction(connection):
        # No import runs but this one, so a load that still says so was killed.
        died = {"outcome": "failed", "finished": _now(), "error": "did not finish"}
        if connection.execute(update(_LOAD).where(_LOAD.c.outcome == "running").values(died)).rowcount:
            _tell_news(connection)
        record = {
            "dataset_id": release.dataset.id,
            "file": release.file,
            "file_sha256": release.file_sha256,
            "version": release.dataset.version,
            "started": _now(),
            "outcome": "running",
            **asdict(Summary()),
        }
        (load_id,) = connection.execute(insert(_LOAD).values(record).returning(_LOAD.c.id)).one()
        return int(load_id)


def _finish(
    connection: Connection, load_id: int, outcome: str, summary: Summary, error: str | None = None
) -> None:
    record = {"outcome": outcome, "finished": _now(), "error": error, **asdict(summary)}
    connection.execute(update(_LOAD).where(_LOAD.c.id == load_id).values(record))


def _tell_news(connection: Connection) -> None:
    """Let clients know that something has changed beside the events."""
    clock = TABLES["clock"]
    connection.execute(update(clock).values(seq=clock.c.seq + 1))


def _write(bulk: Bulk, release: Release, summary: Summary, progress: Progress, rejected: Rejected) -> None:
    _put_dataset(bulk.connection, release.dataset)
    writer = Writer(bulk, release.dataset.id, summary, rejected)
    for item in release.items:
        if isinstance(item, Reject):
            summary.read += 1
            summary.rejected += 1
            rejected(item)
        elif writer.take(item):
            progress(summary)
    writer.flush()
    if release.whole:
        writer.withdraw_missing(release)
    writer.close(news=True)  # the dataset's last load is news, even when no event is
    _describe(bulk.connection, release.dataset.id)
    progress(summary)


def _put_dataset(connection: Connection, record: DatasetRecord) -> None:
    values = record._asdict()
    held = connection.execute(select(_DATASET.c.id).where(_DATASET.c.id == record.id)).first()
    if held:
        connection.execute(update(_DATASET).where(_DATASET.c.id == record.id).values(values))
    else:
        connection.execute(insert(_DATASET).values(values | {"events": 0}))


def _describe(connection: Connection, dataset_id: str) -> None:
    """Count a dataset's events and say which days they cover, as far as they are bounded: from the counts of days."""
    tally = TABLES["event_tally"].c
    days = (tally.level == "day", tally.country == "", tally.type == "", tally.dataset == dataset_id)
    count = select(func.coalesce(func.sum(tally.starts), 0)).where(*days)
    first = select(func.min(tally.period)).where(*days, tally.starts > 0, tally.period > str(date.min))
    last = select(func.max(tally.period)).where(*days, tally.ends > 0, tally.period < str(date.max))
    start, end = connection.scalar(first), connection.scalar(last)
    if start and end and start > end:  # every event is open, some to the past and some to the future
        start, end = end, start
    covered = {
        "coverage_start": start and date.fromisoformat(start),
        "coverage_end": end and date.fromisoformat(end),
    }
    values = covered | {"events": connection.scalar(count)}
    connection.execute(update(_DATASET).where(_DATASET.c.id == dataset_id).values(values))


def _tidy(connection: Connection, summary: Summary) -> None:
    """Let the database know what it holds now, so that it plans well."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        connection.exec_driver_sql("ANALYZE")
        held = connection.scalar(select(func.sum(_DATASET.c.events))) or 0
        if (summary.inserted + summary.updated) * _MERGED_FROM >= held:
            _merge_words(connection)
        connection.commit()
        return
    connection.execution_options(isolation_level="AUTOCOMMIT")
    # The server would come to it later by itself; of new words it has only a list until then.
    connection.exec_driver_sql(f"VACUUM (ANALYZE) {_planned(_INDEXED)}, event_search")
    connection.exec_driver_sql(f"ANALYZE {_planned(('actor',))}, {_planned(_KEYED, keys=True)}")


# A load of less than one event in so many leaves the words as they are: to write them anew would take longer.
_MERGED_FROM = 8
# In bytes, and as much as fits into a page of the database. A word's days lead into its pages by an index that must
# itself fit into one of them: where it does not, SQLite reads all that is newer than the day asked for.
_WORDS_PAGE = 16_200


def _merge_words(connection: Connection) -> None:
    """Make SQLite's full-text index one piece: as it grows it becomes a dozen, and each search begins in all of them."""
    for command, value in (("pgsz", _WORDS_PAGE), ("optimize", None)):
        connection.exec_driver_sql(
            "INSERT INTO event_search (event_search, rank) VALUES (?, ?)", (command, value)
        )


def _planned(names: Sequence[str], *, keys: bool = False) -> str:
    """Tables with the columns that a plan may depend on. None depends on long texts, and to sort them takes longest."""

    def columns(table: Table) -> Iterator[str]:
        indexed = {c for index in table.indexes for c in index.columns}
        for c in table.columns:
            if c.primary_key or c.foreign_keys or c in indexed or not (keys or isinstance(c.type, _LONG)):
                yield c.name

    return ", ".join(f"{name} ({', '.join(columns(TABLES[name]))})" for name in names)


def _now() -> datetime:
    return datetime.now(UTC)

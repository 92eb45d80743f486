"""The rows that hold what is rendered of events, their documents and their words, in the order of days."""

from collections.abc import Mapping

from app import rendering, search
from app.documents import Rendered
from app.importers.bulk import Bulk

_DOCUMENT = ("id", "document", "evidence", "version")


class Shelf:
    """Puts documents and words into the database.

    They are gathered in a temporary table and moved on in the order of their ids: in any other, a database as
    large as what it holds would be rewritten page by page, and SQLite's full-text index word by word.
    """

    def __init__(self, bulk: Bulk, dialect: str) -> None:
        self._bulk, self._dialect = bulk, dialect
        kinds = ("integer", "blob") if dialect == "sqlite" else ("bigint", "bytea")
        bulk.script(
            "CREATE TEMPORARY TABLE IF NOT EXISTS fresh (id {0}, event_id text, document {1}, evidence {1},"
            " words text)".format(*kinds),
            "DELETE FROM fresh",
        )
        self._any_fresh = False

    def put(self, rendered: Mapping[str, tuple[int, Rendered]]) -> None:
        """Add what is rendered of new events: by event, the document's id and the documents."""
        rows = [
            (place, key, made.document, made.evidence, search.indexed(self._dialect, made.text))
            for key, (place, made) in rendered.items()
        ]
        self._bulk.insert("fresh", ("id", "event_id", "document", "evidence", "words"), rows)
        self._any_fresh = self._any_fresh or bool(rows)

    def take(self, events: Mapping[str, int]) -> dict[int, tuple[bytes, bytes]]:
        """Remove what there is of these events, by event the document's id; returns the documents by id."""
        self.settle()
        places = list(events.values())
        held = self._bulk.rows("event_document", ("id", "document", "evidence"), "id", places)
        self._bulk.delete("event_document", "id", places)
        if self._dialect == "sqlite":
            self._bulk.delete("event_search", "rowid", places)
        else:
            self._bulk.delete("event_search", "event_id", events)
        return {place: (document, evidence) for place, document, evidence in held}

    def clear(self) -> None:
        """Remove everything, to be put anew."""
        self._bulk.script("DELETE FROM event_document", "DELETE FROM event_search")

    def settle(self) -> None:
        """Move what was put to where it is read."""
        if not self._any_fresh:
            return
        words = "rowid, words" if self._dialect == "sqlite" else "event_id, words"
        found_by = "id, words" if self._dialect == "sqlite" else "event_id, CAST(words AS tsvector)"
        self._bulk.script(
            f"INSERT INTO event_document ({', '.join(_DOCUMENT)})"  # noqa: S608
            f" SELECT id, document, evidence, {rendering.REPRESENTATION} FROM fresh ORDER BY id",
            f"INSERT INTO event_search ({words}) SELECT {found_by} FROM fresh ORDER BY id",  # noqa: S608
            "DELETE FROM fresh" if self._dialect == "sqlite" else "TRUNCATE fresh",
        )
        self._any_fresh = False

"""The rows that hold what is rendered of events: documents and words in the order of days, and lists of countries."""

from collections.abc import Mapping
from typing import Any

from app import rendering, search
from app.documents import Rendered
from app.importers.bulk import Bulk

_DOCUMENT = ("id", "document", "version")
_LISTED_BY = ("country_code", "date_start", "event_id")
# CROSS: SQLite, which does not know how few are fresh, would otherwise go through the countries of all events.
_LIST = """
INSERT INTO country_document (country_code, date_start, event_id, date_end, document)
SELECT country_code, date_start, event_id, date_end, document
FROM fresh CROSS JOIN event_country ON document_id = fresh.id WHERE first_role AND span >= 0 ORDER BY 1, 2, 3
"""


class Shelf:
    """Puts documents and words into the database.

    They are gathered in a temporary table and moved on in the order of their ids: in any other, a database as
    large as what it holds would be rewritten page by page, and SQLite's full-text index word by word. That of
    PostgreSQL has no such order, and there are no lists of countries there.

    Whoever puts an event has its rows in `event_country` in place, and whoever takes one has them still.
    """

    def __init__(self, bulk: Bulk, dialect: str) -> None:
        self._bulk, self._dialect, self._sqlite = bulk, dialect, dialect == "sqlite"
        columns = "id integer, document blob, words text" if self._sqlite else "id bigint, document bytea"
        bulk.script(f"CREATE TEMPORARY TABLE IF NOT EXISTS fresh ({columns})", "DELETE FROM fresh")
        self._any_fresh = False

    def put(self, rendered: Mapping[str, tuple[int, Rendered]]) -> None:
        """Add what is rendered of new events: by event, the document's id and the documents."""
        rows: list[tuple[Any, ...]] = [(place, made.document) for place, made in rendered.values()]
        words = [search.indexed(self._dialect, made.text) for _, made in rendered.values()]
        if self._sqlite:
            rows = [(*row, found_by) for row, found_by in zip(rows, words, strict=True)]
            self._bulk.insert("fresh", ("id", "document", "words"), rows)
        else:
            self._bulk.insert("fresh", ("id", "document"), rows)
            self._bulk.insert("event_search", ("event_id", "words"), list(zip(rendered, words, strict=True)))
        self._any_fresh = self._any_fresh or bool(rows)

    def take(self, events: Mapping[str, int]) -> dict[int, bytes]:
        """Remove what there is of these events, by event the document's id; returns the documents by id."""
        self.settle()
        places = list(events.values())
        held = dict(self._bulk.rows("event_document", ("id", "document"), "id", places))
        self._bulk.delete("event_document", "id", places)
        if self._sqlite:
            self._bulk.delete("event_search", "rowid", places)
            listed = set(self._bulk.rows("event_country", _LISTED_BY, "event_id", events))
            self._bulk.delete_rows("country_document", _LISTED_BY, sorted(listed))
        else:
            self._bulk.delete("event_search", "event_id", events)
        return held

    def clear(self) -> None:
        """Remove everything, to be put anew."""
        self._bulk.script("DELETE FROM event_document", "DELETE FROM event_search")
        if self._sqlite:
            self._bulk.script("DELETE FROM country_document")

    def settle(self) -> None:
        """Move what was put to where it is read."""
        if not self._any_fresh:
            return
        self._bulk.script(
            f"INSERT INTO event_document ({', '.join(_DOCUMENT)})"  # noqa: S608
            f" SELECT id, document, {rendering.REPRESENTATION} FROM fresh ORDER BY id"
        )
        if self._sqlite:
            self._bulk.script(
                "INSERT INTO event_search (rowid, words) SELECT id, words FROM fresh ORDER BY id", _LIST
            )
        self._bulk.script("DELETE FROM fresh" if self._sqlite else "TRUNCATE fresh")
        self._any_fresh = False

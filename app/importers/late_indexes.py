"""The indexes of an empty database, which are made when its first load is in."""

from app.importers.bulk import Bulk

_TABLES = ("event", "event_country", "event_actor", "event_context", "evidence")


class LateIndexes:
    """Takes away the indexes of events while there are none, and makes them again.

    To sort a million entries once takes a fraction of the time that it takes to put each into its place, and as long
    for each of a million as for each of ten thousand. On SQLite only, where readers see nothing of it until all is
    committed; PostgreSQL would keep them waiting.
    """

    def __init__(self, bulk: Bulk, dialect: str) -> None:
        self._bulk = bulk
        self._made_by: list[str] = []
        if dialect == "sqlite" and not bulk.any_rows("event"):
            self._take_away()

    def _take_away(self) -> None:
        columns = ("name", "sql", "tbl_name")
        for name, made_by, _ in self._bulk.rows("sqlite_master", columns, "tbl_name", _TABLES):
            if made_by is not None and made_by.upper().startswith("CREATE INDEX"):
                self._made_by.append(made_by)
                self._bulk.script(f"DROP INDEX {name}")

    def restore(self) -> None:
        """Make those that are missing."""
        made_by, self._made_by = self._made_by, []
        self._bulk.script(*made_by)

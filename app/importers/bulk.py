"""Many rows at once, in the fastest way that each database has."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

Rows = Sequence[tuple[Any, ...]]


class Bulk:
    """Rows in and out of one connection. Values are as the driver takes them; dates and times are ISO text."""

    def __init__(self, connection: Connection) -> None:
        self._sqlite = connection.dialect.name == "sqlite"
        self._cursor: Any = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        self._mark = "?" if self._sqlite else "%s"

    def insert(self, table: str, columns: Collection[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Add new rows. They may be made as they are taken: PostgreSQL stores some while the next are being made."""
        if isinstance(rows, Sequence) and not rows:
            return
        names = ", ".join(columns)
        if self._sqlite:
            marks = ", ".join("?" * len(columns))
            self._cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
            return
        with self._cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            write = copy.write_row
            for row in rows:
                write(row)

    def update(self, table: str, columns: Collection[str], key: str, rows: Rows) -> None:
        """Set `columns` of the rows whose `key` is the last value of each of `rows`."""
        if rows:
            changes = ", ".join(f"{name} = {self._mark}" for name in columns)
            self._cursor.executemany(f"UPDATE {table} SET {changes} WHERE {key} = {self._mark}", rows)  # noqa: S608

    def add(self, table: str, key: Collection[str], numbers: Collection[str], rows: Rows) -> None:
        """Add to the `numbers` of the rows with these keys, which come first in each of `rows`, each once.

        A new key is inserted.
        """
        if not rows:
            return
        in_order = sorted(rows)  # neighbours in the index are written together
        if not self.any_rows(table):
            self.insert(table, (*key, *numbers), in_order)
            return
        names = ", ".join((*key, *numbers))
        sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in numbers)
        adding = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sums}"
        if self._sqlite:
            marks = ", ".join("?" * len(in_order[0]))
            self._cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}){adding}", in_order)  # noqa: S608
            return
        self.script(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS added_{table} (LIKE {table})", f"TRUNCATE added_{table}"
        )
        self.insert(f"added_{table}", (*key, *numbers), in_order)
        self.script(f"INSERT INTO {table} ({names}) SELECT {names} FROM added_{table}{adding}")  # noqa: S608

    def delete(self, table: str, key: str, values: Collection[Any]) -> None:
        """Remove the rows whose `key` is one of `values`."""
        if values:
            self._execute(f"DELETE FROM {table} WHERE {key} {self._among()}", values)  # noqa: S608

    def rows(self, table: str, columns: Collection[str], key: str, values: Collection[Any]) -> list[Any]:
        """`columns` of the rows whose `key` is one of `values`."""
        if not values:
            return []
        names = ", ".join(columns)
        self._execute(f"SELECT {names} FROM {table} WHERE {key} {self._among()}", values)  # noqa: S608
        return list(self._cursor.fetchall())

    def any_rows(self, table: str) -> bool:
        """The table is not empty."""
        self._cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608
        return self._cursor.fetchone() is not None

    def script(self, *statements: str) -> None:
        """Run statements that take no values."""
        for statement in statements:
            self._cursor.execute(statement)

    def _among(self) -> str:
        return "IN (SELECT value FROM json_each(?))" if self._sqlite else "= ANY(%s)"

    def _execute(self, statement: str, values: Iterable[Any]) -> None:
        held = list(values)
        self._cursor.execute(statement, (json.dumps(held) if self._sqlite else held,))

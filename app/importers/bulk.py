"""Many rows at once, in the fastest way that each database has."""

import json
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any, Self

from sqlalchemy import Connection

Rows = Sequence[tuple[Any, ...]]
_BEHIND_AT_MOST = 24  # statements
# Rows of one statement on SQLite: to begin and end one for each row takes as long as a short row does.
_TOGETHER = 50


class Bulk:
    """Rows in and out of one connection. Values are as the driver takes them; dates and times are ISO text.

    PostgreSQL takes new rows in a thread, while the next are being made. Whatever else is asked of the connection waits
    for them, and raises what has gone wrong with them.
    """

    def __init__(self, connection: Connection) -> None:
        self._sqlite = connection.dialect.name == "sqlite"
        self._connection = connection
        self._taken: Any = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        self._mark = "?" if self._sqlite else "%s"
        self._thread = ThreadPoolExecutor(1, "bulk")
        self._behind: deque[Future[None]] = deque()

    @property
    def connection(self) -> Connection:
        """The connection, when it has all rows."""
        self._catch_up()
        return self._connection

    @property
    def _cursor(self) -> Any:
        self._catch_up()
        return self._taken

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Let go of the connection, which has all rows then; after a failure, those under way never reach it."""
        try:
            if failure is None:
                self._catch_up()
        finally:
            self._thread.shutdown(cancel_futures=True)

    def insert(self, table: str, columns: Collection[str], rows: Rows) -> None:
        """Add new rows."""
        if not rows:
            return
        names = ", ".join(columns)
        if self._sqlite:
            self._add_values(f"INSERT INTO {table} ({names}) VALUES ", len(columns), rows)  # noqa: S608
            return
        self._catch_up(_BEHIND_AT_MOST)
        self._behind.append(self._thread.submit(self._copy, f"COPY {table} ({names}) FROM STDIN", rows))

    def _add_values(self, inserting: str, width: int, rows: Rows) -> None:
        marks = f"({', '.join('?' * width)})"
        whole = len(rows) - len(rows) % _TOGETHER
        parts = (rows[first : first + _TOGETHER] for first in range(0, whole, _TOGETHER))
        values = (tuple(chain.from_iterable(part)) for part in parts)
        self._cursor.executemany(inserting + ", ".join([marks] * _TOGETHER), values)
        self._cursor.executemany(inserting + marks, rows[whole:])

    def _copy(self, statement: str, rows: Rows) -> None:
        with self._taken.copy(statement) as copy:
            write = copy.write_row
            for row in rows:
                write(row)

    def _catch_up(self, but: int = 0) -> None:
        """Wait for all rows on their way but those of this many statements."""
        while len(self._behind) > but:
            self._behind.popleft().result()

    def update(self, table: str, columns: Collection[str], key: str, rows: Rows) -> None:
        """Set `columns` of the rows whose `key` is the last value of each of `rows`."""
        if rows:
            changes = ", ".join(f"{name} = {self._mark}" for name in columns)
            self._cursor.executemany(f"UPDATE {table} SET {changes} WHERE {key} = {self._mark}", rows)  # noqa: S608

    def add(self, table: str, key: Collection[str], numbers: Collection[str], rows: Rows) -> None:
        """Add to the `numbers` of the rows with these keys, which come first in each of `rows`, each once.

        A new key is inserted. Neighbours in the index are written together where `rows` come in the order of keys.
        """
        if not rows:
            return
        names = ", ".join((*key, *numbers))
        sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in numbers)
        adding = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sums}"
        if self._sqlite:
            marks = ", ".join("?" * len(rows[0]))
            self._cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}){adding}", rows)  # noqa: S608
            return
        self.script(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS added_{table} (LIKE {table})", f"TRUNCATE added_{table}"
        )
        self.insert(f"added_{table}", (*key, *numbers), rows)
        self.script(f"INSERT INTO {table} ({names}) SELECT {names} FROM added_{table}{adding}")  # noqa: S608

    def delete(self, table: str, key: str, values: Collection[Any]) -> None:
        """Remove the rows whose `key` is one of `values`."""
        if values:
            self._execute(f"DELETE FROM {table} WHERE {key} {self._among()}", values)  # noqa: S608

    def delete_rows(self, table: str, key: Collection[str], rows: Collection[tuple[Any, ...]]) -> None:
        """Remove the rows whose `key`, of several columns, is one of `rows`."""
        if rows:
            same = " AND ".join(f"{name} = {self._mark}" for name in key)
            self._cursor.executemany(f"DELETE FROM {table} WHERE {same}", rows)  # noqa: S608

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

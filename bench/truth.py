"""What is right: the answers of plain SQL over the public tables, which no server is asked for."""

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, text

_FOUND = """(lower(title) LIKE :q OR lower(summary) LIKE :q OR lower(place_name) LIKE :q OR id IN
 (SELECT l.event_id FROM event_actor l JOIN actor a ON a.id = l.actor_id WHERE lower(a.name) LIKE :q))"""
_CLAUSES = {
    "country": "id IN (SELECT event_id FROM event_country WHERE country_code = :country)",
    "date_from": "date_end >= :date_from",
    "date_to": "date_start <= :date_to",
    "q": _FOUND,
    "west": "longitude BETWEEN :west AND :east AND latitude BETWEEN :south AND :north",
}


class Truth:
    """Looks things up in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[Any, ...], Sequence[Any]] = {}  # every server is held against the same

    def _rows(self, sql: str, values: dict[str, Any]) -> Sequence[Any]:
        asked = (sql, *values.items())
        if asked not in self._known:
            with self._engine.connect() as connection:
                self._known[asked] = connection.execute(text(sql), values).all()
        return self._known[asked]

    def ids(self, limit: int = 100, offset: int = 0, **filters: Any) -> list[str]:
        """The ids of a page, newest first."""
        sql = f"SELECT id FROM event WHERE {_where(filters)} ORDER BY date_start DESC, id DESC"
        found = self._rows(f"{sql} LIMIT {limit} OFFSET {offset}", _values(filters))
        return [str(row[0]) for row in found]

    def total(self, **filters: Any) -> int:
        """How many events."""
        return int(self._rows(f"SELECT count(*) FROM event WHERE {_where(filters)}", _values(filters))[0][0])

    def months(self, **filters: Any) -> dict[str, int]:
        """Events by the month that all their days lie in."""
        first, last = (f"substr(CAST({day} AS TEXT), 1, 7)" for day in ("date_start", "date_end"))
        where = f"{_where(filters)} AND {first} = {last}"
        sql = f"SELECT {first} AS month, count(*) FROM event WHERE {where} GROUP BY 1 ORDER BY 1"
        return {str(month): int(count) for month, count in self._rows(sql, _values(filters))}

    def some(self, many: int) -> list[str]:
        """Ids of any events, in no order."""
        with self._engine.connect() as connection:
            found = connection.scalars(text("SELECT id FROM event WHERE withdrawn IS NULL ORDER BY id")).all()
        return random.Random(1).sample(found, min(many, len(found)))

    def countries(self, many: int) -> list[str]:
        """The countries with most events."""
        sql = "SELECT country_code FROM event_country GROUP BY 1 ORDER BY count(*) DESC, 1"
        return [str(row[0]) for row in self._rows(f"{sql} LIMIT {many}", {})]

    def since_for(self, events: int) -> str:
        """The first of January from which on there are closest to so many events."""
        years = {
            f"{year}-01-01": abs(self.total(date_from=f"{year}-01-01") - events) for year in range(1989, 2025)
        }
        return min(years, key=lambda day: years[day])


def _where(filters: dict[str, Any]) -> str:
    return " AND ".join(["withdrawn IS NULL", *(_CLAUSES[name] for name in filters if name in _CLAUSES)])


def _values(filters: dict[str, Any]) -> dict[str, Any]:
    return {name: f"%{value}%" if name == "q" else value for name, value in filters.items()}

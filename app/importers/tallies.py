"""The counts of events by period that the writer keeps: what one event adds to them, and all of them anew."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from app.importers.bulk import Bulk

_LEVELS = {"all": 0, "year": 4, "month": 7, "day": 10}  # characters of an ISO date
_TALLIES = ("starts", "ends", "within", "deaths")
_KEY = ("scope", "level", "period")
_HELD_AT_MOST = 50_000


class Counted(NamedTuple):
    """What of an event is counted."""

    type: str
    dataset_id: str
    date_start: date | str
    date_end: date | str
    fatalities_best: int | None
    countries: Iterable[str]


class Tallies:
    """Collects what events add and take away, and writes it in few statements."""

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self._changes: dict[tuple[str, str, str], list[int]] = {}

    def count(self, event: Counted, times: int = 1) -> None:
        """Add an event; with `times` -1, take it away."""
        start, end = str(event.date_start), str(event.date_end)
        deaths = event.fatalities_best or 0
        for scope in _scopes(event):
            for level, length in _LEVELS.items():
                begins, stops = start[:length], end[:length]
                row = self._changes.setdefault((scope, level, begins), [0, 0, 0, 0])
                row[0] += times
                if begins == stops:
                    row[1] += times
                    row[2] += times
                    row[3] += times * deaths
                else:
                    self._changes.setdefault((scope, level, stops), [0, 0, 0, 0])[1] += times
        if len(self._changes) > _HELD_AT_MOST:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        rows = [(*key, *values) for key, values in self._changes.items() if any(values)]
        self._bulk.add("event_tally", _KEY, _TALLIES, rows)
        self._changes = {}


def rebuild(bulk: Bulk) -> None:
    """Count every event anew."""
    bulk.script("DELETE FROM event_tally", *rebuilding())


def rebuilding() -> Iterator[str]:
    """Statements that fill an empty table of tallies."""
    for scopes in _SCOPES:
        for level, length in _LEVELS.items():
            start, end = (f"substr(CAST({day} AS text), 1, {length})" for day in ("date_start", "date_end"))
            same = f"CASE WHEN {start} = {end} THEN"
            columns = ", ".join((*_KEY, *_TALLIES))
            yield (
                f"INSERT INTO event_tally ({columns})"
                f" SELECT scope, '{level}', period, sum(starts), sum(ends), sum(within), sum(deaths) FROM ("
                f"SELECT {scopes[0]} AS scope, {start} AS period, 1 AS starts, 0 AS ends, {same} 1 ELSE 0 END AS within,"
                f" {same} coalesce(fatalities_best, 0) ELSE 0 END AS deaths FROM {scopes[1]}"
                f" UNION ALL SELECT {scopes[0]}, {end}, 0, 1, 0, 0 FROM {scopes[1]}) AS counted"
                " GROUP BY scope, period"
            )


def _scopes(event: Counted) -> Sequence[str]:
    countries = [f"country:{code}" for code in set(event.countries)]
    return ("all", f"type:{event.type}", f"dataset:{event.dataset_id}", *countries)


_SERVED = "event WHERE withdrawn IS NULL"
_INVOLVED = (
    "(SELECT c.country_code, c.date_start, c.date_end, e.fatalities_best FROM event_country c"
    " JOIN event e ON e.id = c.event_id WHERE c.span >= 0 AND c.first_role) AS involved"
)
_SCOPES = (
    ("'all'", _SERVED),
    ("'type:' || type", _SERVED),
    ("'dataset:' || dataset_id", _SERVED),
    ("'country:' || country_code", _INVOLVED),
)

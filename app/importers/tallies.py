"""The counts of events by period that the writer keeps: what one event adds to them, and all of them anew."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise, product
from typing import NamedTuple, TypeAlias

from app.importers.bulk import Bulk

_LEVELS = {"all": 0, "year": 4, "month": 7, "day": 10}  # characters of an ISO date
_KEY = ("level", "country", "type", "period", "dataset")
_TALLIES = ("starts", "ends", "within", "deaths", "toll")
_HELD_AT_MOST = 50_000  # events

# Country, type and dataset, each of them one or "" for any, and two periods: in which events begin, and end.
_Cell: TypeAlias = tuple[str, str, str, str, str]
_Period: TypeAlias = tuple[str, str, str, str]
_Rows: TypeAlias = list[tuple[str | int, ...]]
_Counts: TypeAlias = dict[_Cell, list[int]]  # events and their deaths


class Counted(NamedTuple):
    """What of an event is counted."""

    type: str
    dataset_id: str
    date_start: date | str
    date_end: date | str
    fatalities_best: int | None
    countries: Iterable[str]


class Tallies:
    """Collects what events add and take away, and writes it in few statements.

    A first load of many events is counted when it is in: to add to a table that grows would take longest.
    """

    def __init__(self, bulk: Bulk) -> None:
        self._bulk, self._is_first, self._is_late = bulk, not bulk.any_rows("event"), False
        self._held = 0
        self._days: _Counts = defaultdict(_nothing)

    def count(self, event: Counted, times: int = 1) -> None:
        """Add an event; with `times` -1, take it away."""
        if self._is_late:
            return
        deaths = times * (event.fatalities_best or 0)
        dataset, begins, stops = event.dataset_id, str(event.date_start), str(event.date_end)
        for cell in product(("", *set(event.countries)), ("", event.type)):
            counts = self._days[*cell, dataset, begins, stops]
            counts[0] += times
            counts[1] += deaths
        self._held += 1
        if self._held >= _HELD_AT_MOST and self._is_first:
            self._is_late = True
            self._days.clear()
        elif self._held >= _HELD_AT_MOST:
            self._write()

    def flush(self) -> None:
        """Write what is not written yet."""
        if self._is_late:
            rebuild(self._bulk)
        else:
            self._write()

    def _write(self) -> None:
        """Write what has been collected: that of days, of which months are made, of which years are."""
        cells, any_rows = self._days, self._bulk.any_rows("event_tally")
        for level, length in reversed(_LEVELS.items()):
            cells = cells if level == "day" else _summed(cells, length)
            rows = _rows(level, cells)
            if any_rows:
                self._bulk.add("event_tally", _KEY, _TALLIES, rows)
            else:
                self._bulk.insert("event_tally", (*_KEY, *_TALLIES), rows)
        self._held = 0
        self._days = defaultdict(_nothing)


def _nothing() -> list[int]:
    return [0, 0]


def _summed(cells: _Counts, length: int) -> _Counts:
    """The same in periods of `length` characters."""
    sums: _Counts = defaultdict(_nothing)
    for (country, kind, dataset, begins, stops), (events, deaths) in cells.items():
        counts = sums[country, kind, dataset, begins[:length], stops[:length]]
        counts[0] += events
        counts[1] += deaths
    return sums


def _rows(level: str, cells: _Counts) -> _Rows:
    """What events add to the periods in which they begin, and in which they end, in the order of the table's key."""
    found: dict[_Period, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for (country, kind, dataset, begins, stops), (events, deaths) in cells.items():
        first = found[country, kind, begins, dataset]
        first[0] += events
        first[4] += deaths
        if begins == stops:
            first[1] += events
            first[2] += events
            first[3] += deaths
        else:
            found[country, kind, stops, dataset][1] += events
    return [(level, *key, *found[key]) for key in sorted(found)]


def rebuild(bulk: Bulk) -> None:
    """Count every event anew: its days, of which months are made, of which years are."""
    bulk.script("DELETE FROM event_tally", *_rebuilding())


def _rebuilding() -> Iterator[str]:
    levels = [*reversed(_LEVELS)]
    yield _PAIRS_OF_DAYS
    yield from (_pairs(level, finer) for finer, level in pairwise(levels))
    yield from (_tallied(level, kind) for level, kind in product(levels, ("type", "''")))
    yield from (f"DROP TABLE pairs_{level}" for level in levels)


def _pairs(level: str, finer: str) -> str:
    """How many events begin in one period and end in another, of the same in finer periods."""
    start, end = (f"substr({period}, 1, {_LEVELS[level]})" for period in ("begins", "stops"))
    return (
        f"CREATE TEMPORARY TABLE pairs_{level} AS SELECT country, type, dataset_id, {start} AS begins,"
        f" {end} AS stops, CAST(sum(events) AS bigint) AS events, CAST(sum(toll) AS bigint) AS toll"
        f" FROM pairs_{finer} GROUP BY country, type, dataset_id, {start}, {end}"
    )


def _tallied(level: str, kind: str) -> str:
    """What `_rows` does: two rows of a pair where it is of two periods. To sort is what takes the time."""
    within = "CASE WHEN begins = stops THEN"
    return (
        f"INSERT INTO event_tally ({', '.join((*_KEY, *_TALLIES))}) SELECT '{level}', country, kind, period,"
        " dataset_id, sum(starts), sum(ends), sum(within), sum(deaths), sum(toll) FROM ("
        f"SELECT country, {kind} AS kind, dataset_id, begins AS period, events AS starts,"
        f" {within} events ELSE 0 END AS ends, {within} events ELSE 0 END AS within,"
        f" {within} toll ELSE 0 END AS deaths, toll FROM pairs_{level} UNION ALL"
        f" SELECT country, {kind}, dataset_id, stops, 0, events, 0, 0, 0 FROM pairs_{level}"
        " WHERE begins <> stops) AS periods GROUP BY country, kind, dataset_id, period"
    )


_FACTS = (
    "type, dataset_id, CAST(e.date_start AS text) AS begins, CAST(e.date_end AS text) AS stops,"
    " 1 AS events, coalesce(e.fatalities_best, 0) AS toll FROM event e"
)
_PAIRS_OF_DAYS = (
    f"CREATE TEMPORARY TABLE pairs_day AS SELECT '' AS country, {_FACTS} WHERE withdrawn IS NULL UNION ALL"
    f" SELECT country_code, {_FACTS} JOIN event_country ON event_id = id AND first_role WHERE withdrawn IS NULL"
)

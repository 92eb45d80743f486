"""The counts of events by period that the writer keeps: what one event adds to them, and all of them anew."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import product
from typing import NamedTuple, TypeAlias

from app.importers.bulk import Bulk

_LEVELS = {"all": 0, "year": 4, "month": 7, "day": 10}  # characters of an ISO date
_LEVEL = {length: level for level, length in _LEVELS.items()}
_KEY = ("level", "country", "type", "period", "dataset")
_TALLIES = ("starts", "ends", "within", "deaths", "toll")
_HELD_AT_MOST = 20_000  # events

_Cell: TypeAlias = tuple[str, str, str]  # country, type and dataset, each of them one or "" for any
_Numbers: TypeAlias = dict[str, list[int]]  # by period


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
        self._held = 0
        # Of each cell: events and deaths in the periods in which events lie whole; of the other periods, how many
        # begin and end there, and the deaths in those that begin.
        self._changes: dict[_Cell, tuple[_Numbers, _Numbers]] = defaultdict(_nothing)

    def count(self, event: Counted, times: int = 1) -> None:
        """Add an event; with `times` -1, take it away."""
        deaths = times * (event.fatalities_best or 0)
        whole, split = _periods(str(event.date_start), str(event.date_end))
        for country, kind in product(("", *set(event.countries)), ("", event.type)):
            within, across = self._changes[country, kind, event.dataset_id]
            for period in whole:
                row = within[period]
                row[0] += times
                row[1] += deaths
            for begins, stops in split:
                row = across[begins]
                row[0] += times
                row[2] += deaths
                across[stops][1] += times
        self._held += 1
        if self._held >= _HELD_AT_MOST:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        self._bulk.add("event_tally", _KEY, _TALLIES, list(self._rows()))
        self._held = 0
        self._changes.clear()

    def _rows(self) -> Iterator[tuple[str | int, ...]]:
        for (country, kind, dataset), (within, across) in self._changes.items():
            for period in within.keys() | across.keys():
                events, deaths = within.get(period, (0, 0))
                starts, ends, toll = across.get(period, (0, 0, 0))
                numbers = (events + starts, events + ends, events, deaths, deaths + toll)
                if any(numbers):
                    yield (_LEVEL[len(period)], country, kind, period, dataset, *numbers)


def _nothing() -> tuple[_Numbers, _Numbers]:
    return defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0, 0])


@lru_cache(20_000)
def _periods(start: str, end: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The periods in which such an event lies, and those in which it begins and ends where these are two."""
    both = [(start[:length], end[:length]) for length in _LEVELS.values()]
    return [begins for begins, stops in both if begins == stops], [
        pair for pair in both if pair[0] != pair[1]
    ]


def rebuild(bulk: Bulk) -> None:
    """Count every event anew."""
    bulk.script("DELETE FROM event_tally", _COUNTED, *rebuilding(), "DROP TABLE counted")


def rebuilding() -> Iterator[str]:
    """Statements that fill an empty table of tallies from that of what is counted."""
    for kind, (level, length) in product(("''", "type"), _LEVELS.items()):
        start, end = (f"substr({day}, 1, {length})" for day in ("date_start", "date_end"))
        same = f"CASE WHEN {start} = {end} THEN"
        yield (
            f"INSERT INTO event_tally ({', '.join((*_KEY, *_TALLIES))}) SELECT '{level}', country, kind, period,"
            " dataset_id, sum(starts), sum(ends), sum(within), sum(deaths), sum(toll) FROM ("
            f"SELECT country, {kind} AS kind, dataset_id, {start} AS period, 1 AS starts, 0 AS ends,"
            f" {same} 1 ELSE 0 END AS within, {same} toll ELSE 0 END AS deaths, toll FROM counted"
            f" UNION ALL SELECT country, {kind}, dataset_id, {end}, 0, 1, 0, 0, 0 FROM counted) AS periods"
            " GROUP BY country, kind, dataset_id, period"
        )


_FACTS = (
    "type, dataset_id, CAST(e.date_start AS text) AS date_start, CAST(e.date_end AS text) AS date_end,"
    " coalesce(fatalities_best, 0) AS toll FROM event e"
)
_COUNTED = (
    f"CREATE TEMPORARY TABLE counted AS SELECT '' AS country, {_FACTS} WHERE withdrawn IS NULL UNION ALL"
    f" SELECT country_code, {_FACTS} JOIN event_country ON event_id = id AND first_role WHERE withdrawn IS NULL"
)

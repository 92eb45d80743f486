"""Counts of events in time, from histograms of their bounds: arithmetic on days and numbers only."""

import itertools
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

Unit = Literal["year", "month", "day"]
LENGTHS: Mapping[Unit, int] = {
    "year": 4,
    "month": 7,
    "day": 10,
}  # of a period's name, the start of an ISO day

_PERIODS_KEPT = 20_000  # a timeline names the same few over and over

Key: TypeAlias = tuple[str, ...]  # what a row is of, beside its period
Histogram: TypeAlias = Mapping[Key, Mapping[int, int]]  # how many, by key and number of the period


class TooManyRows(ValueError):
    """More rows than were allowed."""


@dataclass(frozen=True, slots=True)
class Histograms:
    """All that a timeline needs to know of events, whatever has counted them.

    An open end is in the period of `date.min` or `date.max`. `within` counts the events that begin and end in
    one period, `deaths` adds up their fatalities.
    """

    starts: Histogram
    ends: Histogram
    within: Histogram
    deaths: Histogram


class Bucket(NamedTuple):
    """One row of a timeline."""

    period: int
    key: Key
    possible: int
    certain: int
    fatalities: int


def number(unit: Unit, day: date) -> int:
    """The number of the period that `day` lies in; periods that follow each other have numbers that do."""
    return {"year": day.year, "month": day.year * 12 + day.month - 1, "day": day.toordinal()}[unit]


@lru_cache(_PERIODS_KEPT)
def number_of(name: str) -> int:
    """The number of the period with this name: `2024`, `2024-04` or `2024-04-19`."""
    unit = next(unit for unit, length in LENGTHS.items() if length == len(name))
    return number(unit, date.fromisoformat(f"{name}-01-01"[:10]))


def first_day(unit: Unit, period: int) -> date:
    """The day on which a period begins."""
    if unit == "day":
        return date.fromordinal(period)
    return date(period, 1, 1) if unit == "year" else date(period // 12, period % 12 + 1, 1)


def last_day(unit: Unit, period: int) -> date:
    """The day on which a period ends."""
    first = first_day(unit, period)
    if unit == "day":
        return first
    month = 12 if unit == "year" else first.month
    return date(first.year, month, monthrange(first.year, month)[1])


def name(unit: Unit, period: int) -> str:
    """What a period is called."""
    return first_day(unit, period).isoformat()[: LENGTHS[unit]]


@lru_cache(_PERIODS_KEPT)
def described(unit: Unit, period: int) -> tuple[str, date, date]:
    """What a period is called, and its first and its last day."""
    return name(unit, period), first_day(unit, period), last_day(unit, period)


def timeline(
    unit: Unit, made: Histograms, low: date | None, high: date | None, *, fill: bool, most: int
) -> list[Bucket]:
    """The buckets that events may touch, or with `fill` all, in order; TooManyRows beyond `most`.

    `low` and `high` are the asked range, which every counted event touches. Where one of them is open, buckets
    reach as far as a day that is known of an event, and open ends reach with them.
    """
    span = _span(unit, made, low, high)
    if span is None:
        return []
    runs = []
    for key in made.starts:
        for first, last, possible in _runs(made.starts[key], made.ends.get(key, {}), *span):
            if possible or fill:
                runs.append((first, last, possible, key))
                most -= last - first + 1
        if most < 0:
            raise TooManyRows
    buckets = list(_buckets(runs, made))
    if len(made.starts) > 1:
        buckets.sort(key=lambda row: (row.period, -row.possible, row.key))
    return buckets


def _span(unit: Unit, made: Histograms, low: date | None, high: date | None) -> tuple[int, int] | None:
    """The first and the last bucket; None where nothing says which they are."""
    opened, closed = number(unit, date.min), number(unit, date.max)
    first = opened if low is None else number(unit, low)
    last = closed if high is None else number(unit, high)
    numbers = {at for bounds in (made.starts, made.ends) for by in bounds.values() for at in by}
    clamped = {min(max(at, first), last) for at in numbers}
    known = clamped - {opened, closed}
    first = min(known, default=opened) if first == opened else first
    last = max(known, default=closed) if last == closed else last
    return None if first == opened or last == closed else (first, last)


def _runs(
    starts: Mapping[int, int], ends: Mapping[int, int], first: int, last: int
) -> Iterator[tuple[int, int, int]]:
    """(first bucket, last bucket, events) of each stretch in which as many events are possible."""
    steps = {first: 0, last + 1: 0}
    for at, count in starts.items():
        begins = max(first, at)
        steps[begins] = steps.get(begins, 0) + count
    for at, count in ends.items():
        over = min(last, at) + 1
        steps[over] = steps.get(over, 0) - count
    edges = sorted(steps)
    possible = 0
    for here, following in itertools.pairwise(edges):
        possible += steps[here]
        yield here, following - 1, possible


def _buckets(runs: list[tuple[int, int, int, Key]], made: Histograms) -> Iterator[Bucket]:
    for first, last, possible, key in runs:
        within, deaths = made.within.get(key, {}), made.deaths.get(key, {})
        for period in range(first, last + 1):
            yield Bucket(period, key, possible, within.get(period, 0), deaths.get(period, 0))

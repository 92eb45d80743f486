"""Counts of events in time, from where they begin and end: arithmetic on days and numbers only."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate, groupby
from operator import itemgetter, sub
from typing import Literal, TypeAlias, TypeVar

Unit = Literal["year", "month", "day"]
LENGTHS: Mapping[Unit, int] = {
    "year": 4,
    "month": 7,
    "day": 10,
}  # of a period's name, the start of an ISO day

_PERIODS_KEPT = 20_000  # a timeline names the same few over and over

Key: TypeAlias = tuple[str, ...]  # what a row is of, beside its period
# The number of a period, how many events begin in it, end in it, do both, and the deaths of those that do both.
# An open end is in the period of `date.min` or `date.max`.
Change: TypeAlias = tuple[int, int, int, int, int]
# Changes as columns, with the names of their periods.
Columns: TypeAlias = tuple[Sequence[str], Sequence[int], Sequence[int], Sequence[int], Sequence[int]]
# One row of a timeline: the number of its period, its key, how many events are possible and certain, and deaths.
Bucket: TypeAlias = tuple[int, Key, int, int, int]

# How many events are possible and certain, and deaths, by key.
Totals: TypeAlias = dict[Key, tuple[int, int, int]]

_At = TypeVar("_At", int, str)  # the number or the name of a period


class TooManyRows(ValueError):
    """More rows than were allowed."""


def number(unit: Unit, day: date) -> int:
    """The number of the period that `day` lies in; periods that follow each other have numbers that do."""
    if unit == "day":
        return day.toordinal()
    return day.year if unit == "year" else day.year * 12 + day.month - 1


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


def count(unit: Unit, low: date, high: date) -> int:
    """How many periods a range of days touches."""
    return number(unit, high) - number(unit, low) + 1


def cut(unit: Unit, low: date | None, high: date | None) -> Mapping[int, tuple[date, date]]:
    """The periods of which a range has a part only, and the first and the last day of that."""
    found = {}
    for at in {number(unit, day) for day in (low, high) if day}:
        days = first_day(unit, at), last_day(unit, at)
        within = max(days[0], low or date.min), min(days[1], high or date.max)
        if within != days:
            found[at] = within
    return found


def name(unit: Unit, period: int) -> str:
    """What a period is called."""
    return first_day(unit, period).isoformat()[: LENGTHS[unit]]


def timeline(
    unit: Unit,
    made: Mapping[Key, Iterable[Change]],
    low: date | None,
    high: date | None,
    *,
    fill: bool,
    most: int,
) -> list[Bucket]:
    """The buckets that events may touch, or with `fill` all, in order; TooManyRows beyond `most`.

    `low` and `high` are the asked range; changes outside it count for what reaches into it. Where one of them is
    open, buckets reach as far as a day that is known of an event, and open ends reach with them.
    """
    series = {key: _gathered(changes) for key, changes in made.items()}
    span = _span(unit, series.values(), low, high)
    if span is None:
        return []
    buckets: list[Bucket] = []
    for key, changes in series.items():
        buckets += _buckets(key, changes, *span, fill=fill, most=most - len(buckets))
    if len(series) > 1:
        buckets.sort(key=_in_order)
    return buckets


def trimmed(
    unit: Unit, found: Sequence[Bucket], low: date | None, high: date | None, *, fill: bool
) -> list[Bucket]:
    """Those buckets, in order, in which events are possible, or with `fill` all as far as `timeline` would reach."""
    reached = {at for at, _, possible, *_ in found if possible}
    first, last = number(unit, low or date.min), number(unit, high or date.max)
    if first == number(unit, date.min):
        first = min(reached, default=last + 1)
    if last == number(unit, date.max):
        last = max(reached, default=first - 1)
    kept = [bucket for bucket in found if (first <= bucket[0] <= last if fill else bucket[2])]
    return sorted(kept, key=_in_order)


def _in_order(bucket: Bucket) -> tuple[int, int, Key]:
    return bucket[0], -bucket[2], bucket[1]


def line(
    names: Sequence[str], going_on: int, made: Columns
) -> tuple[list[int], Sequence[int], Sequence[int]]:
    """How many events are possible and certain, and deaths, in periods that follow each other.

    It is what `timeline` says of them. No change is in another period, and as many events as said go on before them.
    """
    if made[0] != names:
        held = {change[0]: change for change in _gathered(zip(*made, strict=True))}
        made = tuple(zip(*[held.get(name, (name, 0, 0, 0, 0)) for name in names], strict=True))  # type: ignore[assignment]
    _, begun, ended, within, deaths = made
    return list(map(sub, accumulate(begun), accumulate(ended, initial=-going_on))), within, deaths


def _gathered(
    changes: Iterable[tuple[_At, int, int, int, int]],
) -> list[tuple[_At, int, int, int, int]]:
    """The changes in order, those of one period added up."""
    found = sorted(changes)
    if len({change[0] for change in found}) == len(found):
        return found
    added = []
    for at, same in groupby(found, itemgetter(0)):
        _, *counts = zip(*same, strict=True)
        begun, ended, within, deaths = map(sum, counts)
        added.append((at, begun, ended, within, deaths))
    return added


def _span(
    unit: Unit, series: Iterable[Sequence[Change]], low: date | None, high: date | None
) -> tuple[int, int] | None:
    """The first and the last bucket; None where nothing says which they are."""
    opened, closed = number(unit, date.min), number(unit, date.max)
    first = opened if low is None else number(unit, low)
    last = closed if high is None else number(unit, high)
    if opened < first and last < closed:
        return first, last
    known = set()
    for changes in series:
        known |= {at for at, begun, ended, *_ in changes if first <= at <= last and (begun or ended)}
        if sum(begun - ended for at, begun, ended, *_ in changes if at < first):
            known.add(first)
        if sum(begun - ended for at, begun, ended, *_ in changes if at <= last):
            known.add(last)
    known -= {opened, closed}
    first = min(known, default=opened) if first == opened else first
    last = max(known, default=closed) if last == closed else last
    return None if first == opened or last == closed else (first, last)


def _buckets(
    key: Key, changes: Sequence[Change], first: int, last: int, *, fill: bool, most: int
) -> list[Bucket]:
    """As many events are possible in a period as began by its end but for those that ended before it."""
    found: list[Bucket] = []
    possible, here = 0, first

    def quiet(until: int) -> None:  # the periods in which nothing changes
        if not (possible or fill):
            return
        if len(found) + until - here > most:
            raise TooManyRows
        found.extend([(period, key, possible, 0, 0) for period in range(here, until)])

    for at, begun, ended, within, deaths in changes:
        if at > last:
            break
        if at > here:
            quiet(at)
        possible += begun
        if at >= first:
            here = at + 1
            if possible or fill:
                found.append((at, key, possible, within, deaths))
        possible -= ended
    quiet(last + 1)
    if len(found) > most:
        raise TooManyRows
    return found

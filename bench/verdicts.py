"""What was measured against the goals: a mark for each, also where nothing was measured."""

from collections.abc import Iterator
from typing import NamedTuple

from bench import goals
from bench.found import OURS, Found, Timed, short
from bench.load import CONNECTIONS, Figure

MISSED, MISSING, UNKNOWN = "**missed**", "not measured", "unknown"
Measured = tuple[float, bool] | None  # a ratio, and whether it is only known to be more


class Verdict(NamedTuple):
    """A goal, what was found, and the mark, at 1 connection and at 32; '' where nothing is asked."""

    what: str
    database: str
    must: str
    stretch: str
    found: str
    mark: str


def verdicts(found: Found) -> list[Verdict]:
    """All goals, on the databases that they are for."""
    ratios = _ratios(found)
    values = dict(_values(found))
    judged = [_goal(goal, ratios.get(goal[:3], (None, None))) for goal in goals.GOALS]
    for limit in goals.LIMITS:
        judged += [_limit(limit, base, values.get((limit.what, base))) for base in ("sqlite", "postgresql")]
    return judged


def ratio(timed: Timed, name: str, connections: int) -> Measured:
    """How many times as fast as `name` we are."""
    ours, theirs = (timed.figures.get((each, connections)) for each in (OURS, name))
    return (ours.rate / theirs.rate, theirs.bound) if ours and theirs else None


def told(measured: Measured) -> str:
    """A ratio as text."""
    if measured is None:
        return "-"
    return f"{'over ' if measured[1] else ''}{short(measured[0])}x"


def _goal(goal: goals.Goal, measured: tuple[Measured, Measured]) -> Verdict:
    marks = [
        "" if must is None else _ratio_mark(each, must, stretch)
        for each, must, stretch in zip(measured, goal.must, goal.stretch, strict=True)
    ]
    texts = [told(each) for each in measured]
    if goal.must[1] is None:
        texts, marks = texts[:1], marks[:1]
    what = f"{goal.item} against {goal.against}"
    return Verdict(
        what, goal.database, _pair(goal.must), _pair(goal.stretch), " / ".join(texts), _joined(marks)
    )


def _ratio_mark(measured: Measured, must: float, stretch: float | None) -> str:
    mark = _mark(measured and measured[0], must, stretch, least=True)
    return (
        UNKNOWN if mark == MISSED and measured and measured[1] else mark
    )  # it is more, but who knows how much


def _limit(limit: goals.Limit, database: str, value: float | None) -> Verdict:
    bars = [f"{'at least' if limit.least else 'at most'} {each:g} {limit.unit}" for each in limit[1:3]]
    shown = "-" if value is None else f"{value:.2f} {limit.unit}"
    mark = _mark(value, limit.must, limit.stretch, least=limit.least)
    return Verdict(limit.what, database, bars[0], bars[1] if bars[1] != bars[0] else "", shown, mark)


def _mark(value: float | None, must: float, stretch: float | None, *, least: bool) -> str:
    if value is None:
        return MISSING
    sign = 1 if least else -1
    if stretch is not None and stretch != must and sign * value >= sign * stretch:
        return "stretch"
    return "met" if sign * value >= sign * must else MISSED


def _joined(marks: list[str]) -> str:
    return marks[0] if len(set(marks)) == 1 else " / ".join(marks)


def _pair(pair: goals.Pair) -> str:
    texts = [f"{short(each)}x" for each in pair if each is not None]
    return " / ".join(texts)


def _ratios(found: Found) -> dict[tuple[str, ...], tuple[Measured, Measured]]:
    ratios: dict[tuple[str, ...], tuple[Measured, Measured]] = {}
    for each in found.timed:
        for name in {name for name, _ in each.figures}:
            one, many = (ratio(each, name, connections) for connections in CONNECTIONS)
            ratios[each.key, each.database, name] = one, many
    for exported in found.exported:
        for name in exported.exports:
            against = exported.ratio(name)
            ratios[exported.key, exported.database, name] = (against, False) if against else None, None
    return ratios


def _values(found: Found) -> Iterator[tuple[tuple[str, str], float]]:
    """What the limits are about, by their names."""
    for exported in found.exported:
        if exported.key == "W6":
            ours = exported.exports[OURS]
            yield ("W6: private memory growth", exported.database), ours.growth / 1e6
            yield ("W6: first byte", exported.database), ours.first_byte_ms
    for item, database, figures in found.flat:
        grown = figures[0][1].rate / figures[-1][1].rate
        yield (f"{item}: time from the smallest to the largest data set", database), grown
    for each in found.timed:
        if each.key == "W1" and (OURS, 32) in each.figures:
            yield ("W1: p99 over p50 at 32 connections", each.database), _tail(each.figures[OURS, 32])
    for what, database, _, (alone, beside) in found.disturbed:
        if what.startswith("W1"):
            yield ("W11: rate kept during an import", database), beside.rate / alone.rate
            yield ("W11: p99 over p50 during an import", database), _tail(beside)
        else:
            grown = beside.p50 / alone.p50
            yield ("beside: p50 of W3 beside an export over that alone", database), grown
    for database, _, (before, crowd, after) in found.overloads:
        failing = "overload: requests of 500 connections that fail, but for 503"
        yield (failing, database), 100 * crowd.failed
        yield ("overload: p50 at once after over that before", database), after.p50 / before.p50


def _tail(figure: Figure) -> float:
    return figure.p99 / figure.p50

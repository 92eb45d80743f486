"""The bars to clear, as data: how many times faster than what, at 1 and at 32 connections."""

from typing import NamedTuple


class Goal(NamedTuple):
    """`item` must answer at least `one` (1 connection) and `many` (32) times as fast as `against`."""

    item: str
    database: str
    against: str
    one: float | None
    many: float | None


GOALS = (
    Goal("W1", "sqlite", "naive", 70, 175),
    Goal("W1", "sqlite", "datasette", 15, 18),
    Goal("W1", "sqlite", "L1", 0.35, 0.15),
    Goal("W1", "sqlite", "L3", 0.8, 0.8),
    Goal("W1", "postgresql", "naive", 38, 95),
    Goal("W2", "sqlite", "naive", 70, 175),
    Goal("W2", "sqlite", "datasette", 15, 18),
    Goal("W2", "sqlite", "L1", 0.35, 0.15),
    Goal("W3", "sqlite", "naive", 16, 80),
    Goal("W3", "sqlite", "L1", 0.6, 0.6),
    Goal("W4", "sqlite", "naive", 190, 330),
    Goal("W4", "sqlite", "own page 1", 1 / 1.2, 1 / 1.2),
    Goal("W4", "postgresql", "own page 1", 1 / 1.2, 1 / 1.2),
    Goal("W5", "sqlite", "naive", 180, 120),
    Goal("W5", "sqlite", "datasette", 145, 90),
    Goal("W6", "sqlite", "naive", 95, None),
    Goal("W6", "sqlite", "L1", 0.17, None),
    Goal("W6", "sqlite", "roapi", 0.6, None),
    Goal("W6 csv", "sqlite", "datasette", 5, None),
    Goal("W7", "sqlite", "naive", 8, 19),
    Goal("W7", "sqlite", "L1", 0.55, 0.33),
    Goal("W8 common", "sqlite", "naive", 170, 210),
    Goal("W8 common", "sqlite", "datasette", 45, 47),
    Goal("W8 common", "postgresql", "naive", 10, 100),
    Goal("W9", "sqlite", "naive", 170, None),
    Goal("W9", "sqlite", "roapi", 20, 9),
    Goal("W9", "postgresql", "naive", 10, 100),
    Goal("W10", "sqlite", "own 200", 2, 5),
    Goal("W10", "sqlite", "L1", 0.8, 0.8),
)

FIRST_BYTE_MS = 20  # W6
GROWTH_MB = 30  # W6, private memory, for any number of events
TAIL = 3  # W1 at 32 connections: p99 stays below this many p50
DURING_IMPORT = 0.5  # W11: the rate keeps this part of the undisturbed one
BESIDE_EXPORT = 3  # a small request's p50 grows at most so many times
FLAT = 1.2  # a request's time grows at most so many times from the smallest to the largest data set


_AT = 1_000_000  # events; the bars say nothing of smaller data sets


def bars(item: str, database: str, against: str, events: int) -> tuple[float | None, float | None]:
    """The bars at 1 and at 32 connections; None where nothing is asked."""
    for goal in GOALS if events >= _AT else ():
        if goal[:3] == (item, database, against):
            return goal.one, goal.many
    return None, None

"""The goals, as data: how many times as fast as what, at 1 and at 32 connections, and what may not be exceeded."""

from typing import NamedTuple

Pair = tuple[float | None, float | None]  # at 1 and at 32 connections; None where nothing is asked
EVENTS = 1_000_000  # the goals say nothing of smaller data sets


class Goal(NamedTuple):
    """`item` must answer at least so many times as fast as `against`."""

    item: str
    database: str
    against: str
    must: Pair
    stretch: Pair


class Limit(NamedTuple):
    """`what` must be at least, or at most, so much."""

    what: str
    must: float
    stretch: float
    unit: str
    least: bool = False


_W1 = {
    "naive": ((70, 175), (120, 350)),
    "datasette": ((15, 18), (25, 38)),
    "L1": ((0.35, 0.15), (0.60, 0.30)),
    "L3": ((0.8, 0.8), (1.2, 1.5)),
}
_BOTH = ("sqlite", "postgresql")
_PAGE_ONE = ((1 / 1.2, 1 / 1.2), (1 / 1.05, 1 / 1.05))  # so many times its time is the most

GOALS = (
    *(Goal(item, "sqlite", name, *bars) for item in ("W1", "W2") for name, bars in _W1.items()),
    *(Goal("W1 few", "sqlite", name, *_W1[name]) for name in ("L1", "L3")),
    Goal("W1 warm", "sqlite", "L1", (0.80, 0.80), (0.95, 0.90)),
    Goal("W1", "postgresql", "naive", (38, 95), (60, 130)),
    Goal("W3", "sqlite", "naive", (16, 80), (21, 105)),
    Goal("W3", "sqlite", "L1", (0.6, 0.6), (0.8, 0.8)),
    Goal("W4", "sqlite", "naive", (190, 330), (250, 430)),
    *(Goal("W4", database, "own page 1", *_PAGE_ONE) for database in _BOTH),
    Goal("W5", "sqlite", "naive", (180, 120), (500, 300)),
    Goal("W5", "sqlite", "datasette", (145, 90), (None, None)),
    Goal("W6", "sqlite", "naive", (95, None), (126, None)),
    Goal("W6", "sqlite", "L1", (0.17, None), (0.25, None)),
    Goal("W6", "sqlite", "roapi", (0.6, None), (1.0, None)),
    Goal("W6 csv", "sqlite", "datasette", (5, None), (None, None)),
    Goal("W7", "sqlite", "naive", (8, 19), (11, 25)),
    Goal("W7", "sqlite", "L1", (0.55, 0.33), (0.75, 0.44)),
    *(
        goal
        for item in ("W8 common", "W8 rare")
        for goal in (
            Goal(item, "sqlite", "naive", (170, 210), (230, 280)),
            Goal(item, "sqlite", "datasette", (45, 47), (60, 63)),
            Goal(item, "postgresql", "naive", (10, 100), (None, None)),
        )
    ),
    Goal("W9", "sqlite", "naive", (170, None), (300, None)),
    Goal("W9", "postgresql", "tipg", (13, 10), (25, 20)),
    Goal("W9", "sqlite", "roapi", (20, 9), (40, 18)),
    Goal("W9", "postgresql", "naive", (10, 100), (None, None)),
    *(Goal("W10", database, "own 200", (2, 5), (2.4, 6.5)) for database in _BOTH),
    Goal("W10", "sqlite", "L1", (0.8, 0.8), (0.95, 0.95)),
)

FLAT = ("W1", "W3", "W4", "W7 capped", "W10")
LIMITS = (
    Limit("W6: private memory growth", 30, 16, "MB"),
    Limit("W6: first byte", 20, 5, "ms"),
    *(Limit(f"{item}: time from the smallest to the largest data set", 1.2, 1.2, "x") for item in FLAT),
    Limit("W1: p99 over p50 at 32 connections", 3, 3, "x"),
    Limit("W11: rate kept during an import", 0.5, 0.5, "x", least=True),
    Limit("W11: p99 over p50 during an import", 3, 3, "x"),
    Limit("beside: p50 of W3 beside an export over that alone", 3, 3, "x"),
    Limit("overload: requests of 500 connections that fail, but for 503", 0, 0, "%"),
    Limit("overload: p50 at once after over that before", 1.5, 1.2, "x"),
)

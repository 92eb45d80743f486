"""What a run found out, as data."""

from typing import NamedTuple

from bench.disturbed import Disturbed, Overload
from bench.export import Export
from bench.load import Figure

OURS = "dateline"


class Timed(NamedTuple):
    """An item on one database: figures by contender and connections."""

    key: str
    title: str
    database: str
    events: int
    distinct: int  # requests
    figures: dict[tuple[str, int], Figure]


class Exported(NamedTuple):
    """An export on one database."""

    key: str
    database: str
    events: int
    exports: dict[str, Export]

    def ratio(self, name: str) -> float | None:
        """How many times as fast as `name` we are: by bytes, or by events where rows are flat and so smaller."""
        ours, theirs = self.exports[OURS], self.exports[name]
        if name not in ("roapi", "datasette"):
            return ours.bytes_rate / theirs.bytes_rate
        known = ours.events_rate and theirs.events_rate
        return ours.events_rate / theirs.events_rate if known else None  # type: ignore[operator]


class Found(NamedTuple):
    """Everything that a run found out."""

    timed: list[Timed]
    exported: list[Exported]
    disturbed: list[tuple[str, str, int, Disturbed]]  # what, database, events
    overloads: list[tuple[str, int, Overload]]
    flat: list[tuple[str, str, list[tuple[int, Figure]]]]  # item, database, by events at 1 connection
    notes: list[str]

    @property
    def events(self) -> int:
        """Of the data set that was measured."""
        sizes = [each.events for each in self.timed] + [each.events for each in self.exported]
        sizes += [each[2] for each in self.disturbed] + [each[1] for each in self.overloads]
        return max(sizes, default=0)


def short(number: float) -> str:
    """A ratio, rounded to what it can be known to."""
    return f"{number:,.0f}" if number >= 20 else f"{number:.2g}" if number < 1 else f"{number:.1f}"

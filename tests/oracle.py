"""What the contract says that filters mean, in plain Python over the events' own JSON; no SQL, nothing of `app`."""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

Event = dict[str, Any]
Asked = list[tuple[str, str]]
BEFORE_ALL, AFTER_ALL = "0000-00-00", "9999-99-99"


@dataclass(frozen=True)
class World:
    """All that is served, as the API tells it."""

    events: Sequence[Event]
    actors: Mapping[str, Mapping[str, Any]]
    countries: Mapping[str, str]  # each spelling of a code, in lower case, to its alpha-2

    def answer(self, asked: Asked) -> list[Event]:
        """The events that match, in the order that is asked for."""
        query = _Query(asked, self)
        found = [event for event in self.events if query.matches(event)]
        sort = query.one("sort", "-date")
        return sorted(found, key=_ORDERS[sort.lstrip("-")], reverse=sort.startswith("-"))


def folded_words(text: str) -> set[str]:
    """The words of a text without case, accents and the stroke of the đ; an ideograph is a word."""
    bare = "".join(
        c for c in unicodedata.normalize("NFD", text.casefold()) if unicodedata.category(c) != "Mn"
    )
    return set(re.findall(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+", bare.replace("đ", "d").replace("ł", "l")))


def first_day(text: str) -> str:
    """The first day of a day, month or year."""
    return text + "-01-01"[len(text) - 4 :]


def last_day(text: str) -> str:
    """The last day of a day, month or year."""
    year, month, *_ = f"{text}-12".split("-")
    return text if len(text) == 10 else f"{year}-{month}-{monthrange(int(year), int(month))[1]}"


def span(event: Event) -> tuple[str, str]:
    """First and last possible day; an open end lies beyond every day."""
    return event["date"]["start"] or BEFORE_ALL, event["date"]["end"] or AFTER_ALL


def _rank(event: Event) -> int:
    deaths = event["fatalities"]
    return -1 if deaths is None or deaths["best"] is None else int(deaths["best"])


_ORDERS: dict[str, Callable[[Event], Any]] = {
    "date": lambda event: (span(event)[0], event["id"]),
    "updated": lambda event: (event["updated"], event["id"]),
    "fatalities": lambda event: (_rank(event), event["id"]),
}


class _Query:
    """What was asked: several values of one parameter are OR, several parameters AND."""

    def __init__(self, asked: Asked, world: World) -> None:
        self.asked, self.world = asked, world
        self.names = {name for name, _ in asked}

    def one(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.asked if key == name), default)

    def all(self, name: str) -> set[str]:
        return {part for key, value in self.asked if key == name for part in value.split(",")}

    def matches(self, event: Event) -> bool:
        return all(
            getattr(self, f"_{name}")(event) for name in self.names if hasattr(self, f"_{name}")
        ) and self._lies_in_range(event)

    def _lies_in_range(self, event: Event) -> bool:
        start, end = span(event)
        low = first_day(self.one("date_from")) if "date_from" in self.names else None
        high = last_day(self.one("date_to")) if "date_to" in self.names else None
        if self.one("date_match") == "certain":
            return (low is None or start >= low) and (high is None or end <= high)
        return (low is None or end >= low) and (high is None or start <= high)

    def _country(self, event: Event) -> bool:
        wanted = {self.world.countries[word.lower()] for word in self.all("country")}
        return self._involves(event, lambda code: code in wanted)

    def _country_role(self, event: Event) -> bool:
        return "country" in self.names or self._involves(event, lambda code: True)

    def _involves(self, event: Event, wanted: Callable[[str], bool]) -> bool:
        roles = self.all("country_role") or {"location", "party", "mentioned"}
        return any(wanted(entry["code"]) and entry["role"] in roles for entry in event["countries"])

    def _type(self, event: Event) -> bool:
        return event["type"].lower() in {value.lower() for value in self.all("type")}

    def _mode(self, event: Event) -> bool:
        return event["mode"] in self.all("mode")

    def _context(self, event: Event) -> bool:
        return not self.all("context").isdisjoint(event["contexts"])

    def _status(self, event: Event) -> bool:
        return event["status"] in self.all("status")

    def _actor(self, event: Event) -> bool:
        return any(entry["id"] in self.all("actor") for entry in event["actors"])

    def _source(self, event: Event) -> bool:
        return any(entry["id"] in self.all("source") for entry in event["sources"])

    def _dataset(self, event: Event) -> bool:
        return event["dataset"] in self.all("dataset")

    def _q(self, event: Event) -> bool:
        return folded_words(self.one("q")) <= folded_words("\n".join(self._told(event)))

    def _told(self, event: Event) -> Iterable[str]:
        place = event["place"] or {}
        texts = [event["title"], event["summary"], place.get("name"), place.get("admin1")]
        texts += [text for told in event["translations"].values() for text in told.values()]
        for entry in event["actors"]:
            actor = self.world.actors[entry["id"]]
            texts += [actor["name"], *actor["names"].values(), *actor["aliases"]]
        return (text for text in texts if text)

    def _bbox(self, event: Event) -> bool:
        west, south, east, north = map(float, self.one("bbox").split(","))
        place = event["place"]
        if place is None or place["latitude"] is None:
            return False
        x, y = float(place["longitude"]), float(place["latitude"])
        across = west <= x <= east if west <= east else x >= west or x <= east
        same_meridian = abs(x) == 180 and (west == -180 or east == 180)
        return south <= y <= north and (across or same_meridian)

    def _fatalities_min(self, event: Event) -> bool:
        return _rank(event) >= int(self.one("fatalities_min"))

    def _updated_since(self, event: Event) -> bool:
        return datetime.fromisoformat(event["updated"]) >= datetime.fromisoformat(self.one("updated_since"))


_DAYS = (
    "2024-04-19",
    "2024-04",
    "2024",
    "2024-04-13",
    "2023-12-31",
    "2024-01-01",
    "2024-03",
    "2022-08-15",
    "1999",
)
_EDGES = ("0001", "9999", "0002", "9998-12-31", "0001-01-01", "9999-12-31", "2024-02-29")
_BOXES = ("-20,0,20,25", "170,-30,-170,0", "178.44,-18.14,178.44,-18.14", "-180,-90,180,90", "180,-90,180,90",
          "179.99,-90,-179.99,90", "100,20,110,22", "0,-90,0,-90", "19.46,51.77,20,52", "-6,11,16,24")  # fmt: skip
_TIMES = (
    "2024-05-01T12:30:15Z",
    "2024-05-02T19:30:15+07:00",
    "2024-05-03T12:30:15.000001Z",
    "2023-01-01T00:00:00Z",
)
_TEXTS = ("quân đội", "QUAN DOI", "dien bien", "army", "lodz", "Muller", "strasse", "北京", "會", "京 army", "na\u00efve",
          "elan", "Straße talks", "москва", "zodiac", "hoang đao", "杜伯", "100%", "NOT army", "F-16", "don't", "armies")  # fmt: skip


def question(random: Random, values: Mapping[str, Sequence[str]]) -> Asked:
    """A query that is valid: up to four filters, an order, a page size and a count."""
    asked: list[tuple[str, str]] = []
    names = sorted({*values, "date", "q", "bbox", "fatalities_min", "updated_since"})
    for name in random.sample(names, random.choice((0, 1, 1, 2, 2, 3, 4))):
        asked += _ask(random, name, values)
    for name, options in (
        ("sort", ("-date", "date", "-updated", "updated", "-fatalities")),
        ("count", ("none", "capped", "exact")),
        ("limit", ("1", "7", "50", "100", "1000")),
    ):
        if random.random() < 0.8:
            asked.append((name, random.choice(options)))
    random.shuffle(asked)
    return asked


def _ask(random: Random, name: str, values: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    if name in values:
        chosen = random.sample(values[name], min(random.choice((1, 1, 2, 3)), len(values[name])))
        return [(name, ",".join(chosen))] if random.random() < 0.5 else [(name, value) for value in chosen]
    if name == "date":
        return _ask_dates(random)
    options = {
        "q": _TEXTS,
        "bbox": _BOXES,
        "fatalities_min": ("0", "1", "3", "12", "13"),
        "updated_since": _TIMES,
    }
    return [(name, random.choice(options[name]))]


def _ask_dates(random: Random) -> list[tuple[str, str]]:
    days = [random.choice(random.choice((_DAYS, _DAYS, _EDGES))) for _ in range(2)]
    low, high = days if first_day(days[0]) <= last_day(days[1]) else reversed(days)
    asked = random.choice(
        ([("date_from", low)], [("date_to", high)], [("date_from", low), ("date_to", high)])
    )
    return [*asked, *random.choice(([], [("date_match", "certain")], [("date_match", "possible")]))]

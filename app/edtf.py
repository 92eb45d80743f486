"""Uncertain dates: EDTF level 1 text to the first and last possible day, and how precise that is.

EDTF is ISO 8601-2 as profiled by the Library of Congress (loc.gov/standards/datetime, 4 February 2019). All of
levels 0 and 1 is read, but for times of day and for years that a `date` cannot hold.

- Bounds and precision follow the digits. A qualifier (`?` uncertain, `~` approximate, `%` both) stays in the
  text and moves neither, for EDTF does not say by how much.
- `date.min` and `date.max` are the open ends, so that a bound is always a day and compares as one. No date
  may be mistaken for them: years run from 0002 to 9998.
- EDTF does not say where on Earth a season is, nor which year's winter a winter is. The bounds take in
  every reading: see `_SEASONS`.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_FIRST_YEAR, _LAST_YEAR = 2, 9998

_PLAIN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DATE = re.compile(
    r"(?P<year>[0-9]{4}|[0-9]{2}[0-9X]X(?!-))"
    r"(?:-(?P<month>[0-9]{2}|XX(?!-[0-9]))(?:-(?P<day>[0-9]{2}|XX))?)?"
    r"[?~%]?"
)

# First and last day: years from the named one, month, day. Spring and autumn lie within their year in either
# hemisphere. One hemisphere's summer is the other's winter and runs over New Year: "winter 2024" may be December
# 2023 to March 2024 or December 2024 to March 2025.
_WITHIN_YEAR = (0, 1, 1), (0, 12, 31)
_OVER_NEW_YEAR = (-1, 12, 1), (1, 3, 31)
_SEASONS = {"21": _WITHIN_YEAR, "22": _OVER_NEW_YEAR, "23": _WITHIN_YEAR, "24": _OVER_NEW_YEAR}

# What is wrong with a text that is no level 1 date, and what would be right: the first pattern found answers.
_HINTS = (
    (r":|[0-9]T", "a date names days only: leave out the time, as in 2024-04-19"),
    (r"\s", "no spaces inside a date: write 2024-04-19, 2024-04 or 2024"),
    (r"(?i)^(unknown|open)$", "old draft of EDTF: an open end is now 1985/.. and an unknown end 1985/"),
    (r"^[0-9XYux-]*[ux]", "old draft of EDTF: unspecified digits are now a capital X, as in 201X or 2004-XX"),
    (r"[][{}(),]|[0-9][SE][0-9]", "beyond EDTF level 1: write a date, or an interval as in 1985-04/1985-06"),
    (r"[.]", "an interval has a slash, as in 2024-04-08/2024-04-14 or 1985/.."),
    (r"^[Yy+-]+[0-9]", f"the year must be four digits, {_FIRST_YEAR:04} to {_LAST_YEAR}, without sign or Y"),
    (r"^[0-9]{4}-?W", "write a week as its Monday and Sunday, as in 2024-04-08/2024-04-14"),
    (r"^[0-9]{6}([0-9]{2})?$", "the hyphens are needed, as in 2024-04-19 or 2024-04"),
    (r"X", "X may stand only as in 201X, 20XX, 2004-XX, 2004-04-XX and 2004-XX-XX"),
    (r"[?~%]", "one qualifier (? uncertain, ~ approximate, % both) may stand, at the end, as in 2004-06~"),
    (r"", "a date is a day, month or year, as in 2024-04-19, 2024-04 or 2024"),
)


class EdtfError(ValueError):
    """A text that is not a date as this module reads them; the message says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Edtf:
    """A date as a source supports it, and the days it may mean.

    `text` is the EDTF as given, without surrounding whitespace. `start` and `end` are the first and last
    possible day, both inclusive; `date.min` and `date.max` where that end is open or unknown. `precision` is
    `day`, `week` (Monday to Sunday, given as two days), `month`, `year`, `open` where an end is open or
    unknown, or else `range`.
    """

    text: str
    start: date
    end: date
    precision: str


_UNBOUNDED = Edtf("..", date.min, date.max, "open")


def parse(text: str) -> Edtf:
    """Read an EDTF level 1 date, or interval from the first day of its start to the last day of its end.

    Raises EdtfError if the text is neither, or its interval is reversed or open at both ends.
    """
    text = text.strip()
    ends = text.split("/")
    if len(ends) == 1:
        return _date(text)
    if len(ends) > 2:
        raise _error(text, "an interval has two ends, as in 2024-04-08/2024-04-14, and a date has hyphens")
    first, last = map(_end, ends)
    if first == last == _UNBOUNDED:
        raise _error(text, "an interval needs a date at one end at least, as in 1985/..")
    if first.start > last.end:
        raise _error(text, "the interval ends before it starts")
    return Edtf(text, first.start, last.end, _interval_precision(first, last))


def first_day(text: str) -> date:
    """The first day of YYYY, YYYY-MM or YYYY-MM-DD (years 0001 to 9999); EdtfError for anything else."""
    return _query_bound(text)[0]


def last_day(text: str) -> date:
    """The last day of YYYY, YYYY-MM or YYYY-MM-DD (years 0001 to 9999); EdtfError for anything else."""
    return _query_bound(text)[1]


@lru_cache(10_000)
def _query_bound(text: str) -> tuple[date, date, str]:
    match = _PLAIN.fullmatch(text)
    if not match:
        raise _error(text, "write a day, month or year, as in 2024-04-19, 2024-04 or 2024")
    year, month, day = match.groups()
    if year == "0000":
        raise _error(text, "the year must be 0001 to 9999")
    return _calendar(text, int(year), month, day)


def _end(text: str) -> Edtf:
    """One end of an interval."""
    if text in ("", ".."):
        return _UNBOUNDED
    end = _date(text)
    # Seasons and unspecified digits stand alone in level 1.
    if "X" in text or end.precision == "range":
        raise _error(text, "beyond EDTF level 1 inside an interval: write a day, month or year")
    return end


def _date(text: str) -> Edtf:
    match = _DATE.fullmatch(text)
    if not match:
        raise _error(text, next(hint for pattern, hint in _HINTS if re.search(pattern, text)))
    year, month, day = match.group("year", "month", "day")
    low, high = int(year.replace("X", "0")), int(year.replace("X", "9"))
    if low < _FIRST_YEAR or high > _LAST_YEAR:
        raise _error(text, f"years run from {_FIRST_YEAR:04} to {_LAST_YEAR}")
    if month in _SEASONS and day is None:
        start, end = (date(low + years, month_, day_) for years, month_, day_ in _SEASONS[month])
        return Edtf(text, start, end, "range")
    if low < high:
        return Edtf(text, date(low, 1, 1), date(high, 12, 31), "range")
    return Edtf(text, *_calendar(text, low, month, day))


def _calendar(text: str, year: int, month: str | None, day: str | None) -> tuple[date, date, str]:
    """First day, last day and precision of a year, month or day; `XX` is as good as nothing."""
    if month in (None, "XX"):
        return date(year, 1, 1), date(year, 12, 31), "year"
    if not 1 <= int(month) <= 12:
        raise _error(text, "month must be 01 to 12")
    last = monthrange(year, int(month))[1]
    if day in (None, "XX"):
        return date(year, int(month), 1), date(year, int(month), last), "month"
    if not 1 <= int(day) <= last:
        raise _error(text, f"day must be 01 to {last}")
    only = date(year, int(month), int(day))
    return only, only, "day"


def _interval_precision(first: Edtf, last: Edtf) -> str:
    if _UNBOUNDED in (first, last):
        return "open"
    if (first.start, first.end) == (last.start, last.end):
        return first.precision
    whole_days = first.precision == last.precision == "day"
    if whole_days and first.start.isoweekday() == 1 and last.end - first.start == timedelta(days=6):
        return "week"
    return "range"


def _error(text: str, why: str) -> EdtfError:
    # As repr shows it, for a message must survive printing and UTF-8 whatever the text holds.
    shown = repr(text)[1:-1] if text else "empty"
    return EdtfError(f"{shown if len(shown) <= 60 else shown[:59] + '…'}: {why}")

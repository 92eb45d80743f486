"""Dates: what is accepted with which bounds, what is refused with which advice, and the laws between them."""

import contextlib
import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.edtf import EdtfError, first_day, last_day, parse

ACCEPTED = """
    # What the project met: "last week" said on Friday 2024-04-19, a year, a month, a state that goes on.
    2024-04-08/2024-04-14      2024-04-08 2024-04-14 week
    2023                       2023-01-01 2023-12-31 year
    2024-03                    2024-03-01 2024-03-31 month
    2024-04-20/..              2024-04-20 9999-12-31 open
    # Level 0
    1985-04-12                 1985-04-12 1985-04-12 day
    2024-02-29                 2024-02-29 2024-02-29 day
    2023-02                    2023-02-01 2023-02-28 month
    1900-02                    1900-02-01 1900-02-28 month
    0002                       0002-01-01 0002-12-31 year
    9998-12-31                 9998-12-31 9998-12-31 day
    1964/2008                  1964-01-01 2008-12-31 range
    2004-06/2006-08            2004-06-01 2006-08-31 range
    2004-02-01/2005-02-08      2004-02-01 2005-02-08 range
    2004-02-01/2005-02         2004-02-01 2005-02-28 range
    2004-02-01/2005            2004-02-01 2005-12-31 range
    2005/2006-02               2005-01-01 2006-02-28 range
    2024-04-19/2024            2024-04-19 2024-12-31 range
    # Level 1: qualifiers
    1984?                      1984-01-01 1984-12-31 year
    2004-06~                   2004-06-01 2004-06-30 month
    2004-06-11%                2004-06-11 2004-06-11 day
    201X~                      2010-01-01 2019-12-31 range
    1984~/2004-06              1984-01-01 2004-06-30 range
    1984-06-02?/2004-08-08~    1984-06-02 2004-08-08 range
    # Level 1: unspecified digits
    201X                       2010-01-01 2019-12-31 range
    20XX                       2000-01-01 2099-12-31 range
    2004-XX                    2004-01-01 2004-12-31 year
    1985-XX-XX                 1985-01-01 1985-12-31 year
    1985-04-XX                 1985-04-01 1985-04-30 month
    # Level 1: seasons, wherever on Earth
    2001-21                    2001-01-01 2001-12-31 range
    2001-22                    2000-12-01 2002-03-31 range
    2001-23                    2001-01-01 2001-12-31 range
    2001-24                    2000-12-01 2002-03-31 range
    2001-24?                   2000-12-01 2002-03-31 range
    9998-24                    9997-12-01 9999-03-31 range
    # Level 1: open and unknown ends
    1985-04-12/..              1985-04-12 9999-12-31 open
    1985-04/                   1985-04-01 9999-12-31 open
    1985~/                     1985-01-01 9999-12-31 open
    ../1985                    0001-01-01 1985-12-31 open
    /1985-04-12                0001-01-01 1985-04-12 open
    # A week is Monday to Sunday, both named; two equal ends are one date
    2024-12-30/2025-01-05      2024-12-30 2025-01-05 week
    2024-04-08~/2024-04-14~    2024-04-08 2024-04-14 week
    2024-04-07/2024-04-13      2024-04-07 2024-04-13 range
    2024-04-08/2024-04-21      2024-04-08 2024-04-21 range
    2021-02-22/2021-02         2021-02-22 2021-02-28 range
    2024-04-19/2024-04-19      2024-04-19 2024-04-19 day
    2024-04/2024-04            2024-04-01 2024-04-30 month
    2024-04-01/2024-04-30      2024-04-01 2024-04-30 range
"""
ACCEPTED_ROWS = [line.split() for line in ACCEPTED.splitlines() if line.strip() and "#" not in line]

REFUSED = [
    ("", "empty: a date is a day, month or year"),
    ("  ", "empty: a date is"),
    ("yesterday", "a date is a day, month or year"),
    ("2024-4-9", "a date is a day, month or year"),
    ("24-04-19", "a date is"),
    ("2024-", "a date is"),
    ("2024-110", "a date is"),
    ("٢٠٢٤", "a date is"),
    ("2024-13", "2024-13: month must be 01 to 12"),
    ("2024-00", "month must be 01 to 12"),
    ("2024-00-01", "month must be 01 to 12"),
    ("2001-25", "month must be 01 to 12"),
    ("2001-21-05", "month must be 01 to 12"),
    ("2023-02-29", "2023-02-29: day must be 01 to 28"),
    ("2024-04-31", "day must be 01 to 30"),
    ("2024-04-00", "day must be 01 to 30"),
    ("2024-04-19T10:00:00Z", "leave out the time"),
    ("2024-04-19T10", "leave out the time"),
    ("2024-04-19 10:00", "leave out the time"),
    ("2024-04-19T10:00:00Z/..", "leave out the time"),
    ("2024 04", "no spaces"),
    ("2024-04-08 / 2024-04-14", "no spaces"),
    ("19 April 2024", "no spaces"),
    ("20240419", "the hyphens are needed"),
    ("202404", "the hyphens are needed"),
    ("2024-W16", "write a week as its Monday and Sunday"),
    ("2024W16", "write a week as its Monday and Sunday"),
    ("19/04/2024", "a date has hyphens"),
    ("2024/2025/2026", "an interval has two ends"),
    ("2024-04-08--2024-04-14", "a date is"),
    ("2024-04-08..2024-04-14", "an interval has a slash"),
    ("..", "an interval has a slash"),
    # What old drafts wrote
    ("199u", "a capital X"),
    ("199x", "a capital X"),
    ("2004-uu", "a capital X"),
    ("uuuu-12-uu", "a capital X"),
    ("2004/unknown", "an unknown end 1985/"),
    ("2004/open", "an open end is now 1985/.."),
    ("unknown/2004", "an unknown end 1985/"),
    ("2004?~", "one qualifier"),
    ("(2004)?-06", "beyond EDTF level 1"),
    # Level 2
    ("[1667,1668..1672]", "beyond EDTF level 1"),
    ("{1960,1961-12}", "beyond EDTF level 1"),
    ("1950S2", "beyond EDTF level 1"),
    ("Y17E7", "beyond EDTF level 1"),
    ("?2004-06", "one qualifier"),
    ("2004?-06", "one qualifier"),
    ("2004-06-~01", "one qualifier"),
    ("XXXX", "X may stand only as"),
    ("2XXX", "X may stand only as"),
    ("20X4", "X may stand only as"),
    ("201X-04", "X may stand only as"),
    ("201X-XX", "X may stand only as"),
    ("1985-0X", "X may stand only as"),
    ("1985-XX-12", "X may stand only as"),
    ("1985-04-1X", "X may stand only as"),
    ("2004-06-XX/2004-07-03", "inside an interval"),
    ("201X/..", "inside an interval"),
    ("2001-21/2001-22", "inside an interval"),
    # Years that no bound can hold, or that would look like an open end
    ("Y17000", "the year must be four digits"),
    ("-1985", "the year must be four digits"),
    ("Y-1985", "the year must be four digits"),
    ("+2024", "the year must be four digits"),
    ("0000", "years run from 0002 to 9998"),
    ("0001-01-01", "years run from 0002 to 9998"),
    ("9999", "years run from 0002 to 9998"),
    ("00XX", "years run from 0002 to 9998"),
    ("999X", "years run from 0002 to 9998"),
    ("9999-12-31/..", "years run from 0002 to 9998"),
    # Intervals that say nothing, or something impossible
    ("/", "a date at one end at least"),
    ("../..", "a date at one end at least"),
    ("../", "a date at one end at least"),
    ("2024-04-20/2024-04-19", "ends before it starts"),
    ("2024-05/2024-04-30", "ends before it starts"),
    ("2024/2023", "ends before it starts"),
    ("2024-13/2024-14", "2024-13: month must be"),
]

DAYS = st.dates(date(2, 1, 1), date(9998, 12, 31)).map(date.isoformat)
PLAIN = st.builds(lambda day, length: day[:length], DAYS, st.sampled_from([4, 7, 10]))
QUALIFIED = st.builds(str.__add__, PLAIN, st.sampled_from(["", "?", "~", "%"]))
STANDALONE = st.builds(
    lambda day, shape: shape.format(century=day[:2], decade=day[:3], year=day[:4], month=day[:7]),
    st.dates(date(100, 1, 1), date(9899, 12, 31)).map(date.isoformat),
    st.sampled_from(
        ["{century}XX", "{decade}X", "{year}-XX", "{year}-XX-XX", "{month}-XX"]
        + [f"{{year}}-{season}" for season in range(21, 25)]
    ),
)
INTERVALS = st.tuples(QUALIFIED, QUALIFIED).map(
    lambda pair: tuple(sorted(pair, key=lambda t: parse(t).start))
)
HALF_OPEN = st.builds(
    lambda text, shape: shape.format(text), QUALIFIED, st.sampled_from(["{}/", "{}/..", "/{}", "../{}"])
)
VALID = st.one_of(QUALIFIED, STANDALONE, HALF_OPEN, INTERVALS.map("/".join))
NEARLY = st.text("0123456789-/.XTuxYW?~%[:Z \n", max_size=24)


@pytest.mark.parametrize(("text", "start", "end", "precision"), ACCEPTED_ROWS, ids=lambda value: value)
def test_accepted(text: str, start: str, end: str, precision: str) -> None:
    found = parse(f" {text}\n")
    assert (found.text, found.start.isoformat(), found.end.isoformat(), found.precision) == (
        text,
        start,
        end,
        precision,
    )


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(EdtfError) as refusal:
        parse(text)
    message = str(refusal.value)
    assert why in message
    # The advice must itself be good: each example that a message gives is a date we read.
    for advised in re.findall(r"\b[0-9]{2}[0-9X]{2}\b[-/.0-9X~]*", message.split(": ", 1)[1]):
        parse(advised)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " 2024",
            "2024\n",
            "2024?",
            "201X",
            "2024-XX",
            "2024/..",
            "2024-04-19T00:00:00Z",
            "٢٠٢٤",
            "10000",
        ),
        *("0000", "0000-01-01", "2024-13", "2024-21", "2024-00-01", "2023-02-29", "-2024", "20240419"),
    ],
)
def test_query_bounds_are_plain_dates_only(text: str) -> None:
    for bound in first_day, last_day:
        with pytest.raises(EdtfError, match=r"must be|write a day, month or year"):
            bound(text)


def test_query_bounds_reach_every_year_a_date_can_hold() -> None:
    assert (first_day("0001"), last_day("9999")) == (date.min, date.max)


def test_a_message_is_short_and_printable_whatever_the_text() -> None:
    with pytest.raises(EdtfError) as refusal:
        parse("2024\x00\ud800" + "9" * 100_000)
    message = str(refusal.value)
    assert message.startswith(r"2024\x00\ud8009") and message.isprintable() and len(message) < 200


@pytest.mark.parametrize("year", [1999, 2023, 2024])
def test_a_season_takes_in_every_reading(year: int) -> None:
    """Either hemisphere, by month or by equinox, and a season over New Year named after either of its years."""
    march_to_june = date(year, 3, 1), date(year, 6, 21)
    june_to_september = date(year, 6, 1), date(year, 9, 23)
    september_to_december = date(year, 9, 1), date(year, 12, 22)
    over_new_year = [(date(first, 12, 1), date(first + 1, 3, 21)) for first in (year - 1, year)]
    readings = {
        (21, 23): [march_to_june, september_to_december],
        (22, 24): [june_to_september, *over_new_year],
    }
    for seasons, spans in readings.items():
        for found in (parse(f"{year}-{season}") for season in seasons):
            assert all(found.start <= start and end <= found.end for start, end in spans)


@given(DAYS)
def test_a_plain_day_is_itself(text: str) -> None:
    found = parse(text)
    assert found.start == found.end == date.fromisoformat(text)
    assert (found.text, found.precision) == (text, "day")


@given(DAYS)
def test_a_coarser_date_contains_the_finer(day: str) -> None:
    shapes = [day, day[:7], f"{day[:7]}-XX", day[:4], f"{day[:4]}-XX", f"{day[:4]}-XX-XX"]
    spans = [parse(text) for text in shapes]
    for finer, coarser in pairwise(spans):
        assert coarser.start <= finer.start <= finer.end <= coarser.end


@given(STANDALONE | PLAIN, st.sampled_from("?~%"))
def test_a_qualifier_moves_nothing(text: str, qualifier: str) -> None:
    plain, qualified = parse(text), parse(text + qualifier)
    assert (plain.start, plain.end, plain.precision) == (qualified.start, qualified.end, qualified.precision)


@given(VALID)
def test_bounds_are_ordered_and_infinite_only_where_open(text: str) -> None:
    found = parse(text)
    assert found.text == text and found.start <= found.end
    assert (found.precision == "open") == (found.start == date.min or found.end == date.max)


@given(INTERVALS)
def test_an_interval_goes_from_the_start_of_one_end_to_the_end_of_the_other(pair: tuple[str, str]) -> None:
    first, last = map(parse, pair)
    found = parse("/".join(pair))
    assert (found.start, found.end) == (first.start, last.end)
    if first.end <= last.end:
        assert found.start <= last.start and first.end <= found.end, "then it contains both ends"


@given(st.dates(date(2, 1, 1), date(9998, 12, 1)), st.integers(0, 13))
def test_a_week_is_monday_to_sunday(start: date, days: int) -> None:
    end = start + timedelta(days)
    is_week = start.isocalendar().weekday == 1 and days == 6
    assert (parse(f"{start}/{end}").precision == "week") == is_week


@given(PLAIN)
def test_query_bounds_agree_with_parse(text: str) -> None:
    found = parse(text)
    assert (first_day(text), last_day(text)) == (found.start, found.end)


@settings(max_examples=300)
@given(st.text() | NEARLY | st.tuples(VALID, NEARLY).map("".join) | st.tuples(NEARLY, VALID).map("/".join))
@example("9" * 10_000)
@example("/" * 10_000)
@example("x" * 10_000 + "!")
def test_no_text_raises_anything_but_edtf_error(text: str) -> None:
    for read in parse, first_day, last_day:
        with contextlib.suppress(EdtfError):
            read(text)

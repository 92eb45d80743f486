"""What the texts of a CSV file may mean: each reader makes one known text a value, or says why it is none."""

import hashlib
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache, partial
from typing import Any

from app import codes, edtf
from app.importers.dossier_format import LANGUAGE
from app.search import fold

PRECISIONS = ("day", "week", "month", "year")

Reader = Callable[[str], Any]  # raises ValueError with the reason

_LONGEST_ID = 200 - 80 - 1  # what the API's paths take, less a dataset's id and the dot behind it
_LARGEST_COUNT = 2_147_483_647  # what a database's integer holds


def shown(text: str) -> str:
    """A text as messages show it: on one line, and short."""
    whole = repr(text)
    return whole if len(whole) <= 60 else whole[:59] + "…"


def hint(word: str, options: tuple[str, ...]) -> str:
    """The end of a message that offers the option most like `word`."""
    near = codes.nearest(word, options)
    return f"; did you mean {near}?" if near else ""


# --- texts and ids ---------------------------------------------------------------------------------


def words(text: str) -> str:
    """A text, put on one line."""
    return " ".join(text.split())


def prose(text: str) -> str:
    """A text that keeps its lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _matching(pattern: str, longest: int, what: str, text: str) -> str:
    if len(text) > longest or not re.fullmatch(pattern, text):
        raise ValueError(f"{shown(text)} is not {what}")
    return text


local_id = partial(
    _matching,
    r"[A-Za-z0-9][A-Za-z0-9._-]*",
    _LONGEST_ID,
    f"an id: letters A to Z, digits, dots, hyphens, underscores; at most {_LONGEST_ID}",
)
url = partial(_matching, r"https?://\S+", 8_000, "an address that starts with http:// or https://")
language = partial(_matching, LANGUAGE, 80, "a BCP 47 language tag, as in en or pt-BR")


@lru_cache(16_384)
def slug(name: str) -> str:
    """An id made of a name; the same for names that differ in case and accents only."""
    folded = fold(name)
    plain = "-".join(re.findall(r"[a-z0-9]+", folded))
    if plain and folded.isascii() and len(plain) <= 60:
        return plain
    digest = hashlib.sha256(folded.encode()).hexdigest()[:8]
    return f"{plain[:60].strip('-')}-{digest}".strip("-")


def encoding(name: str) -> str:
    """The codec of that name; UTF-8 may begin with a byte order mark."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except LookupError:
        raise ValueError(f"{shown(name)} is not an encoding that Python knows") from None
    return "utf-8-sig" if re.fullmatch(r"(?i)utf[-_]?8", name) else name


def one_of(*allowed: str) -> Reader:
    """Reader of a code, whatever its case."""
    by_fold = {code.casefold(): code for code in allowed}

    def read(text: str) -> str:
        if text.casefold() not in by_fold:
            raise ValueError(f"{shown(text)} is none of {', '.join(allowed)}{hint(text, allowed)}")
        return by_fold[text.casefold()]

    return read


# --- numbers ---------------------------------------------------------------------------------------


def _number(text: str) -> float:
    if "," in text:
        raise ValueError(f"{shown(text)} has a comma: write a plain number, as in 1234 or 12.5")
    if len(text) > 40 or not re.fullmatch(r"[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,2})?", text):
        raise ValueError(f"{shown(text)} is not a plain number, as in 1234 or 12.5")
    return float(text)


def _degrees(most: int, text: str) -> float:
    number = _number(text)
    if abs(number) > most:
        raise ValueError(f"{shown(text)} lies outside -{most} to {most} degrees")
    return number


latitude = partial(_degrees, 90)
longitude = partial(_degrees, 180)


def quantity(text: str) -> int | float:
    """A number that measures something."""
    number = _number(text)
    if not 0 <= number < 1e15:
        raise ValueError(f"{shown(text)} is {'less than nothing' if number < 0 else 'too large'}")
    return int(number) if number.is_integer() else number


def count(text: str) -> int:
    """A number of people or things."""
    number = quantity(text)
    if number != int(number):
        raise ValueError(f"{shown(text)} is not a whole number")
    if number > _LARGEST_COUNT:
        raise ValueError(f"{shown(text)} is too large")
    return int(number)


# --- countries -------------------------------------------------------------------------------------

_SYSTEMS = {
    "iso": (("code", "alpha3", "numeric"), "ISO 3166-1 code"),
    "gw": (("gw",), "Gleditsch-Ward number"),
    "cow": (("cow",), "Correlates of War number"),
    "fips": (("fips",), "FIPS 10-4 code"),
    "cameo": (("cameo",), "CAMEO country code"),
    "name": (("name_en", "name_vi"), "English or Vietnamese name"),
}


def _key(system: str, text: str) -> str:
    if system == "name":
        return " ".join(re.findall(r"\w+", fold(text.replace("&", " and "))))
    return text.upper().lstrip("0")  # spreadsheets make 4 of 004


@cache
def _countries(system: str, *, gone: bool = False) -> dict[str, list[str]]:
    """The countries of today that a code may mean; or, by name, the states that are gone."""
    found: dict[str, list[str]] = {}
    for row in codes.countries():
        if bool(row["valid_to"]) == gone:
            for key in {_key(system, row[column]) for column in _SYSTEMS[system][0]} - {""}:
                found.setdefault(key, []).append(row["name_en" if gone else "code"])
    return found


def _country(system: str, text: str) -> str:
    key, known = _key(system, text), _countries(system)
    meant = known.get(key, [])
    if len(meant) == 1:
        return meant[0]
    what = f"{shown(text)} is the {_SYSTEMS[system][1]} of"
    if meant:
        raise ValueError(f"{what} several countries: {', '.join(meant)}")
    gone = _countries(system, gone=True).get(key)
    if gone:
        raise ValueError(f"{what} no country of today; it was {' and '.join(gone)}")
    raise ValueError(f"{what} no country{hint(key, tuple(known)) if system == 'name' else ''}")


def country(system: str) -> Reader:
    """Reader of a country of today, by its code in `system` or by its name, as our code for it."""
    return lru_cache(1_024)(partial(_country, system))


# --- dates -----------------------------------------------------------------------------------------


def date_form(form: str) -> str:
    """A form of dates as strptime knows it, if what it says is a day, a month or a year."""
    unknown = set(re.findall(r"%(.?)", form)) - set("YymbBdjHIMSfpzaA%")
    if unknown:
        raise ValueError(f"{shown(form)}: no %{min(unknown)} here; see the list in docs/csv-mapping.md")
    said = set(re.findall(r"%(.)", form))
    if not said & {"Y", "y"} or ("d" in said and not said & {"m", "b", "B"}):
        raise ValueError(
            f"{shown(form)} names no day, month or year: it needs %Y, or %m and %Y, or %d, %m and %Y"
        )
    return form


def _edtf_of(when: datetime, form: str) -> str:
    """A form without a day says a month, and without a month a year."""
    said = set(re.findall(r"%(.)", form))
    length = 10 if said & {"d", "j"} else 7 if said & {"m", "b", "B"} else 4
    return edtf.parse(when.date().isoformat()[:length]).text


def _date(forms: tuple[str, ...], text: str) -> str:
    if not forms:
        return edtf.parse(text).text
    found: dict[str, bool] = {}  # each date it may be, and whether the form would write it just so
    for form in forms:
        try:
            when = datetime.strptime(text, form)  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
        read = _edtf_of(when, form)
        found[read] = found.get(read, False) or when.strftime(form) == text
    best = [read for read, exact in found.items() if exact] or list(found)
    if not best:
        raise ValueError(f"{shown(text)} is not a date of the form {' or '.join(forms)}")
    if len(best) > 1:
        raise ValueError(f"{shown(text)} may be {' or '.join(best)}")
    return best[0]


def date(*forms: str) -> Reader:
    """Reader of a date written in one of these forms, or else in EDTF, as EDTF."""
    return lru_cache(16_384)(partial(_date, forms))


def date_or_open(*forms: str) -> Reader:
    """The same, where `..` is a start or end that is open."""
    read = date(*forms)
    return lambda text: text if text == ".." else read(text)


@lru_cache(16_384)
def coarser(text: str, precision: str) -> str:
    """The date `text`, if it is more precise than `precision` makes it, as no more precise than that."""
    ends = text.split("/")
    first, last = _coarser_end(ends[0], precision, 0), _coarser_end(ends[-1], precision, 6)
    return first if first == last else f"{first}/{last}"


def _coarser_end(text: str, precision: str, weekday: int) -> str:
    if text in ("", ".."):
        return text
    when = edtf.parse(text)
    if when.precision not in PRECISIONS[: PRECISIONS.index(precision)]:
        return text
    mark = text[-1] if text[-1] in "?~%" else ""
    if precision == "week":
        return (when.start + timedelta(days=weekday - when.start.weekday())).isoformat() + mark
    return text[: 7 if precision == "month" else 4] + mark

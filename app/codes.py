"""The code lists that the contract is written in, and how a client's word finds its code."""

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from app.search import fold

_DATA = files("app") / "data"


@dataclass(frozen=True, slots=True)
class Code:
    """One code; `parent` is the type of a mode, or the PLOVER type of a CAMEO root."""

    code: str
    label: str
    label_vi: str
    definition: str
    parent: str | None
    quad: int | None


class UnknownCode(ValueError):
    """A word that no code answers to; `nearest` is the code that was probably meant, or None."""

    def __init__(self, detail: str, allowed: tuple[str, ...] | None, nearest: str | None) -> None:
        super().__init__(detail)
        self.allowed, self.nearest = allowed, nearest


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_DATA / name).read_text("utf-8").splitlines()))


@cache
def lists() -> dict[str, tuple[Code, ...]]:
    """Every code list by name, in the order of the data file."""
    found: dict[str, list[Code]] = {}
    for row in _rows("codes.csv"):
        code = Code(
            code=row["code"],
            label=row["label_en"],
            label_vi=row["label_vi"],
            definition=row["definition"],
            parent=row["parent"] or None,
            quad=int(row["quad"]) if row["quad"] else None,
        )
        found.setdefault(row["list"], []).append(code)
    return {name: tuple(entries) for name, entries in found.items()}


@cache
def values(name: str) -> tuple[str, ...]:
    """The codes of one list, each once."""
    return tuple(dict.fromkeys(entry.code for entry in lists()[name]))


@cache
def modes(event_type: str) -> tuple[str, ...]:
    """The modes that belong to one event type; empty where it has none."""
    return tuple(entry.code for entry in lists()["mode"] if entry.parent == event_type)


@cache
def countries() -> tuple[dict[str, str], ...]:
    """The rows of the country file, as text; an empty string where nothing is known."""
    return tuple(_rows("countries.csv"))


@cache
def number(country: str) -> int:
    """The ISO number of a country, or 0 where it has none."""
    return next((int(row["numeric"] or 0) for row in countries() if row["code"] == country), 0)


@cache
def _country_codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for column in ("numeric", "alpha3", "code"):  # alpha-2 last: it wins
        found |= {row[column]: row["code"] for row in countries() if row[column] and not row["valid_to"]}
    return {row["code"]: row["code"] for row in countries()} | found


@cache
def _country_names() -> dict[str, str]:
    pairs = ((fold(row[column]), row["code"]) for row in countries() for column in ("name_en", "name_vi"))
    return dict(reversed(tuple(pairs)))  # the first to bear a name keeps it


def nearest(word: str, options: tuple[str, ...]) -> str | None:
    """The option most like `word`, whatever its case; None where none is near."""
    folded = {option.casefold(): option for option in options}
    near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def resolve(name: str, word: str) -> str:
    """The code of list `name` that `word` spells, whatever its case; UnknownCode otherwise."""
    return _pick(word, values(name))


def _pick(word: str, allowed: tuple[str, ...]) -> str:
    for code in allowed:
        if code.casefold() == word.casefold():
            return code
    raise UnknownCode(f"{word!r} is not one of the allowed values", allowed, nearest(word, allowed))


def region(word: str) -> str:
    """The UN M49 region or subregion that `word` spells, whatever its case; UnknownCode otherwise."""
    allowed = tuple(dict.fromkeys(row[column] for column in ("region", "subregion") for row in countries()))
    return _pick(word, allowed)


def country(word: str) -> str:
    """The key of the country with this alpha-2, alpha-3, numeric or ISO 3166-3 code; UnknownCode otherwise."""
    found = _country_codes().get(word.upper())
    if found:
        return found
    names = _country_names()
    by_name = names.get(fold(word)) or _country_codes().get(word.zfill(3) if word.isdigit() else "")
    if not by_name:
        close = nearest(fold(word), tuple(names))
        by_name = names[close] if close else None
    detail = f"{word!r} is not an ISO 3166-1 alpha-2, alpha-3 or numeric code"
    if by_name:
        detail += f"; {by_name} is {_name(by_name)}"
    raise UnknownCode(detail, None, by_name)


def _name(code: str) -> str:
    return next(row["name_en"] for row in countries() if row["code"] == code)

"""Full text: folding words, and the index that holds them in each database."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, column, literal_column, table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import bindparam
from sqlalchemy.types import Boolean, String

# Words are cut and folded here, never by a database, so that both find the same: SQLite's own tokenizer
# would keep the Vietnamese đ apart from d, and PostgreSQL's would stem.
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "\u0131": "i", "ħ": "h", "æ": "ae", "œ": "oe"}
)
_IDEOGRAPH = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"  # written without spaces: each is a word of its own
_WORD = re.compile(rf"{_IDEOGRAPH}|(?:(?!{_IDEOGRAPH})[^\W_])+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")  # the same words, found faster
_LONGEST_WORD = 100
# Below a day's number, which has 22 bits: that of a country in ten, and an event's own in thirty.
DAY_SHIFT, _COUNTRY_SHIFT = 40, 30
SEQUENCE = (1 << DAY_SHIFT) - 1
_OWN = (1 << _COUNTRY_SHIFT) - 1
_TERMS, _LEXEMES = "q_terms", "q_lexemes"


def fold(value: str) -> str:
    """`value` without case, accents, and the letters that Unicode does not decompose (đ, ø, ł ...)."""
    if value.isascii():
        return value.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", value.casefold()) if not unicodedata.combining(c))
    folded = unicodedata.normalize("NFC", bare.casefold().translate(_LETTERS))
    return folded if folded == value else fold(folded)  # a letter may fold to one that folds on


def words(value: str) -> list[str]:
    """The folded words of `value`, each once, in the order in which they first occur."""
    if value.isascii():
        found: Iterable[str] = _ASCII_WORD.findall(value.lower())
    else:  # folding reaches across no white space
        found = chain.from_iterable(map(_words_of, value.split()))
    return [word[:_LONGEST_WORD] for word in dict.fromkeys(found)]


@lru_cache(20_000)
def _words_of(part: str) -> list[str]:
    folded = fold(part)
    return (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)


class Matches(ColumnElement[bool]):
    """True for an event that holds every word of `text`, which is a text or the mark of one, named `q`.

    With `probing`, SQLite looks whether an event is among those, and does not begin with them.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, document_id: Any, event_id: Any, text: Any, *, probing: bool = False) -> None:
        self.document_id, self.event_id, self.probing = document_id, event_id, probing
        values = sought(text) if isinstance(text, str) else {}
        self.terms, self.lexemes = (
            bindparam(name, values.get(name), type_=String(), unique=bool(values))
            for name in (_TERMS, _LEXEMES)
        )

    def self_group(self, against: Any = None) -> "Matches":  # noqa: ARG002
        return self  # with "= 1" behind it, as for a column, no index would serve


def sought(text: str) -> dict[str, str]:
    """What the marks of a `Matches` stand for: the words of `text`, as each database takes them."""
    wanted = words(text)
    return {
        _TERMS: " ".join(f'"{word}"' for word in wanted),
        _LEXEMES: " & ".join(f"'{word}'" for word in wanted),
    }


@compiles(Matches, "sqlite")
def _sqlite_matches(element: Matches, compiler: Any, **kw: Any) -> str:
    document_id, terms = compiler.process(element.document_id, **kw), compiler.process(element.terms, **kw)
    sign = "+" if element.probing else ""  # before which SQLite does not see a column that has an index
    return f"{sign}{document_id} IN (SELECT rowid FROM event_search WHERE event_search MATCH {terms})"  # noqa: S608


@compiles(Matches, "postgresql")
def _postgresql_matches(element: Matches, compiler: Any, **kw: Any) -> str:
    event_id, lexemes = compiler.process(element.event_id, **kw), compiler.process(element.lexemes, **kw)
    return f"{event_id} IN (SELECT event_id FROM event_search WHERE words @@ CAST({lexemes} AS tsquery))"  # noqa: S608


WORDS = table("event_search", column("rowid", BigInteger))


def holds_words() -> ColumnElement[bool]:
    """A row of SQLite's index holds every word that is bound to the marks of `sought`."""
    return literal_column("event_search").op("MATCH", return_type=Boolean())(
        bindparam(_TERMS, type_=String())
    )


def document_id(start: date, country: int = 0, sequence: int = 0) -> int:
    """Where an event's documents and words are kept: in the order of days, those of a day by country.

    `country` is the ISO number of the event's first country, or 0. `sequence`, which no other event has, stays below
    2^30: it is made of the sequence of changes. With the day alone it is the lowest id of that day.
    """
    if sequence > _OWN:
        raise ValueError(
            f"the sequence of changes has come to {sequence:,}, and ids of documents end at {_OWN:,}"
        )
    return start.toordinal() << DAY_SHIFT | country << _COUNTRY_SHIFT | sequence


def sequence(document_id: int) -> int:
    """The sequence that an id was made with."""
    return document_id & _OWN


def indexed(dialect: str, found_by: str) -> str:
    """The words by which an event is found, as the index of each database takes them."""
    if dialect == "sqlite":
        return " ".join(words(found_by))
    return " ".join(f"'{word}'" for word in words(found_by))

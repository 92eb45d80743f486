"""GDELT 2.0 event exports and their mentions files: events that a machine has coded, with the articles it read."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO, TypeAlias
from urllib.parse import unquote

from app.importers.files import Input
from app.importers.gdelt_codes import BadCell, Place, actor_of, country_of, kind_of, place_of
from app.records import (
    ActorRecord,
    DatasetRecord,
    EventFacts,
    EventRecord,
    EvidenceRecord,
    Item,
    Reject,
    SourceRecord,
)
from app.sqlite import sqlite3

_ACTOR = "Code Name CountryCode KnownGroupCode EthnicCode Religion1Code Religion2Code Type1Code Type2Code Type3Code"
_GEO = "Type FullName CountryCode ADM1Code ADM2Code Lat Long FeatureID"
COLUMNS = (
    "GlobalEventID", "Day", "MonthYear", "Year", "FractionDate",
    *(f"Actor{n}{name}" for n in (1, 2) for name in _ACTOR.split()),
    "IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale",
    "NumMentions", "NumSources", "NumArticles", "AvgTone",
    *(f"{whose}Geo_{name}" for whose in ("Actor1", "Actor2", "Action") for name in _GEO.split()),
    "DATEADDED", "SOURCEURL",
)  # fmt: skip
MENTION_COLUMNS = (
    "GlobalEventID", "EventTimeDate", "MentionTimeDate", "MentionType", "MentionSourceName", "MentionIdentifier",
    "SentenceID", "Actor1CharOffset", "Actor2CharOffset", "ActionCharOffset", "InRawText", "Confidence",
    "MentionDocLen", "MentionDocTone", "MentionDocTranslationInfo", "Extras",
)  # fmt: skip
_LONGEST_LINE = 1 << 15  # characters; what is longer is no row, and must not fill the memory

_NOBODY = {"en": "unknown", "vi": "không rõ"}
_EVENT_ID = re.compile(r"[0-9]{1,20}")
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{6})?")
_FLAG, _QUAD, _CODED_COUNT = (re.compile(text) for text in ("[01]", "[1-4]", "[0-9]{1,12}"))
_GOLDSTEIN = re.compile(r"(-?(10(\.0*)?|[0-9](\.[0-9]*)?))?")  # not every code has a score
_CODED = {25: _FLAG, 29: _QUAD, 30: _GOLDSTEIN} | dict.fromkeys((31, 32, 33), _CODED_COUNT)
_OFFSET = re.compile(r"-?[0-9]{1,12}")
_PERCENT = re.compile(r"100|[0-9]{1,2}")
_URL = re.compile(
    r"https?://(?:[^/?#\s@]*@)?(?:www\.)?([^][/?#\s:@]+)(?::[0-9]*)?([^?#\s]*)\S*", re.IGNORECASE
)
_SITE_ID = re.compile(r"\d{5,}|(?=\D*\d)(?=.*[^\W\d])\w+")
_Evidence: TypeAlias = tuple[list[EvidenceRecord], list[SourceRecord]]


def version_of(path: Path) -> str:
    """The time that a GDELT file bears in its name, or "unknown"."""
    found = re.search(r"(?<![0-9])([0-9]{14}|[0-9]{8})(?![0-9])", path.name)
    return found[1] if found else "unknown"


def dataset(version: str) -> DatasetRecord:
    """The dataset, as of the export `version`."""
    return DatasetRecord(
        id="gdelt",
        kind="gdelt",
        title="GDELT 2.0 Event Database",
        titles={"en": "GDELT 2.0 Event Database", "vi": "Cơ sở dữ liệu sự kiện GDELT 2.0"},
        version=version,
        licence="free with attribution (GDELT Project)",
        citation="The GDELT Project, GDELT 2.0 Event Database, https://www.gdeltproject.org/; Leetaru, K., and"
        " Schrodt, P. A. (2013), GDELT: Global Data on Events, Location and Tone, 1979-2012, ISA Annual Convention",
        note="Coded by machine from single sentences of news and checked by nobody: one happening is often several"
        " events here, and some never happened. Titles of events are made from their codes, titles of articles from"
        " their addresses; when an article was published is not known, only when GDELT saw it. Places larger than"
        " a town have no point. Statements and appeals (CAMEO 01 and 02) have no PLOVER type and are left out.",
    )


def parse(source: Input, mentions: Sequence[Input] = ()) -> Iterator[Item]:
    """Every row of an export as an event or a reject; `mentions` become evidence of its events, or rejects."""
    if not mentions:
        yield from _parse(source, None)
        return
    # Export and mentions come in no common order and in any size, so a scratch file joins them, gone when closed.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as scratch:
        scratch.execute("CREATE TABLE mention (event, day, identifier, note, file, row, line, used)")
        scratch.execute("BEGIN")
        for file in mentions:
            yield from _hold(scratch, file)
        scratch.execute("CREATE INDEX mention_event ON mention (event)")
        yield from _parse(source, scratch)
        for name, row, line in scratch.execute(
            "SELECT file, row, line FROM mention WHERE NOT used ORDER BY rowid"
        ):
            reason = f"{name}: its event is not in the export, or is rejected there"
            yield Reject(row, "GlobalEventID", reason, _shown(line, MENTION_COLUMNS))


def _parse(source: Input, scratch: sqlite3.Connection | None) -> Iterator[Item]:
    said: set[str] = set()
    for row, line in _lines(source):
        try:
            record, others = _event(_cells(line, COLUMNS), scratch)
        except BadCell as bad:
            yield Reject(row, bad.field, bad.reason, _shown(line, COLUMNS))
            continue
        for other in others:
            if other.id not in said:
                said.add(other.id)
                yield other
        if len(said) > 50_000:  # to say one again costs less than to remember all
            said.clear()
        yield record


def _lines(source: Input) -> Iterator[tuple[int, str]]:
    """Number and text of each row; of one that is too long, the beginning."""
    with source.text(errors="surrogateescape") as text:
        row = 0
        while line := text.readline(_LONGEST_LINE):
            row += 1
            yield row, line.rstrip("\r\n")
            _skip_rest(text, line)


def _skip_rest(text: TextIO, line: str) -> None:
    while len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
        line = text.readline(_LONGEST_LINE)


def _cells(line: str, columns: Sequence[str]) -> list[str]:
    if len(line) >= _LONGEST_LINE:
        raise BadCell("columns", f"longer than {_LONGEST_LINE:,} characters")
    cells = line.split("\t")
    if len(cells) != len(columns):
        raise BadCell("columns", f"there are not {len(columns)} columns")
    if "\0" in line:
        raise BadCell("encoding", "holds a NUL character")
    try:
        line.encode()
    except UnicodeEncodeError:
        raise BadCell("encoding", "is not UTF-8") from None
    return cells


def _shown(line: str, columns: Sequence[str]) -> dict[str, Any]:
    """A row for the rejects file; bytes that are not UTF-8 appear as escapes."""
    line = line.encode("utf-8", "backslashreplace").decode()
    cells = line.split("\t")
    return dict(zip(columns, cells, strict=True)) if len(cells) == len(columns) else {"line": line}


def _event(
    cells: list[str], scratch: sqlite3.Connection | None
) -> tuple[EventRecord, list[ActorRecord | SourceRecord]]:
    if not _EVENT_ID.fullmatch(cells[0]):
        raise BadCell("GlobalEventID", "not a number")
    when = _day(cells[1], "Day")
    kind = kind_of(cells[26], cells[28])
    for at, shape in _CODED.items():
        if not shape.fullmatch(cells[at]):
            raise BadCell(COLUMNS[at], "not in the range of its kind")
    place = place_of(*cells[51:54], *cells[56:58])
    first, second = actor_of(cells[5], "Actor1Code"), actor_of(cells[15], "Actor2Code")
    evidence, sources = _evidence(cells, place, scratch)
    title, title_vi = (
        " — ".join(part for part in (kind.titles[n], _who(first, second, tag), place.titles[n]) if part)
        for n, tag in enumerate(("en", "vi"))
    )
    facts = EventFacts(
        type=kind.type,
        mode=kind.mode,
        status="occurred",
        title=title,
        translations={"vi": {"title": title_vi, "summary": None}},
        date_edtf=when.isoformat(),
        date_start=when,
        date_end=when,
        date_precision="day",
        place_name=place.name,
        place_admin1=place.admin1,
        place_country=place.country,
        latitude=place.latitude,
        longitude=place.longitude,
        place_precision=place.precision,
    )
    parties = dict.fromkeys(code for code in (country_of(cells[7]), country_of(cells[17])) if code)
    countries = [(code, "party") for code in parties]
    if place.country:
        countries.insert(0, (place.country, "location"))
    roles = [(actor.id, role) for actor, role in ((first, "initiator"), (second, "recipient")) if actor]
    record = EventRecord(f"gdelt.{cells[0]}", facts, (), countries, roles, evidence)
    return record, [*(actor for actor in (first, second) if actor), *sources]


@lru_cache(maxsize=4_096)
def _day(text: str, field: str) -> date:
    found = _DAY.fullmatch(text)
    with suppress(ValueError):
        if found and 1900 <= int(found[1]) <= 2100:
            return date(int(found[1]), int(found[2]), int(found[3]))
    raise BadCell(field, "not a day between 1900 and 2100")


def _who(first: ActorRecord | None, second: ActorRecord | None, tag: str) -> str:
    if second:
        return f"{first.names[tag] if first else _NOBODY[tag]} → {second.names[tag]}"
    return first.names[tag] if first else ""


def _evidence(cells: list[str], place: Place, scratch: sqlite3.Connection | None) -> _Evidence:
    added = _day(cells[59], "DATEADDED").isoformat()
    own = _source(cells[60])
    called = [
        f"Actor{n} {' '.join(filter(None, (cells[at + 1], f'({cells[at]})' if cells[at] else '')))}"
        for n, at in ((1, 5), (2, 15))
        if cells[at] or cells[at + 1]
    ]
    coded = f"CAMEO {cells[26]}, QuadClass {cells[29]}, Goldstein {cells[30] or 'not given'}"
    counted = (
        f"{cells[31]} mentions, {cells[32]} sources, {cells[33]} articles when added to GDELT on {added};"
        f" IsRootEvent {cells[25]}"
    )
    whole = EvidenceRecord(own.id, reported="; ".join(called) or None)
    others, sources = _mentions(cells[0], scratch) if scratch else ([], [])
    merged = next((n for n, entry in enumerate(others) if entry.source_id == own.id), None)
    if merged is not None:
        whole = whole._replace(note=others.pop(merged).note)
    evidence = [whole, EvidenceRecord(own.id, "type", reported=coded, note=counted)]
    if place.unresolved:
        evidence.append(EvidenceRecord(own.id, "place", reported=place.unresolved))
    return evidence + others, [own, *sources]


def _hold(scratch: sqlite3.Connection, file: Input) -> Iterator[Reject]:
    """Put the mentions of one file into the scratch file."""
    name = file.path.name
    for row, line in _lines(file):
        try:
            cells = _cells(line, MENTION_COLUMNS)
            day = _day(cells[2], "MentionTimeDate").isoformat()
            values = cells[0], day, cells[5], f"{_where_in_text(cells)}, seen by GDELT on {day}"
        except BadCell as bad:
            yield Reject(row, bad.field, f"{name}: {bad.reason}", _shown(line, MENTION_COLUMNS))
        else:
            scratch.execute("INSERT INTO mention VALUES (?, ?, ?, ?, ?, ?, ?, 0)", (*values, name, row, line))


def _where_in_text(cells: list[str]) -> str:
    """Where an article mentions an event: a point and no passage, so it is told in words."""
    for n in (6, 7, 8, 9, 11, 12):
        if not (_PERCENT if n == 11 else _OFFSET).fullmatch(cells[n]):
            raise BadCell(MENTION_COLUMNS[n], "not a percentage" if n == 11 else "not a number")
    told = [f"GDELT confidence {cells[11]}%", f"sentence {cells[6]}"]
    offsets = (("action", cells[9]), ("actor 1", cells[7]), ("actor 2", cells[8]))
    told += [f"{what} at character {at}" for what, at in offsets if not at.startswith("-")]
    told.append(f"text of {cells[12]} characters")
    language = re.search("srclc:([a-z]+)", cells[14])
    if language:
        told.append(f"counted in a machine translation from {language[1]}")
    return ", ".join(told)


def _mentions(key: str, scratch: sqlite3.Connection) -> _Evidence:
    found = scratch.execute(
        "SELECT DISTINCT identifier, note FROM mention WHERE event = ? ORDER BY day, identifier, note", (key,)
    ).fetchall()
    if found:
        scratch.execute("UPDATE mention SET used = 1 WHERE event = ?", (key,))
    named = [(_source(identifier), note) for identifier, note in found]
    return [EvidenceRecord(source.id, note=note) for source, note in named], [source for source, _ in named]


@lru_cache(maxsize=4_096)
def _source(identifier: str) -> SourceRecord:
    """The source of an address, and of nothing else: files that name it again must not change it."""
    key = f"gdelt-src-{hashlib.blake2b(identifier.encode(), digest_size=8).hexdigest()}"
    found = _URL.fullmatch(identifier)
    if not found:
        return SourceRecord(key, "dataset_record", identifier[:200].strip() or "Source not given")
    host = found[1].lower()
    return SourceRecord(key, "article", _headline(found[2]) or host, publisher=host, url=identifier)


def _headline(path: str) -> str:
    """The words of an address that look like a headline; empty where none do."""
    for segment in reversed(unquote(path).split("/")):
        words = re.findall(r"[^\W_]+", re.sub(r"\.[A-Za-z]{2,5}$", "", segment))
        if sum(not word.isalpha() and not word.isdigit() for word in words) > 1:
            continue  # a key of the site
        for end in (0, -1):  # ids of the site stand at either end; a short number is part of what is told
            while words and _SITE_ID.fullmatch(words[end]):
                words.pop(end)
        if len(words) >= 3:
            text = " ".join(words)[:200]
            return text[0].upper() + text[1:]
    return ""

"""UCDP GED: the CSV files of the Georeferenced Event Dataset and of its candidate releases, row by row."""

import csv
import re
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias

from app import codes, edtf
from app.importers.files import Input
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

_Row: TypeAlias = dict[str, str]
_Evidence: TypeAlias = tuple[EvidenceRecord, ...]

_NEEDED = (
    "id", "type_of_violence", "side_a_new_id", "side_a", "side_b_new_id", "side_b", "where_prec", "latitude",
    "longitude", "country_id", "date_prec", "date_start", "date_end", "best", "high", "low",
)  # fmt: skip
_LONGEST_TITLE = 500
_LARGEST = 2**31 - 1
_FIRST_YEAR = "1946"  # where the conflict data of UCDP begin
_REMEMBERED = 8_192  # readings of dates, deaths, sides and sources that are kept for the rows to come
_SENT_AT_MOST = 100_000

_VERSION = re.compile(r"GEDEvent_v(\d+(?:_\d+)*)|ged(\d{1,2})(\d)(?!\d)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"0*([0-9]{1,10})(?:\.0*)?")
_DEGREES = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE]-?[0-9]+)?")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]00:00:00(?:\.0+)?Z?)?")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # bytes that are not UTF-8 are read as lone surrogates
_NOBODY = re.compile(r"XXX([0-9]{1,3})")  # XXX140: somebody in Brazil, whom UCDP has yet to identify
_CITED = re.compile(r"(.*?),([0-9]{4}-[0-9]{2}-[0-9]{2}|),(.*)", re.DOTALL)  # office, day, headline

_ONE_SIDED = 3
_CONTEXTS = {1: ("military",), 2: ("military",), _ONE_SIDED: ("military", "human_rights")}
# Coordinates of the coarser precisions are centroids. No point is made of them, for a map would draw it and a
# bbox find it as if the event had been there; the evidence keeps them, in these words.
_PLACES = {
    "1": ("site", None),
    "2": ("near", None),
    "3": ("admin2", None),
    "4": ("admin1", "centroid of a first-order division"),
    "5": ("area", "centroid of a part of the country, or of a line between two places"),
    "6": ("country", "centroid of the country"),
    "7": ("international", "point for international waters or airspace"),
}
_UNKNOWN = "no such code of precision, so the least is read into it"
_PREPOSITIONS = {"near": ("near", "gần"), "area": ("in the area of", "tại khu vực")}

# What UCDP says of its own coding. Its id has no version: a release must not change the events that it repeats.
_UCDP = SourceRecord(
    id="ucdp-ged",
    kind="dataset_record",
    title="UCDP Georeferenced Event Dataset",
    publisher="Uppsala Conflict Data Program",
    url="https://ucdp.uu.se/",
    licence="CC-BY-4.0",
)


class _Bad(Exception):
    """Why a row is no event: its field and the reason."""


def dataset(version: str) -> DatasetRecord:
    """The dataset, as of the release `version`."""
    title, title_vi = _UCDP.title, "Bộ dữ liệu sự kiện có định vị địa lý của UCDP"
    return DatasetRecord(
        id="ucdp-ged",
        kind="ucdp-ged",
        title=title,
        titles={"en": title, "vi": title_vi},
        version=version,
        licence="CC-BY-4.0",
        citation=f"Uppsala Conflict Data Program, {title}, version {version}. Sundberg, Ralph, and Erik Melander "
        "(2013). Introducing the UCDP Georeferenced Event Dataset. Journal of Peace Research 50(4), 523-532. For "
        "candidate events: Hegre, Håvard, Mihai Croicu, Kristine Eck, and Stina Högbladh (2020). Introducing the "
        "UCDP Candidate Events Dataset. Research & Politics 7(3).",
        note="All events are armed violence: type ASSAULT, no mode. Titles are made of the sides and the place. "
        "Places known to a first-order division or worse have no point. Estimates of deaths are kept as given, "
        "also out of order. Not kept: conflict, dyad, deaths by side, event clarity, PRIO-GRID cell.",
    )


def version_of(path: Path) -> str:
    """The release that a file's name tells, such as 23.1 or 21.01.21.12; "unknown" where it tells none."""
    match = _VERSION.search(path.name)
    if not match:
        return "unknown"
    return match[1].replace("_", ".") if match[1] else f"{match[2]}.{match[3]}"


def parse(source: Input) -> Iterator[Item]:
    """Events, each after its sources and actors, and rejects, in the file's order; ValueError if it is no such file."""
    # An actor may be written in several ways, and the first one holds: so these are never forgotten. UCDP has some
    # thousands. A source's id is made of all that it says, so that saying it again is harmless.
    sources, actors = set[str](), set[str]()
    for number, row, fault in _rows(source):
        try:
            event, named = _event(row, fault)
        except _Bad as bad:
            field, reason = bad.args
            yield Reject(number, field, reason, {_shown(name): _shown(cell) for name, cell in row.items()})
            continue
        if len(sources) > _SENT_AT_MOST:
            sources.clear()
        for record in named:
            sent = actors if isinstance(record, ActorRecord) else sources
            if record.id not in sent:
                sent.add(record.id)
                yield record
        yield event


def _rows(source: Input) -> Iterator[tuple[int, _Row, str | None]]:
    """Number, cells by column and fault of each row; without blank lines and the HXL tags under HDX's header."""
    number = 0
    try:
        with source.text(errors="surrogateescape") as text:
            records = filter(None, csv.reader(text))
            header = [name.strip() for name in next(records, [])]
            missing = [name for name in _NEEDED if name not in header]
            if missing:
                raise ValueError(f"{source.path.name}: is no UCDP GED file; it lacks {', '.join(missing)}")
            for cells in records:
                if not number and any(cells) and all(cell.startswith("#") for cell in cells if cell):
                    continue
                number += 1
                row, fault = dict(zip(header, cells, strict=False)), None
                if len(cells) != len(header):
                    row |= {str(n): cell for n, cell in enumerate(cells, 1) if n > len(header)}
                    fault = f"has {len(cells)} cells, and the header {len(header)}"
                elif _NO_TEXT.search("".join(cells)):
                    fault = "holds a NUL character, which PostgreSQL cannot, or is not UTF-8"
                yield number, row, fault
    except csv.Error as error:
        raise ValueError(f"{source.path.name}: cannot be read after row {number}: {error}") from error


def _shown(cell: str) -> str:
    """A cell with the bytes that are not UTF-8 as escapes."""
    return cell.encode("utf-8", "backslashreplace").decode()


def _event(row: _Row, fault: str | None) -> tuple[EventRecord, list[SourceRecord | ActorRecord]]:
    """The event of a row, and the sources and actors that it names."""
    if fault:
        raise _Bad("row", fault)
    event_id, violence = _number("id", row["id"]), _number("type_of_violence", row["type_of_violence"])
    if violence not in _CONTEXTS:
        raise _Bad("type_of_violence", f"{violence} is not 1, 2 or 3")
    country = _living()[0].get(str(_number("country_id", row["country_id"])))
    if country is None:
        raise _Bad(
            "country_id", f"{row['country_id']} is no country of today in the list of Gleditsch and Ward"
        )
    side_a, parties_a, about_a = _side("a", row["side_a_new_id"], row["side_a"], row.get("gwnoa", ""))
    side_b, parties_b, about_b = _side("b", row["side_b_new_id"], row["side_b"], row.get("gwnob", ""))
    when, about_date = _when(row["date_start"], row["date_end"], _code(row["date_prec"]))
    place, about_place = _place(row, country["code"])
    (low, best, high), about_deaths = _deaths(row["low"], row["best"], row["high"])
    title, title_vi = _titles(violence, side_a, side_b, place, country)
    sources, evidence = _sources(row, about_date + about_place + about_a + about_b + about_deaths)
    roles = ("initiator", "recipient") if violence == _ONE_SIDED else ("participant", "participant")
    # UCDP names a country outside every country, too: the event matters to it, and did not happen in it.
    location = (country["code"], "location" if place["place_country"] else "mentioned")
    facts = EventFacts(
        type="ASSAULT",
        status="occurred",
        title=title,
        translations={"vi": {"title": title_vi, "summary": None}},
        date_edtf=when.text,
        date_start=when.start,
        date_end=when.end,
        date_precision=when.precision,
        fatalities_low=low,
        fatalities_best=best,
        fatalities_high=high,
        **place,
    )
    parties = dict.fromkeys((code, "party") for code in parties_a + parties_b)
    actors = dict.fromkeys(zip((side_a.id, side_b.id), roles, strict=True))
    contexts = _CONTEXTS[violence]
    event = EventRecord(
        f"ucdp-ged.{event_id}", facts, contexts, (location, *parties), tuple(actors), evidence
    )
    return event, [*sources, side_a, side_b]


@lru_cache(_REMEMBERED)
def _when(start: str, end: str, prec: str) -> tuple[edtf.Edtf, _Evidence]:
    """The date: between UCDP's earliest and latest day, whatever date_prec says."""
    first, last = _day("date_start", start), _day("date_end", end)
    if last < first:
        raise _Bad("date_end", f"{last} is before date_start {first}")
    text = f"{first}/{last}"
    named = first[: {"1": 10, "4": 7, "5": 4}.get(prec, 0)]  # the day, month or year, as far as it is known
    if named and (first == last or text == f"{edtf.first_day(named)}/{edtf.last_day(named)}"):
        text = named
    elif first == last:
        text = f"{first}~"
    remark = () if prec in ("1", "2", "3", "4", "5") else _remark("date", f"date_prec {prec}", _UNKNOWN)
    return edtf.parse(text), remark


def _place(row: _Row, country: str) -> tuple[dict[str, Any], _Evidence]:
    """The columns of the place; a point only where the coordinates are those of the place itself."""
    prec = _code(row["where_prec"])
    precision, centroid = _PLACES.get(prec, ("country", f"where_prec {prec}"))
    admin1 = _text(row.get("adm_1"))
    place: dict[str, Any] = {
        "place_name": _text(row.get("where_coordinates")) or _text(row.get("adm_2")) or admin1,
        "place_admin1": admin1,
        "place_country": None if precision == "international" else country,
        "place_precision": precision,
    }
    remark = () if prec in _PLACES else _remark("place", f"where_prec {prec}", _UNKNOWN)
    latitude, longitude = _text(row["latitude"]) or "", _text(row["longitude"]) or ""
    if not (latitude or longitude):
        return place, remark
    if centroid:
        said = f"{latitude}, {longitude} ({centroid})"
        return place, remark + _remark("place", said, "not where it happened, so no point is kept")
    place["latitude"] = _degrees("latitude", latitude, 90)
    place["longitude"] = _degrees("longitude", longitude, 180)
    return place, remark


@lru_cache(_REMEMBERED)
def _deaths(*cells: str) -> tuple[list[int | None], _Evidence]:
    named = list(zip(("low", "best", "high"), cells, strict=True))
    deaths = [_number(name, cell) if _text(cell) else None for name, cell in named]
    known = [number for number in deaths if number is not None]
    if known == sorted(known):
        return deaths, ()
    said = ", ".join(f"{name} {_text(cell) or 'unknown'}" for name, cell in named)
    return deaths, _remark("fatalities", said, "kept as given: out of order")


def _titles(
    violence: int, a: ActorRecord, b: ActorRecord, place: dict[str, Any], country: dict[str, str]
) -> tuple[str, str]:
    """English and Vietnamese title in our own words: UCDP gives none, and a headline is its paper's."""
    near, near_vi = _PREPOSITIONS.get(place["place_precision"], ("in", "tại"))
    name = place["place_name"]
    where, where_vi = f"{near} {name or country['name_en']}", f"{near_vi} {name or country['name_vi']}"
    # Only who is unidentified has a Vietnamese name; the country is told by the place.
    (a_en, a_vi), (b_en, b_vi) = (
        ("an unidentified actor", "bên chưa xác định") if "vi" in side.names else (side.name, side.name)
        for side in (a, b)
    )
    if violence == _ONE_SIDED:
        return (
            f"Violence against civilians by {a_en} {where}",
            f"Bạo lực của {a_vi} nhằm vào dân thường {where_vi}",
        )
    if "vi" in a.names and "vi" in b.names:
        return (
            f"Fighting between unidentified actors {where}",
            f"Giao tranh giữa các bên chưa xác định {where_vi}",
        )
    return f"Fighting between {a_en} and {b_en} {where}", f"Giao tranh giữa {a_vi} và {b_vi} {where_vi}"


@lru_cache(_REMEMBERED)
def _side(letter: str, number: str, cell: str, gwno: str) -> tuple[ActorRecord, tuple[str, ...], _Evidence]:
    """A side as an actor, the countries whose government it is, and what is odd about them."""
    key, name = f"ucdp-{_number(f'side_{letter}_new_id', number)}", _text(cell)
    if name is None:
        raise _Bad(f"side_{letter}", "has no name")
    numbered, titled = _living()
    nobody = _NOBODY.fullmatch(name)
    if nobody and nobody[1] in numbered:
        row = numbered[nobody[1]]
        names = {
            "en": f"Unidentified actor in {row['name_en']}",
            "vi": f"Bên chưa xác định ở {row['name_vi']}",
        }
        return ActorRecord(key, "armed_group", names["en"], names, aliases=(name,)), (), ()
    governments = re.split(r"(?:^|, )Government of ", name)[1:]
    given = [number for number in re.split(r"[,;\s]+", gwno) if _text(number)]
    stated = [numbered[code]["code"] if (code := _code(number)) in numbered else None for number in given]
    # The names win where they are those of countries: in 2022 UCDP gave the Government of Russia the number of
    # Ukraine in over a hundred rows.
    named = [titled.get(re.sub(r" \(.*", "", government).casefold()) for government in governments]
    read = named if named and all(named) else stated
    countries = tuple(dict.fromkeys(code for code in read if code))
    remark: _Evidence = ()
    if given and {*stated} != {*countries}:
        read_as = ", ".join(countries) or "none"
        note = f"does not fit {name!r}, or no country of today has it; read as {read_as}"
        remark = _remark("countries", f"gwno{letter} {', '.join(given)}", note, "corrected")
    kind = "government" if governments else "population" if name == "Civilians" else "armed_group"
    home = countries[0] if governments and len(countries) == 1 else None
    return ActorRecord(key, kind, name, {"en": name}, home), countries, remark


@cache
def _living() -> tuple[dict[str, _Row], dict[str, str]]:
    """The countries of today by UCDP's number for them, and the codes of these countries by name."""
    rows = [row for row in codes.countries() if not row["valid_to"]]
    numbered = {row["gw"]: row for row in rows if row["gw"]}
    numbered["345"] = numbered["340"]  # Serbia keeps Yugoslavia's, where Gleditsch and Ward have a new one
    return numbered, {row["name_en"].casefold(): row["code"] for row in rows}


def _sources(row: _Row, remarks: _Evidence) -> tuple[list[SourceRecord], list[EvidenceRecord]]:
    """The sources of a row and what each says of its event; UCDP is one where it remarks on it, or no other is."""
    sources = [source for source in dict.fromkeys(_source(*cited) for cited in _cited(row)) if source]
    said_by, status = _text(row.get("source_original")), _text(row.get("code_status"))
    # That is one cell for all sources: with several, it cannot be told whose words each of them reports.
    only = said_by if len(sources) == 1 else None
    evidence = [EvidenceRecord(source.id, attributed_to=only) for source in sources]
    note = None if status in (None, "Clear") else f"under review by UCDP: {status}"
    if note or said_by != only or not sources:
        evidence.append(EvidenceRecord(_UCDP.id, attributed_to=None if only else said_by, note=note))
    evidence += remarks
    return [*sources, _UCDP] if len(evidence) > len(sources) else sources, evidence


def _cited(row: _Row) -> list[tuple[str, ...]]:
    """Office, day and headline of every source.

    Headlines hold semicolons, so the three parallel lists are the second choice: since 19.1, source_article is
    "office,day,headline";"office,day,headline". In older rows it is a text, and all that there is.
    """
    article, *cells = (
        row.get(f"source_{name}", "").strip() for name in ("article", "office", "date", "headline")
    )
    entries = [match.groups() for entry in article[1:-1].split('";"') if (match := _CITED.fullmatch(entry))]
    if article.startswith('"') and len(entries) == article.count('";"') + 1:
        return entries
    lists = [cell.split(";") for cell in cells]
    if _text(cells[0]) and len({*map(len, lists)}) == 1:
        return list(zip(*lists, strict=True))
    return [("", "", article or cells[2] or cells[0])]


@lru_cache(_REMEMBERED)
def _source(office: str, day: str, headline: str) -> SourceRecord | None:
    publisher, title = _text(office), _text(headline) or _text(office)
    if title is None:
        return None
    said = "\x1f".join((publisher or "", day.strip(), title))
    key = f"ucdp-src-{blake2b(said.encode(), digest_size=8).hexdigest()}"
    short = title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"
    try:
        published = _day("source_date", day)
    except _Bad:
        published = None
    return SourceRecord(key, "article", short, publisher, published=published)


def _remark(field: str, reported: str, note: str, stance: str = "supports") -> _Evidence:
    return (EvidenceRecord(_UCDP.id, field, reported=reported, stance=stance, note=note),)


def _text(cell: str | None) -> str | None:
    """A cell's words with single spaces between them; None where it is blank in any of UCDP's ways."""
    text = " ".join((cell or "").split())
    return None if text in ("", "NULL", "NA") else text


def _code(cell: str) -> str:
    return cell.strip().removesuffix(".0")


def _number(field: str, cell: str) -> int:
    match = _NUMBER.fullmatch(cell.strip())
    if not match or int(match[1]) > _LARGEST:
        raise _Bad(field, f"{cell[:40]!r} is not a whole number from 0 to {_LARGEST}")
    return int(match[1])


def _degrees(field: str, cell: str, most: int) -> float:
    if not _DEGREES.fullmatch(cell) or not -most <= float(cell) <= most:
        raise _Bad(field, f"{cell[:40]!r} is not a number from -{most} to {most}")
    return float(cell)


def _day(field: str, cell: str) -> str:
    match = _DAY.fullmatch(cell.strip())
    try:
        day = date.fromisoformat(match[1] if match else "").isoformat()
    except ValueError:
        raise _Bad(field, f"{cell[:40]!r} is not a day such as 2021-08-26") from None
    if not _FIRST_YEAR <= day < "9999":
        raise _Bad(field, f"{day} is not in the years from {_FIRST_YEAR} to 9998")
    return day

"""GDELT 2.0 event exports and their mentions files: events that a machine has coded, with the articles it read."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote

from app import codes
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

_ACTOR = "Code Name CountryCode KnownGroupCode EthnicCode Religion1Code Religion2Code Type1Code Type2Code Type3Code"
_GEO = "Type FullName CountryCode ADM1Code ADM2Code Lat Long FeatureID"
COLUMNS = (
    *["GlobalEventID", "Day", "MonthYear", "Year", "FractionDate"],
    *(f"Actor{n}{name}" for n in (1, 2) for name in _ACTOR.split()),
    *["IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale"],
    *["NumMentions", "NumSources", "NumArticles", "AvgTone"],
    *(f"{whose}Geo_{name}" for whose in ("Actor1", "Actor2", "Action") for name in _GEO.split()),
    *["DATEADDED", "SOURCEURL"],
)
MENTION_COLUMNS = (
    *[
        "GlobalEventID",
        "EventTimeDate",
        "MentionTimeDate",
        "MentionType",
        "MentionSourceName",
        "MentionIdentifier",
    ],
    *["SentenceID", "Actor1CharOffset", "Actor2CharOffset", "ActionCharOffset", "InRawText", "Confidence"],
    *["MentionDocLen", "MentionDocTone", "MentionDocTranslationInfo", "Extras"],
)
_LONGEST_LINE = 1 << 20  # what is longer is no row, and must not fill the memory

# The mode of a CAMEO code, or of all codes that begin with it; none where CAMEO does not say as much as the mode
# does. After PLOVER's CAMEO2PLOVER-2021.txt, but for modes that 0.8 has renamed or defines otherwise. 101 and
# 105 to 108 have none: GDELT's list of codes and the CAMEO manual give these numbers to different demands.
_MODES = {
    "phone": "041", "visit": "042 043", "third-party": "044",
    "release": "0841", "access": "086", "ceasefire": "0871", "disarm": "0873", "withdraw": "0874 164 165",
    "assist": "102 103 1011 1012 1013 1014 121 122", "change": "104 123", "meet": "125 126",
    "yield": "1051 1052 1053 1054 1055 1056 124",
    "investigate": "09", "disapprove": "110 111 114", "allege": "112 115",
    "relations": "1311 1313 134 135", "restrict": "1312 1323 1324 1381 1721 1722", "territory": "1382",
    "expel": "136", "violence": "137 138",
    "demo": "141", "hunger": "142", "obstruct": "144", "riot": "145",
    "police": "151 153", "troops": "152 154", "discontinue": "161 162 163",
    "seize": "1711", "curfew": "1723", "martial-law": "1724", "arrest": "173", "deport": "174", "cyber": "176",
    "abduct": "181", "beat": "182", "sexual": "1821", "torture": "1822", "targeted": "185 186",
    "explosives": "183", "suicide-attack": "1831",
    "firearms": "193", "heavy-weapons": "194", "aerial": "195", "drone": "1952", "unconventional": "204",
}  # fmt: skip
_MODE_OF = {code: mode for mode, found in _MODES.items() for code in found.split()}
_ROOTS = {entry.code: entry for entry in codes.lists()["cameo_root"]}
_RETREAT = ("084", "085", "086", "087")  # of CAMEO 08, which PLOVER splits

# What CAMEO's three-letter parts of an actor code mean, by the kind of actor that they make; the ethnic groups,
# which are in small letters, and the rarer groups are named by their code.
_PARTS = {
    "government": "GOV government=chính phủ; JUD judiciary=tư pháp; LEG legislature=cơ quan lập pháp;"
    " UIS unidentified state actor=cơ quan nhà nước không rõ",
    "armed_forces": "MIL armed forces=quân đội; COP police=cảnh sát; SPY intelligence service=cơ quan tình báo",
    "armed_group": "REB rebels=phiến quân; INS insurgents=quân nổi dậy; IMG armed network=mạng lưới vũ trang;"
    " UAF unidentified armed men=nhóm vũ trang không rõ; ALQ al-Qaeda=al-Qaeda; TAL Taliban=Taliban;"
    " HMS Hamas=Hamas; HEZ Hezbollah=Hezbollah",
    "media": "MED media=truyền thông",
    "organisation": "IGO intergovernmental body=tổ chức liên chính phủ; NGO NGO=tổ chức phi chính phủ;"
    " INT international body=tổ chức quốc tế; NGM non-governmental movement=phong trào phi chính phủ;"
    " MNC multinational company=công ty đa quốc gia; BUS business=doanh nghiệp; EDU education=giáo dục;"
    " OPP opposition=phe đối lập; PTY political party=đảng phái; SEP separatists=phe ly khai; HLH health=y tế;"
    " DEV development=phát triển; ENV environment=môi trường; HRI human rights=nhân quyền;"
    " UNO United Nations=Liên Hợp Quốc; EEC European Union=Liên minh châu Âu; NAT NATO=NATO;"
    " WBK World Bank=Ngân hàng Thế giới; IMF IMF=IMF; WHO WHO=WHO; HCR UNHCR=UNHCR; IAE IAEA=IAEA; ICC ICC=ICC;"
    " WTO WTO=WTO; WFP WFP=WFP; AFU African Union=Liên minh châu Phi; ARL Arab League=Liên đoàn Ả Rập;"
    " ASN ASEAN=ASEAN; OIC OIC=OIC; OAS OAS=OAS; OPC OPEC=OPEC; SCE OSCE=OSCE; SAD SADC=SADC; WAS ECOWAS=ECOWAS;"
    " IRC Red Cross=Hội Chữ thập đỏ; AMN Amnesty International=Ân xá Quốc tế; HRW Human Rights Watch=HRW",
    "population": "CVL civilians=thường dân; REF refugees=người tị nạn; CRM criminals=tội phạm; LAB labour=lao động;"
    " ELI elites=giới tinh hoa; AGR farming=nông nghiệp; RAD radicals=phe cực đoan; MOD moderates=phe ôn hòa;"
    " SET settlers=người định cư; REL religious group=nhóm tôn giáo; CHR Christians=tín đồ Kitô giáo;"
    " CTH Catholics=tín đồ Công giáo; PRO Protestants=tín đồ Tin Lành; MOS Muslims=tín đồ Hồi giáo;"
    " SUN Sunni=dòng Sunni; SHI Shia=dòng Shia; JEW Jews=người Do Thái; HIN Hindus=tín đồ Ấn giáo;"
    " BUD Buddhists=Phật tử; SIK Sikhs=tín đồ Sikh; AFR Africa=châu Phi; ASA Asia=châu Á; EUR Europe=châu Âu;"
    " EEU Eastern Europe=Đông Âu; CEU Central Europe=Trung Âu; WST the West=phương Tây; MEA Middle East=Trung Đông;"
    " NAF North Africa=Bắc Phi; WAF West Africa=Tây Phi; EAF East Africa=Đông Phi; CFR Central Africa=Trung Phi;"
    " SAF Southern Africa=miền nam châu Phi; SAS South Asia=Nam Á; SEA Southeast Asia=Đông Nam Á;"
    " CAS Central Asia=Trung Á; LAM Latin America=Mỹ Latinh; SAM South America=Nam Mỹ; NMR North America=Bắc Mỹ;"
    " CRB Caribbean=Caribe; CAU Caucasus=Kavkaz; BLK Balkans=Balkan; SCN Scandinavia=Scandinavia;"
    " PGS Persian Gulf=vùng Vịnh; MDT Mediterranean=Địa Trung Hải",
}
_PART = {
    entry[:3]: (kind, *entry[4:].split("="))
    for kind, listed in _PARTS.items()
    for entry in listed.split("; ")
}
_LIVING = [row for row in codes.countries() if not row["valid_to"]]
_NAMES = {row["code"]: (row["name_en"], row["name_vi"]) for row in _LIVING}
# GDELT knows codes that FIPS 10-4 gave to parts of what is one country here.
_FIPS = {row["fips"]: row["code"] for row in _LIVING if row["fips"]} | {"GZ": "PS", "RB": "RS", "JN": "SJ"}
_OCEANS = ("OC", "OS")
_PRECISIONS = {"0": "", "1": "country", "2": "admin1", "3": "city", "4": "city", "5": "admin1"}
_DIVISIONS = (" State", " County", " Province", " Governorate")
_CAMEO = {row[column]: row["code"] for column in ("alpha3", "cameo") for row in _LIVING if row[column]}
_CAMEO |= {"GZS": "PS", "WSB": "PS"}

_EVENT_ID = re.compile(r"[0-9]{1,20}")
_EVENT_CODE = re.compile(r"[0-9]{2,4}")
_ACTOR_CODE = re.compile(r"[A-Za-z0-9]{1,48}")
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{6})?")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE]-?[0-9]+)?")
_COUNT = re.compile(r"-?[0-9]{1,12}")
_URL = re.compile(r"https?://(?:[^/?#\s@]*@)?(?:www\.)?([^/?#\s:@]+)(?::[0-9]*)?([^?#\s]*)\S*")
# "Bahamas, The" and "London, City of" are one name each.
_BETWEEN_NAMES = re.compile(r", (?!(?:The|[^,]+ [Oo]f(?: the)?)(?:,|$))")


class _Bad(ValueError):
    """A row that is no event, for what one of its columns holds."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


class _Kind(NamedTuple):
    type: str
    mode: str | None
    titles: tuple[str, str]


class _Place(NamedTuple):
    name: str | None = None
    admin1: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    precision: str | None = None
    titles: tuple[str, str] = ("", "")
    unresolved: str | None = None  # what the row says where no country answers to its code


_Evidence: TypeAlias = tuple[list[EvidenceRecord], list[SourceRecord]]


def version_of(path: Path) -> str:
    """The time that a GDELT file bears in its name, or "unknown"."""
    found = re.search(r"(?<![0-9])([0-9]{14}|[0-9]{8})(?![0-9])", path.name)
    return found[1] if found else "unknown"


def dataset(version: str) -> DatasetRecord:
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
        " events here, and some never happened. Titles of events are made from their codes, titles of sources from"
        " their addresses. Statements and appeals (CAMEO 01 and 02) have no PLOVER type and are left out.",
    )


def parse(path: Path | Input, mentions: Sequence[Path | Input] = ()) -> Iterator[Item]:
    """Every row of an export as an event or a reject; `mentions` become evidence of its events, or rejects."""
    if not mentions:
        yield from _parse(path, None)
        return
    # Export and mentions come in no common order and in any size, so a scratch file joins them, gone when closed.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as scratch:
        scratch.execute("CREATE TABLE mention (event, day, identifier, note, file, row, line, used)")
        scratch.execute("BEGIN")
        for file in mentions:
            yield from _hold(scratch, file)
        scratch.execute("CREATE INDEX mention_event ON mention (event)")
        yield from _parse(path, scratch)
        for name, row, line in scratch.execute(
            "SELECT file, row, line FROM mention WHERE NOT used ORDER BY rowid"
        ):
            reason = f"{name}: its event is not in the export, or is rejected there"
            yield Reject(row, "GlobalEventID", reason, _shown(line, MENTION_COLUMNS))


def _parse(path: Path | Input, scratch: sqlite3.Connection | None) -> Iterator[Item]:
    said: set[str] = set()
    for row, line in _lines(path):
        try:
            record, others = _event(_cells(line, COLUMNS), scratch)
        except _Bad as bad:
            yield Reject(row, bad.field, bad.reason, _shown(line, COLUMNS))
            continue
        for other in others:
            if other.id not in said:
                said.add(other.id)
                yield other
        if len(said) > 50_000:  # to say one again costs less than to remember all
            said.clear()
        yield record


def _lines(path: Path | Input) -> Iterator[tuple[int, str]]:
    file = path if isinstance(path, Input) else Input(path)
    with file.text("utf-8", "surrogateescape") as text:
        for row, line in enumerate(iter(partial(text.readline, _LONGEST_LINE), ""), 1):
            yield row, line.rstrip("\r\n")


def _cells(line: str, columns: Sequence[str]) -> list[str]:
    cells = line.split("\t")
    if len(cells) != len(columns):
        raise _Bad("columns", f"there are not {len(columns)} columns")
    if "\0" in line:
        raise _Bad("encoding", "holds a NUL character")
    try:
        line.encode()
    except UnicodeEncodeError:
        raise _Bad("encoding", "is not UTF-8") from None
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
        raise _Bad("GlobalEventID", "not a number")
    when = _day(cells[1], "Day")
    kind = _kind(cells[26], cells[28])
    place = _place(*cells[51:54], *cells[56:58])
    first, second = _actor(cells[5], "Actor1Code"), _actor(cells[15], "Actor2Code")
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
    parties = dict.fromkeys(code for code in (_CAMEO.get(cells[7]), _CAMEO.get(cells[17])) if code)
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
    raise _Bad(field, "not a day between 1900 and 2100")


@lru_cache(maxsize=1_024)
def _kind(code: str, root: str) -> _Kind:
    known = _ROOTS.get(code[:2])
    # A program that takes codes for numbers makes 20, mass violence, of 020, an appeal; the root tells.
    if not known or not _EVENT_CODE.fullmatch(code) or root != code[:2]:
        raise _Bad("EventCode", "not a CAMEO code, or not under EventRootCode")
    if not known.parent:
        raise _Bad("EventCode", f"CAMEO {known.code} ({known.label}) has no PLOVER type")
    event_type = "RETREAT" if code[:3] in _RETREAT else known.parent
    mode = next((_MODE_OF[part] for part in (code, code[:3], code[:2]) if part in _MODE_OF), None)
    named = next(entry for entry in codes.lists()["event_type"] if entry.code == event_type)
    titles = named.label, named.label_vi
    for entry in codes.lists()["mode"]:
        if (entry.code, entry.parent) == (mode, event_type):
            titles = f"{titles[0]}: {_small(entry.label)}", f"{titles[1]}: {_small(entry.label_vi)}"
    return _Kind(event_type, mode, titles)


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


@lru_cache(maxsize=65_536)
def _place(kind: str, full: str, fips: str, lat: str, lon: str) -> _Place:
    if kind not in _PRECISIONS:
        raise _Bad("ActionGeo_Type", "not 0 to 5")
    if kind == "0":
        return _Place()
    point = _point(lat, lon)
    parts = [part for part in _BETWEEN_NAMES.split(full.strip()) if part] or [""]
    name, admin1, precision = parts[0], None, _PRECISIONS[kind]
    if len(parts) > 2:
        name, admin1 = ", ".join(parts[:-2]), parts[-2]
    if precision == "city" and name.endswith(_DIVISIONS):  # older files call a province a city
        precision = "admin1" if admin1 and name.startswith(admin1) else "admin2"
    elif precision == "admin1":
        precision = "admin2" if kind == "2" and admin1 else precision  # a county, though its type says state
        admin1 = admin1 or name
    if fips in _OCEANS:
        precision = "international"
    country = _FIPS.get(fips)
    unresolved = f"{full} (FIPS {fips})" if fips and not country and fips not in _OCEANS else None
    names = _NAMES[country] if country else ("", "")
    where = [n if precision == "country" and n else ", ".join(filter(None, (name, n))) for n in names]
    if admin1 and admin1.endswith("(general)"):
        admin1 = None
    if precision != "city":
        point = None, None  # of anything larger GDELT gives a centroid, which is no place
    if not (name or country or point[0] is not None):
        return _Place(unresolved=unresolved)
    return _Place(name or None, admin1, country, *point, precision, (where[0], where[1]), unresolved)


def _point(lat: str, lon: str) -> tuple[float | None, float | None]:
    if not lat and not lon:
        return None, None
    for field, text, limit in (("ActionGeo_Lat", lat, 90), ("ActionGeo_Long", lon, 180)):
        if not _NUMBER.fullmatch(text) or abs(float(text)) > limit:
            raise _Bad(field, f"not a number from -{limit} to {limit}")
    return float(lat), float(lon)


@lru_cache(maxsize=16_384)
def _actor(code: str, field: str) -> ActorRecord | None:
    """The actor of a code: its name says what the code says, for the rows give one code many names."""
    if not code:
        return None
    if not _ACTOR_CODE.fullmatch(code):
        raise _Bad(field, "not letters and digits")
    parts = re.findall(".{1,3}", code)
    kinds = [_PART[part][0] for part in parts if part in _PART]
    country = next((_CAMEO[part] for part in parts if part in _CAMEO), None)
    rest = "population" if code[:3].islower() or code[-3:].islower() else "organisation"
    kind = next(iter(kinds), "state" if country and len(parts) == 1 else rest)
    en, vi = (_joined([_part_name(part, n) for part in parts]) for n in (0, 1))
    # Ethnic groups are in small letters, and "che" (Chechens) is not "CHE" (Switzerland).
    runs = re.findall("[a-z]+|[A-Z0-9]+", code)
    key = "-".join(f"ethnic-{run}" if run.islower() else run.lower() for run in runs)
    return ActorRecord(f"gdelt-{key}", kind, en, {"en": en, "vi": vi}, country, None, (code,))


def _part_name(part: str, language: int) -> str:
    if part in _CAMEO:
        return _NAMES[_CAMEO[part]][language]
    if part in _PART:
        return _PART[part][1 + language]
    return f"{('ethnic group', 'nhóm sắc tộc')[language]} {part}" if part.islower() else part


def _joined(names: list[str]) -> str:
    text = ": ".join(filter(None, (names[0], ", ".join(names[1:]))))
    return text[0].upper() + text[1:]


def _who(first: ActorRecord | None, second: ActorRecord | None, tag: str) -> str:
    left, right = (actor.names[tag] if actor else "" for actor in (first, second))
    return f"{left} → {right}".strip() if right else left


def _evidence(cells: list[str], place: _Place, scratch: sqlite3.Connection | None) -> _Evidence:
    own = _source(cells[60], _day(cells[59], "DATEADDED").isoformat())
    called = [
        f"Actor{n} {' '.join(filter(None, (cells[at + 1], f'({cells[at]})' if cells[at] else '')))}"
        for n, at in ((1, 5), (2, 15))
        if cells[at] or cells[at + 1]
    ]
    coded = f"CAMEO {cells[26]}, QuadClass {cells[29]}, Goldstein {cells[30]}, IsRootEvent {cells[25]}"
    counted = f"{cells[31]} mentions, {cells[32]} sources, {cells[33]} articles when added to GDELT"
    whole = EvidenceRecord(own.id, reported="; ".join(called) or None)
    others, sources = _mentions(cells[0], cells[60], scratch) if scratch else ([], [])
    merged = next((n for n, entry in enumerate(others) if entry.source_id == own.id), None)
    if merged is not None:
        whole = whole._replace(note=others.pop(merged).note)
    evidence = [whole, EvidenceRecord(own.id, "type", reported=coded, note=counted)]
    if place.unresolved:
        evidence.append(EvidenceRecord(own.id, "place", reported=place.unresolved))
    return evidence + others, [own, *sources]


def _hold(scratch: sqlite3.Connection, file: Path | Input) -> Iterator[Reject]:
    """Put the mentions of one file into the scratch file."""
    name = (file.path if isinstance(file, Input) else file).name
    for row, line in _lines(file):
        try:
            cells = _cells(line, MENTION_COLUMNS)
            values = (
                cells[0],
                _day(cells[2], "MentionTimeDate").isoformat(),
                cells[5],
                _where_in_text(cells),
            )
        except _Bad as bad:
            yield Reject(row, bad.field, f"{name}: {bad.reason}", _shown(line, MENTION_COLUMNS))
        else:
            scratch.execute("INSERT INTO mention VALUES (?, ?, ?, ?, ?, ?, ?, 0)", (*values, name, row, line))


def _where_in_text(cells: list[str]) -> str:
    """Where an article mentions an event: a point and no passage, so it is told in words."""
    for n in (6, 7, 8, 9, 11, 12):
        if not _COUNT.fullmatch(cells[n]):
            raise _Bad(MENTION_COLUMNS[n], "not a number")
    told = [f"GDELT confidence {cells[11]}%", f"sentence {cells[6]}"]
    offsets = (("action", cells[9]), ("actor 1", cells[7]), ("actor 2", cells[8]))
    told += [f"{what} at character {at}" for what, at in offsets if not at.startswith("-")]
    told.append(f"text of {cells[12]} characters")
    language = re.search("srclc:([a-z]+)", cells[14])
    if language:
        told.append(f"counted in a machine translation from {language[1]}")
    return ", ".join(told)


def _mentions(key: str, own_url: str, scratch: sqlite3.Connection) -> _Evidence:
    found = scratch.execute(
        "SELECT DISTINCT identifier, day, note FROM mention WHERE event = ? ORDER BY day, identifier, note",
        (key,),
    ).fetchall()
    if found:
        scratch.execute("UPDATE mention SET used = 1 WHERE event = ?", (key,))
    sources = [_source(identifier, day) for identifier, day, _ in found]
    evidence = [EvidenceRecord(s.id, note=note) for s, (_, _, note) in zip(sources, found, strict=True)]
    return evidence, [
        s for s, (identifier, _, _) in zip(sources, found, strict=True) if identifier != own_url
    ]


@lru_cache(maxsize=4_096)
def _source(identifier: str, published: str) -> SourceRecord:
    key = f"gdelt-src-{hashlib.blake2b(identifier.encode(), digest_size=8).hexdigest()}"
    found = _URL.fullmatch(identifier)
    if not found:
        return SourceRecord(
            key, "dataset_record", identifier[:200] or "Source not given", published=published
        )
    host = found[1].lower()
    return SourceRecord(
        key, "article", _headline(found[2]) or host, publisher=host, published=published, url=identifier
    )


def _headline(path: str) -> str:
    """The words of an address that look like a headline; empty where none do."""
    for segment in reversed(unquote(path).split("/")):
        words = re.findall(r"[^\W_]+", re.sub(r"\.[A-Za-z]{2,5}$", "", segment))
        for end in (0, -1):  # dates and numbers of the site stand at either end
            while words and any(character.isdigit() for character in words[end]):
                words.pop(end)
        if len(words) >= 3:
            text = " ".join(words)[:200]
            return text[0].upper() + text[1:]
    return ""

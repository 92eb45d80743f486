"""What the codes of GDELT mean: CAMEO events and actors, FIPS places, in the terms of our own lists."""

import re
from functools import lru_cache
from typing import NamedTuple

from app import codes
from app.records import ActorRecord

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
_FIPS |= dict.fromkeys(("BQ", "DQ", "FQ", "HQ", "JQ", "KQ", "LQ", "MQ", "WQ"), "UM")  # islands, one by one
_OCEANS = ("OC", "OS")
_PRECISIONS = {"0": "", "1": "country", "2": "admin1", "3": "city", "4": "city", "5": "admin1"}
_DIVISIONS = (" State", " County", " Province", " Governorate")
_CAMEO = {row[column]: row["code"] for column in ("alpha3", "cameo") for row in _LIVING if row[column]}
_CAMEO |= {"GZS": "PS", "WSB": "PS"}

_EVENT_CODE = re.compile(r"[0-9]{2,4}")
_ACTOR_CODE = re.compile(r"[A-Za-z0-9]{1,48}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE]-?[0-9]+)?")
# "Bahamas, The" and "London, City of" are one name each.
_BETWEEN_NAMES = re.compile(r", (?!(?:The|[^,]+ [Oo]f(?: the)?)(?:,|$))")


class BadCell(ValueError):
    """A row that is no event, for what one of its columns holds."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


class Kind(NamedTuple):
    """A PLOVER type, its mode if the code says one, and their names in English and Vietnamese."""

    type: str
    mode: str | None
    titles: tuple[str, str]


class Place(NamedTuple):
    """Where an event happened, as far as the codes tell; `titles` are the place in English and Vietnamese."""

    name: str | None = None
    admin1: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    precision: str | None = None
    titles: tuple[str, str] = ("", "")
    unresolved: str | None = None  # what the row says where no country answers to its code


@lru_cache(maxsize=1_024)
def kind_of(code: str, root: str) -> Kind:
    """What a CAMEO event code is in PLOVER; BadCell where PLOVER has nothing for it."""
    known = _ROOTS.get(code[:2])
    # A program that takes codes for numbers makes 20, mass violence, of 020, an appeal; the root tells.
    if not known or not _EVENT_CODE.fullmatch(code) or root != code[:2]:
        raise BadCell("EventCode", "not a CAMEO code, or not under EventRootCode")
    if not known.parent:
        raise BadCell("EventCode", f"CAMEO {known.code} ({known.label}) has no PLOVER type")
    event_type = "RETREAT" if code[:3] in _RETREAT else known.parent
    mode = next((_MODE_OF[part] for part in (code, code[:3], code[:2]) if part in _MODE_OF), None)
    named = next(entry for entry in codes.lists()["event_type"] if entry.code == event_type)
    titles = named.label, named.label_vi
    for entry in codes.lists()["mode"]:
        if (entry.code, entry.parent) == (mode, event_type):
            titles = f"{titles[0]}: {_small(entry.label)}", f"{titles[1]}: {_small(entry.label_vi)}"
    return Kind(event_type, mode, titles)


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


@lru_cache(maxsize=8_192)
def place_of(kind: str, full: str, fips: str, lat: str, lon: str) -> Place:
    """The place of the cells Type, FullName, CountryCode, Lat and Long; BadCell where they make none."""
    if kind not in _PRECISIONS:
        raise BadCell("ActionGeo_Type", "not 0 to 5")
    if kind == "0":
        return Place()
    point = _point(lat, lon)
    name, admin1, precision = _named(kind, full.strip())
    if fips in _OCEANS:
        precision = "international"
    country = _FIPS.get(fips)
    unresolved = f"{full} (FIPS {fips})".strip() if fips and not country and fips not in _OCEANS else None
    names = _NAMES[country] if country else ("", "")
    where = [n if precision == "country" and n else ", ".join(filter(None, (name, n))) for n in names]
    if precision != "city":
        point = None, None  # of anything larger GDELT gives a centroid, which is no place
    if not (name or country or point[0] is not None):
        return Place(unresolved=unresolved)
    return Place(name or None, admin1, country, *point, precision, (where[0], where[1]), unresolved)


def _named(kind: str, full: str) -> tuple[str, str | None, str]:
    """The name, first-level division and precision of a place of this type and full name."""
    parts = [part for part in _BETWEEN_NAMES.split(full) if part] or [""]
    name, admin1, precision = parts[0], None, _PRECISIONS[kind]
    if precision == "country":
        return full, None, precision
    if len(parts) > 2:
        name, admin1 = ", ".join(parts[:-2]), parts[-2]
    if precision == "city" and name.endswith(_DIVISIONS):  # older files call a province a city
        precision = "admin1" if admin1 and name.startswith(admin1) else "admin2"
    elif precision == "admin1":
        precision = "admin2" if kind == "2" and admin1 else precision  # a county, though its type says state
        admin1 = admin1 or name
    return name, None if admin1 and admin1.endswith("(general)") else admin1 or None, precision


def country_of(code: str) -> str | None:
    """The ISO country of CAMEO's code for one; None for regions and whatever else it has codes for."""
    return _CAMEO.get(code)


def _point(lat: str, lon: str) -> tuple[float | None, float | None]:
    if not lat and not lon:
        return None, None
    for field, text, limit in (("ActionGeo_Lat", lat, 90), ("ActionGeo_Long", lon, 180)):
        if not _NUMBER.fullmatch(text) or abs(float(text)) > limit:
            raise BadCell(field, f"not a number from -{limit} to {limit}")
    return float(lat), float(lon)


@lru_cache(maxsize=8_192)
def actor_of(code: str, field: str) -> ActorRecord | None:
    """The actor of a code: its name says what the code says, for the rows give one code many names."""
    if not code:
        return None
    if not _ACTOR_CODE.fullmatch(code):
        raise BadCell(field, "not letters and digits")
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

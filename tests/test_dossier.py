"""The dossier format: what it means, and how each kind of mistake is told with file, line, field and reason."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app import cli
from app.importers import dossier, marked_yaml
from app.importers.dossier import DossierError
from app.records import ActorRecord, Release, SourceRecord, Withdrawal
from tests.conftest import SEED
from tests.parts import events_of, part

SCHEMA = SEED.parent.parent / "docs" / "dossier.schema.json"
NO_HASH = "0" * 64

VALID = f"""\
# A small dossier with one of everything.
dataset:
  id: small
  title: {{en: A small dossier, vi: Hồ sơ nhỏ}}
  version: "1"
  licence: CC0-1.0
  citation: Nobody.

sources:
  - id: report
    kind: article
    title: A report
    language: en
    published: 2024-04-19
    lineage: original
    text: {{sha256: "{NO_HASH}", length: 100}}
  - id: copy
    kind: article
    title: A copy of the report
    lineage: derived
    derived_from: report

actors:
  - id: norway
    kind: state
    country: NO
    name: {{en: Norway, vi: Na Uy}}
  - id: marchers
    kind: population
    parent: norway
    name: {{en: Marchers}}
    aliases: [the crowd]

events:
  - id: march
    type: PROTEST
    mode: demo
    contexts: [military]
    status: occurred
    title: {{en: A march in Oslo}}
    date: 2024-04-13/2024-04-14
    place: {{name: Oslo, country: NO, latitude: 59.91, longitude: 10.75, precision: city}}
    countries:
      location: [NO]
      party: [NO, SE]
    actors:
      initiator: [marchers]
    figures:
      marchers: {{low: 200, best: null, high: 999, unit: persons}}
    evidence:
      - source: report
        passage: {{paragraph: 1, start: 0, end: 20, sha256: "{NO_HASH}"}}
        attributed_to: the police
      - source: report
        field: figures.marchers
        reported: hundreds
  - id: sequel
    type: CONSULT
    status: planned
    title: {{en: A second march}}
    date: 2024-04-20/..
    evidence:
      - source: copy

withdrawn:
  - id: rumour
    reason: It was none.
    successor: march
"""


def _parse(folder: Path, text: str | bytes) -> Release:
    path = folder / "small.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return dossier.parse(path)


def _refusal(folder: Path, text: str | bytes) -> list[tuple[int, str, str]]:
    """Each mistake as line, field and reason; the file is checked here."""
    with pytest.raises(DossierError) as refused:
        _parse(folder, text)
    mistakes = refused.value.mistakes
    assert {mistake.file for mistake in mistakes} == {str(folder / "small.yaml")}
    told = "\n".join(f"{m.file}:{m.line}: {m.field}: {m.reason}" for m in mistakes)
    assert str(refused.value) == told
    return [(mistake.line, mistake.field, mistake.reason) for mistake in mistakes]


def _changed(old: str, new: str) -> str:
    assert VALID.count(old) == 1, old
    return VALID.replace(old, new)


def _line(text: str, words: str) -> int:
    (found,) = [n for n, line in enumerate(text.splitlines(), 1) if words in f"{line} "]
    return found


# What is written, and what it means


def test_a_valid_dossier_is_read_whole(tmp_path: Path) -> None:
    release = _parse(tmp_path, VALID)
    assert (release.dataset.id, release.dataset.titles["vi"]) == ("small", "Hồ sơ nhỏ")
    assert [source.id for source in part(release, SourceRecord)] == ["report", "copy"]
    assert [actor.parent_id for actor in part(release, ActorRecord)] == [None, "norway"]
    march, sequel = events_of(release)
    assert (march.id, march.facts.type, march.facts.mode) == ("small.march", "PROTEST", "demo")
    assert march.countries == [("NO", "location"), ("NO", "party"), ("SE", "party")]
    assert march.actors == [("marchers", "initiator")]
    assert march.facts.figures == [
        {"measure": "marchers", "low": 200, "best": None, "high": 999, "unit": "persons"}
    ]
    assert (march.evidence[0].passage_start, march.evidence[0].passage_end) == (0, 20)
    assert (march.evidence[1].field, march.evidence[1].reported) == ("figures.marchers", "hundreds")
    assert sequel.facts.date_precision == "open"
    (withdrawal,) = part(release, Withdrawal)
    assert (withdrawal.id, withdrawal.successor_id) == ("small.rumour", "small.march")


def test_what_is_referred_to_may_stand_behind_what_refers_to_it(tmp_path: Path) -> None:
    turned = _changed(
        "    kind: state\n    country: NO", "    kind: state\n    parent: world\n    country: NO"
    )
    turned = turned.replace("\nevents:", "  - {id: world, kind: organisation, name: {en: World}}\n\nevents:")
    assert [actor.id for actor in part(_parse(tmp_path, turned), ActorRecord)] == [
        "world",
        "norway",
        "marchers",
    ]


def test_no_is_norway(tmp_path: Path) -> None:
    assert part(_parse(tmp_path, VALID), ActorRecord)[0].country_code == "NO"
    lower = _changed("    kind: state\n    country: NO", "    kind: state\n    country: no")
    assert part(_parse(tmp_path, lower), ActorRecord)[0].country_code == "NO"


def test_unquoted_dates_stay_text(tmp_path: Path) -> None:
    release = _parse(tmp_path, _changed("date: 2024-04-13/2024-04-14", "date: 2024-04-13"))
    assert part(release, SourceRecord)[0].published == "2024-04-19"
    assert events_of(release)[0].facts.date_edtf == "2024-04-13"


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "Y", "N", "NO", "1e3", "0x10", "1_000", "12:30", "True"])  # fmt: skip
def test_words_that_other_yaml_takes_for_truths_and_numbers_stay_text(word: str) -> None:
    assert marked_yaml.load(f"a: {word}").value == {"a": word}


@pytest.mark.parametrize(
    ("written", "meant"),
    [("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("7", 7), ("-0.5", -0.5)],
)
def test_these_alone_are_no_text(written: str, meant: Any) -> None:
    assert marked_yaml.load(f"a: {written}").value == {"a": meant}


def test_codes_may_be_written_in_any_case(tmp_path: Path) -> None:
    release = _parse(tmp_path, _changed("type: PROTEST", "type: protest").replace("party: [NO, SE]", 'party: [nor, "752"]'))  # fmt: skip
    assert events_of(release)[0].facts.type == "PROTEST"
    assert events_of(release)[0].countries == [("NO", "location"), ("NO", "party"), ("SE", "party")]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    plain = _parse(tmp_path, VALID)
    odd = _parse(tmp_path, b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode())
    assert odd.items == plain.items


# Mistakes. `at` marks the line that is to be named.

MISTAKES = [
    # name, old, new, at, field, reason
    ("an unknown key", "    status: occurred", "    statsu: occurred", "statsu", "events.0.statsu", ""),
    ("a key that is missing", "    status: occurred\n", "", "- id: march ", "events.0.status", "required"),
    ("an unknown type", "type: PROTEST", "type: PROTST", "PROTST", "events.0.type", "did you mean PROTEST"),
    ("an unknown status", "status: occurred", "status: occured", "occured", "events.0.status", "did you mean occurred"),
    ("an unknown mode", "mode: demo", "mode: demos", "mode: demos", "events.0.mode", "did you mean demo"),
    ("a mode of another type", "mode: demo", "mode: withdraw", "mode: withdraw", "events.0.mode", "PROTEST has no mode 'withdraw'.*demo"),
    ("an unknown context", "[military]", "[milatary]", "milatary", "events.0.contexts.0", "did you mean military"),
    ("a name for a country", "party: [NO, SE]", "party: [NO, Sweden]", "party: [", "events.0.countries.party.1", "'Sweden' is not an ISO.*SE"),
    ("an unknown country", "party: [NO, SE]", "party: [NO, QQ]", "party: [", "events.0.countries.party.1", "'QQ' is not an ISO"),
    ("an unknown role", "      location: [NO]", "      locatoin: [NO]", "locatoin", "events.0.countries.locatoin", "location"),
    ("an unknown role of an actor", "      initiator:", "      initator:", "initator", "events.0.actors.initator", "initiator"),
    ("an unknown kind of actor", "kind: state", "kind: sate", "kind: sate", "actors.0.kind", "did you mean state"),
    ("an unknown kind of source", "    kind: article\n    title: A report\n", "    kind: articel\n    title: A report\n", "articel", "sources.0.kind", "did you mean article"),
    ("an unknown stance", "        reported: hundreds", "        reported: hundreds\n        stance: suports", "suports", "events.0.evidence.1.stance", "did you mean supports"),
    ("an unknown precision", "precision: city", "precision: town", "precision: town", "events.0.place.precision", "city"),
    ("an unknown actor", "initiator: [marchers]", "initiator: [marcher]", "[marcher]", "events.0.actors.initiator.0", "no actor has the id 'marcher'; did you mean marchers"),
    ("an unknown parent", "parent: norway", "parent: norwy", "norwy", "actors.1.parent", "no actor has the id 'norwy'; did you mean norway"),
    ("an unknown source", "      - source: copy", "      - source: cpoy", "cpoy", "events.1.evidence.0.source", "no source has the id 'cpoy'; did you mean copy"),
    ("an unknown origin", "derived_from: report", "derived_from: repot", "repot", "sources.1.derived_from", "no source has the id 'repot'; did you mean report"),
    ("an unknown successor", "successor: march", "successor: marsh", "marsh", "withdrawn.0.successor", "no event has the id 'marsh'; did you mean march"),
    ("an event twice", "- id: sequel", "- id: march #", "march #", "events.1.id", "'march' is given twice"),
    ("an actor twice", "- id: marchers", "- id: norway #", "norway #", "actors.1.id", "'norway' is given twice"),
    ("a source twice", "- id: copy", "- id: report #", "report #", "sources.1.id", "'report' is given twice"),
    ("a withdrawn event that is there", "- id: rumour", "- id: march #", "march #", "withdrawn.0.id", "among the events"),
    ("an id with capitals", "- id: sequel", "- id: Sequel", "Sequel", "events.1.id", "pattern"),
    ("a date that is none", "date: 2024-04-20/..", "date: 20.4.2024", "20.4.2024", "events.1.date", "20.4.2024"),
    ("a day that is none", "date: 2024-04-20/..", "date: 2024-04-31", "2024-04-31", "events.1.date", "day must be 01 to 30"),
    ("a reversed interval", "2024-04-13/2024-04-14", "2024-04-14/2024-04-13", "2024-04-14/", "events.0.date", "ends before it starts"),
    ("a year without quotes", "date: 2024-04-20/..", "date: 2024", "date: 2024 ", "events.1.date", "quote"),
    ("a point known by country only", "precision: city", "precision: country", "precision: country", "events.0.place", "has no point"),
    ("half a point", "longitude: 10.75, ", "", "latitude", "events.0.place", "latitude and longitude come together"),
    ("a latitude off the globe", "latitude: 59.91", "latitude: 95.0", "95.0", "events.0.place.latitude", "90"),
    ("a latitude in words", "latitude: 59.91", 'latitude: "59.91"', "59.91", "events.0.place.latitude", "number"),
    ("a latitude that is a truth", "latitude: 59.91", "latitude: true", "latitude: true", "events.0.place.latitude", "number"),
    ("no evidence", "    evidence:\n      - source: copy\n", "    evidence: []\n", "evidence: []", "events.1.evidence", "at least 1"),
    ("evidence on no field", "field: figures.marchers", "field: figures.marcher", "figures.marcher", "events.0.evidence.1.field", "no field.*figures.marchers"),
    ("a correction without a note", "        reported: hundreds", "        reported: hundreds\n        stance: corrected", "stance: corrected", "events.0.evidence.1.stance", "note"),
    ("a correction of nothing", "        reported: hundreds", "        note: Why.\n        stance: corrected", "stance: corrected", "events.0.evidence.1.stance", "reported"),
    ("a passage beyond the text", "start: 0, end: 20", "start: 90, end: 101", "end: 101", "events.0.evidence.0.passage", "100 code points"),
    ("a passage in no text", "      - source: copy", f'      - source: copy\n        passage: {{paragraph: 1, start: 0, end: 20, sha256: "{NO_HASH}"}}  #', "}  #", "events.1.evidence.0.passage", "no text"),
    ("a passage that ends before it starts", "start: 0, end: 20", "start: 20, end: 20", "start: 20", "events.0.evidence.0.passage", "end must be greater than start"),
    ("paragraph nought", "{paragraph: 1,", "{paragraph: 0,", "paragraph: 0", "events.0.evidence.0.passage.paragraph", "greater than or equal to 1"),
    ("a hash that is none", f'end: 20, sha256: "{NO_HASH}"', "end: 20, sha256: abc", "abc", "events.0.evidence.0.passage.sha256", "pattern"),
    ("figures out of order", "low: 200, best: null", "low: 200, best: 100", "best: 100", "events.0.figures.marchers", "rising order"),
    ("a figure without a number", "low: 200, best: null, high: 999", "low: null", "low: null", "events.0.figures.marchers", "low, best or high"),
    ("a figure in words", "low: 200", "low: many", "low: many", "events.0.figures.marchers.low", "number"),
    ("lineage without an origin", "    derived_from: report\n", "", "- id: copy", "sources.1", "derived_from"),
    ("a language that is none", "vi: Na Uy}", "Vietnamese words: Na Uy}", "Na Uy", "actors.0.name.Vietnamese words", "pattern"),
    ("no English", "title: {en: A second march}", "title: {vi: A second march}", "A second march", "events.1.title.en", "required"),
    ("a summary in a language without a title", "title: {en: A second march}", "title: {en: A second march}\n    summary: {en: More, vi: Thêm}", "Thêm", "events.1.summary.vi", "title"),
    ("a country twice in one role", "party: [NO, SE]", "party: [NO, SE, swe]", "party: [", "events.0.countries.party.2", "twice"),
    ("an actor twice in one role", "[marchers]", "[marchers, marchers]", "[marchers, ", "events.0.actors.initiator.1", "twice"),
    ("a context twice", "[military]", "[military, MILITARY]", "MILITARY", "events.0.contexts.1", "twice"),
    ("an actor within itself", "parent: norway", "parent: marchers", "parent: marchers", "actors.1.parent", "itself"),
    ("actors within each other", "    country: NO\n    name", "    parent: marchers\n    name", "parent: marchers", "actors.0.parent", "itself"),
    ("sources from each other", "    lineage: original\n", "    lineage: derived\n    derived_from: copy\n", "derived_from: copy", "sources.0.derived_from", "itself"),
    ("a number too large for the database", "{paragraph: 1,", "{paragraph: 99999999999,", "99999999999", "events.0.evidence.0.passage.paragraph", ""),
    ("deaths too many for the database", "    figures:", "    fatalities: {best: 99999999999}\n    figures:", "99999999999", "events.0.fatalities.best", ""),
    ("an infinite figure", "high: 999", f"high: {'9' * 400}.0", "high: 9", "events.0.figures.marchers.high", ""),
    ("a character that PostgreSQL cannot hold", "en: A second march", r'en: "A second\0march"', r"\0", "events.1.title.en", ""),
    ("half a character", "en: A second march", r'en: "\ud800"', r"\ud800", "events.1.title.en", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "at", "field", "reason"),
    [(m[1:3], *m[3:]) for m in MISTAKES],
    ids=[m[0] for m in MISTAKES],
)
def test_a_mistake_is_told(tmp_path: Path, change: tuple[str, str], at: str, field: str, reason: str) -> None:
    broken = _changed(*change)
    told = _refusal(tmp_path, broken)
    (line, _, why) = next((mistake for mistake in told if mistake[1] == field), told[0])
    assert field in [mistake[1] for mistake in told], told
    assert line == _line(broken, at)
    assert re.search(reason, why), why


NOT_A_DOSSIER = [
    ("an empty file", "", 1, "dossier"),
    ("only a comment", "# nothing\n", 1, "dossier"),
    ("a list", "- a\n- b\n", 1, "dossier"),
    ("a word", "dossier", 1, "dossier"),
    ("an unclosed bracket", "a: 1\nb: [1, 2\nc: 3\n", 3, "YAML"),
    ("a wrong indent", "a:\n  b: 1\n c: 2\n", 3, "YAML"),
    ("a tab", "a:\n\tb: 1\n", 2, "YAML"),
    ("a key twice", "a: 1\nb:\n  c: 1\n  c: 2\n", 4, "YAML"),
    ("a list for a key", "a: 1\n? [b]\n: 1\n", 2, "YAML"),
    ("two documents", "a: 1\n---\nb: 1\n", 2, "YAML"),
    ("an unknown alias", "a: 1\nb: *c\n", 2, "YAML"),
    ("an unknown tag", "a: 1\nb: !!python/object:os.system c\n", 2, "YAML"),
    ("bytes that are no UTF-8", b"a: 1\nb: caf\xe9\n", 2, "YAML"),
    ("UTF-16", "a: 1\n".encode("utf-16"), 1, "YAML"),
    ("a control character", "a: 1\nb: \x00\n", 2, "YAML"),
    ("a tag that does not fit a number", "a: 1\nb: !!int c\n", 2, "YAML"),
    ("a tag that does not fit a truth", "a: 1\nb: !!bool c\n", 2, "YAML"),
    ("a tag that does not fit a time", "a: 1\nb: !!timestamp c\n", 2, "YAML"),
    ("a number of five thousand digits", "a: 1\nb: " + "9" * 5000 + "\n", 2, "YAML"),
    ("an alias of itself", "a: 1\nb: &c [*c]\n", 2, "YAML"),
    ("brackets too deep to follow", "a: 1\nb: " + "[" * 3000 + "]" * 3000 + "\n", 2, "YAML"),
]


@pytest.mark.parametrize(
    ("text", "line", "field"), [case[1:] for case in NOT_A_DOSSIER], ids=[case[0] for case in NOT_A_DOSSIER]
)
def test_a_file_that_is_no_dossier_is_told(tmp_path: Path, text: str | bytes, line: int, field: str) -> None:
    (mistake,) = _refusal(tmp_path, text)
    assert mistake[:2] == (line, field)
    assert mistake[2]


def test_aliases_may_not_make_half_a_million_values_of_a_few_lines(tmp_path: Path) -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 6)]
    ((_, field, _),) = _refusal(tmp_path, "\n".join(["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]", *levels]))
    assert field == "YAML"


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dossier.parse(tmp_path / "none.yaml")


def test_all_mistakes_in_the_format_are_told_at_once(tmp_path: Path) -> None:
    broken = _changed("type: PROTEST", "type: PROTST")
    for old, new in (
        ("kind: state", "kind: sate"),
        ("precision: city", "precision: town"),
        ("licence: CC0-1.0", "license: CC0-1.0"),
        ("low: 200", "low: 5000"),
    ):
        broken = broken.replace(old, new)
    told = {(line, field) for line, field, _ in _refusal(tmp_path, broken)}
    assert told == {
        (_line(broken, "dataset:"), "dataset.licence"),
        (_line(broken, "license"), "dataset.license"),
        (_line(broken, "sate"), "actors.0.kind"),
        (_line(broken, "PROTST"), "events.0.type"),
        (_line(broken, "precision: town"), "events.0.place.precision"),
        (_line(broken, "low: 5000"), "events.0.figures.marchers"),
    }


def test_all_loose_ends_are_told_at_once(tmp_path: Path) -> None:
    broken = _changed("initiator: [marchers]", "initiator: [marcher, norwy]")
    broken = broken.replace("- source: copy", "- source: cpoy").replace("- id: sequel", "- id: march #")
    told = [(line, field) for line, field, _ in _refusal(tmp_path, broken)]
    assert sorted(told) == [
        (_line(broken, "[marcher, norwy]"), "events.0.actors.initiator.0"),
        (_line(broken, "[marcher, norwy]"), "events.0.actors.initiator.1"),
        (_line(broken, "march #"), "events.1.id"),
        (_line(broken, "cpoy"), "events.1.evidence.0.source"),
    ]


def test_an_unknown_key_gets_a_suggestion(tmp_path: Path) -> None:
    broken = _changed("    status: occurred", "    statsu: occurred")
    told = {field: reason for _, field, reason in _refusal(tmp_path, broken)}
    assert "status" in told["events.0.statsu"]


def test_one_wrong_number_is_one_mistake(tmp_path: Path) -> None:
    assert len(_refusal(tmp_path, _changed("low: 200", "low: many"))) == 1


# Whatever is written, a dossier is read or refused

SIGNS = [*":-{}[]&*!|>'\"#%@,?\n\t\0\\", ": ", "- ", "  ", "&a ", "*a", "!!int ", "!!binary ", "!!timestamp ", "<<: ",
         "---\n", "é", "\ufeff", "\ud7ff", "x", "7", "0.5", "null", "id", "events:\n", "dataset:\n"]  # fmt: skip


def _is_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.suppress(DossierError):
        dossier.parse(path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "scratch.yaml"


@settings(max_examples=400)
@given(content=st.text().map(str.encode) | st.binary() | st.lists(st.sampled_from(SIGNS)).map(lambda signs: "".join(signs).encode()))  # fmt: skip
@example(content=b"a: &a [*a]")
@example(content=b"a: !!int b")
@example(content=b"\0")
def test_whatever_is_in_a_file_it_is_read_or_refused(scratch: Path, content: bytes) -> None:
    _is_read_or_refused(scratch, content)


@settings(max_examples=300)
@given(data=st.data())
def test_however_a_dossier_is_damaged_it_is_read_or_refused(scratch: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(VALID)))
    end = data.draw(st.integers(start, min(start + 40, len(VALID))))
    put_in = data.draw(st.sampled_from(SIGNS) | st.text(max_size=5) | st.sampled_from(VALID.splitlines()))
    _is_read_or_refused(scratch, (VALID[:start] + put_in + VALID[end:]).encode())


# The published schema


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(SCHEMA.read_text("utf-8"))


def _accepted(schema: Any, text: str) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(marked_yaml.load(text).value))


def test_the_published_schema_is_that_of_this_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema"]) == 0
    assert capsys.readouterr().out == SCHEMA.read_text("utf-8")


def test_the_published_schema_is_a_schema(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_published_schema_accepts_the_seed_and_the_small_dossier(schema: Any) -> None:
    assert _accepted(schema, SEED.read_text("utf-8"))
    assert _accepted(schema, VALID)


def test_the_seed_names_the_published_schema() -> None:
    first = SEED.read_text("utf-8").splitlines()[0]
    assert (SEED.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve() == SCHEMA


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    status: occurred", "    statsu: occurred"),
        ("type: PROTEST", "type: PROTST"),
        ("mode: demo", "mode: demos"),
        ("kind: state", "kind: sate"),
        ("- id: sequel", "- id: Sequel"),
        ("    evidence:\n      - source: copy\n", "    evidence: []\n"),
        ("      locati", "      locatoi"),
        (f'end: 20, sha256: "{NO_HASH}"', "end: 20, sha256: abc"),
        ("latitude: 59.91", "latitude: 95.0"),
        ("low: 200", "low: many"),
        ("title: {en: A second march}", "title: A second march"),
        ("title: {en: A second march}", "title: {vi: A second march}"),
        ("vi: Na Uy}", "Vietnamese words: Na Uy}"),
        ("date: 2024-04-20/..", "date: 2024"),
    ],
)
def test_the_published_schema_refuses_mistakes_in_the_format(schema: Any, old: str, new: str) -> None:
    assert not _accepted(schema, _changed(old, new))

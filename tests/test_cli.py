"""The command line: what each command prints, and that a mistake is told in a line and an exit status of 1."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.importers import dossier, marked_yaml, passages
from app.settings import Settings
from tests.conftest import SEED
from tests.databases import Databases
from tests.parts import events_of

README = SEED.parent.parent / "README.md"
COMMANDS = [
    "serve",
    "migrate",
    "import",
    "verify",
    "locate",
    "loads",
    "export",
    "render",
    "openapi",
    "schema",
]
SETTINGS = [f"DATELINE_{name.upper()}" for name in Settings.model_fields]

TEXT = "The crowd marched through Oslo.\n\nCảnh sát, đông đủ, counted hundreds. The crowd went home.\n"
SMALL = """\
dataset: {{id: small, title: {{en: Small}}, version: "1", licence: CC0-1.0, citation: Nobody.}}
sources:
  - id: report
    kind: article
    title: A report
    text: {{sha256: "{sha256}", length: {length}}}
events:
  - id: march
    type: PROTEST
    status: occurred
    title: {{en: A march}}
    date: 2024-04-19
    evidence:
      - source: report
      - source: report
        {passage}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `dateline` with some arguments; answers its exit status, output and complaints."""
    monkeypatch.chdir(tmp_path)  # where it would write a file of rejects

    def run(*arguments: Any) -> tuple[int, str, str]:
        status = cli.main([str(argument) for argument in arguments])
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def empty(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line's database is one without a table."""
    made = databases.empty()
    monkeypatch.setenv("DATELINE_DATABASE_URL", made)
    yield
    databases.drop(made)


@pytest.fixture
def migrated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line's database is one with all tables and countries."""
    monkeypatch.setenv("DATELINE_DATABASE_URL", url)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "report.txt"
    path.write_bytes(TEXT.encode())
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return _dossier(tmp_path, passages.locate(TEXT, "counted hundreds")[0])


def _dossier(folder: Path, p: passages.Passage, length: int = len(TEXT)) -> Path:
    path = folder / "small.yaml"
    passage = f'passage: {{paragraph: {p.paragraph}, start: {p.start}, end: {p.end}, sha256: "{p.sha256}"}}'
    path.write_text(SMALL.format(sha256=passages.sha256(TEXT), length=length, passage=passage))
    return path


def _one_line(told: str) -> bool:
    return told.count("\n") == 1 and told.endswith("\n") and "Traceback" not in told


# Help


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=lambda c: c[0] if c else "all")
def test_help_is_given(run: Run, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(*command, "--help")
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: dateline")
    if not command:
        assert all(f"  {name} " in told for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "COMMAND"),
        (["frobnicate"], "frobnicate"),
        (["import", "xml", "file"], "xml"),
        (["import", "dossier"], "FILE"),
        (["verify", "file"], "--text"),
        (["locate", "words"], "--text"),
        (["import", "dossier", "file", "--with-quotes"], "--with-quotes needs --text"),
        (["serve", "--port", "many"], "many"),
    ],
    ids=" ".join,
)
def test_a_wrong_use_is_told_with_the_right_one(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as left:
        run(*arguments)
    assert left.value.code == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("usage: dateline")
    assert told in complaint


# The database


@pytest.mark.usefixtures("empty")
def test_migrate_and_import_and_loads(run: Run, small: Path) -> None:
    status, out, err = run("migrate")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"The database is at migration \d{4}\n", out)
    assert run("migrate") == (0, out, "")

    for counts in ("1 inserted, 0 updated, 0 unchanged", "0 inserted, 0 updated, 1 unchanged"):
        status, out, err = run("import", "dossier", small)
        assert (status, err) == (0, "")
        assert re.fullmatch(
            rf"small\.yaml: 1 read, {counts}, 0 rejected, 0 withdrawn, [0-9.]+ seconds\n", out
        )
    assert not list(small.parent.glob("*.rejects.*"))

    status, out, _ = run("loads")
    assert status == 0
    first, second = out.splitlines()
    assert all(word in first for word in ("succeeded", "small", "small.yaml", "1 read", "1 inserted"))
    assert "1 unchanged" in second


@pytest.mark.usefixtures("migrated")
def test_several_dossiers_are_imported_in_their_order(run: Run, small: Path) -> None:
    status, out, _ = run("import", "dossier", SEED, small)
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines()] == [SEED.name, small.name]


@pytest.mark.usefixtures("migrated")
def test_a_failed_load_is_listed_with_its_reason(run: Run, small: Path) -> None:
    run("import", "dossier", small)
    small.write_text(small.read_text().replace("- id: march", "- id: other"))
    status, out, err = run("import", "dossier", small)
    assert (status, out) == (1, "")
    assert _one_line(err)
    assert "small.march" in err
    listed = run("loads")[1].splitlines()
    assert "failed" in listed[1]
    assert "small.march" in listed[1]


@pytest.mark.usefixtures("migrated")
def test_render_counts_the_documents(run: Run, small: Path) -> None:
    assert run("render") == (0, "0 documents rendered\n", "")
    run("import", "dossier", small)
    assert run("render") == (0, "1 documents rendered\n", "")


@pytest.mark.usefixtures("migrated")
def test_quotes_are_loaded_on_request(run: Run, small: Path, text: Path) -> None:
    run("import", "dossier", small)
    status, out, _ = run("import", "dossier", small, "--text", text, "--with-quotes")
    assert (status, "1 updated" in out) == (0, True)
    assert "1 unchanged" in run("import", "dossier", small)[1]


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("command", [["import", "dossier", SEED], ["loads"], ["render"]], ids=lambda c: c[0])
def test_a_database_without_tables_is_told_to_be_migrated(run: Run, command: list[Any]) -> None:
    status, out, err = run(*command)
    assert (status, out) == (1, "")
    assert _one_line(err)
    assert "dateline migrate" in err


def test_a_database_that_is_away_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    status, _, err = run("loads")
    assert status == 1
    assert _one_line(err)
    assert "secret" not in err


# Dossiers and texts


def test_a_missing_file_is_told_in_a_line(run: Run, tmp_path: Path, small: Path, text: Path) -> None:
    missing = tmp_path / "none"
    for command in (
        ["import", "dossier", missing],
        ["import", "dossier", small, "--with-quotes", "--text", missing],
        ["verify", missing, "--text", text],
        ["verify", small, "--text", missing],
        ["locate", "words", "--text", missing],
    ):
        status, out, err = run(*command)
        assert (status, out) == (1, "")
        assert _one_line(err)
        assert str(missing) in err


@pytest.mark.usefixtures("migrated")
def test_a_mistake_in_a_dossier_is_told_with_file_line_field_and_reason(run: Run, small: Path) -> None:
    small.write_text(small.read_text().replace("type: PROTEST", "type: PROTST"))
    status, out, err = run("import", "dossier", small)
    assert (status, out) == (1, "")
    assert err.startswith(f"{small}:9: events.0.type: 'PROTST' is not one of")
    assert run("loads") == (0, "", "")


def test_verify_counts_the_passages_that_hold(run: Run, small: Path, text: Path) -> None:
    assert run("verify", small, "--text", text) == (0, "1 passages checked, 0 do not hold\n", "")


@pytest.mark.parametrize("what", ["start", "paragraph", "sha256"])
def test_verify_names_the_event_and_the_evidence_that_do_not_hold(
    run: Run, tmp_path: Path, text: Path, what: str
) -> None:
    right = passages.locate(TEXT, "counted hundreds")[0]
    wrong: dict[str, Any] = {"start": right.start - 1, "paragraph": 1, "sha256": passages.sha256("")}
    small = _dossier(tmp_path, replace(right, **{what: wrong[what]}))
    status, out, _ = run("verify", small, "--text", text)
    assert status == 1
    first, last = out.splitlines()
    assert first.startswith("small.march: evidence 2: ")
    assert last == "1 passages checked, 1 do not hold"


def test_verify_checks_how_long_the_text_is_said_to_be(run: Run, tmp_path: Path, text: Path) -> None:
    small = _dossier(tmp_path, passages.locate(TEXT, "counted hundreds")[0], length=len(TEXT) + 7)
    status, out, err = run("verify", small, "--text", text)
    assert status == 1
    assert str(len(TEXT)) in out + err


@pytest.mark.parametrize("changed", [TEXT + " ", TEXT.replace("\n", "\r\n"), ""], ids=["longer", "crlf", "empty"])  # fmt: skip
def test_another_text_is_told_from_the_right_one(run: Run, small: Path, text: Path, changed: str) -> None:
    text.write_bytes(changed.encode())
    for command in (["verify", small], ["import", "dossier", small, "--with-quotes"]):
        status, out, err = run(*command, "--text", text)
        assert (status, out) == (1, "")
        assert _one_line(err)
        assert f"{len(changed)} code points" in err
        assert f"report ({len(TEXT)} code points)" in err


def test_a_text_that_is_not_utf8_is_told(run: Run, small: Path, text: Path) -> None:
    text.write_bytes(b"caf\xe9")
    status, _, err = run("verify", small, "--text", text)
    assert status == 1
    assert _one_line(err)


def test_locate_prints_a_passage_to_paste(run: Run, tmp_path: Path, text: Path) -> None:
    status, out, _ = run("locate", "đông đủ, counted", "--text", text)
    assert status == 0
    found = marked_yaml.load(out).value["passage"]
    assert TEXT[found["start"] : found["end"]] == "đông đủ, counted"
    assert found["paragraph"] == 2
    small = _dossier(tmp_path, passages.Passage(**found))
    small.write_text(re.sub(r"passage: .*\n", out, small.read_text()))
    assert events_of(dossier.parse(small))[0].evidence[1].passage_start == found["start"]
    assert run("verify", small, "--text", text)[0] == 0


def test_locate_prints_every_place(run: Run, text: Path) -> None:
    status, out, _ = run("locate", "The crowd", "--text", text)
    assert status == 0
    found = [marked_yaml.load(line).value["passage"] for line in out.splitlines()]
    assert [(passage["paragraph"], passage["start"]) for passage in found] == [(1, 0), (2, TEXT.rindex("The crowd"))]  # fmt: skip


@pytest.mark.parametrize("words", ["the crowd", "Oslo. Cảnh sát", ""])
def test_locate_says_when_words_do_not_stand_in_the_text(run: Run, text: Path, words: str) -> None:
    status, out, err = run("locate", words, "--text", text)
    assert (status, out) == (1, "")
    assert _one_line(err)


# Settings


@pytest.mark.parametrize("variable", SETTINGS)
def test_every_setting_is_in_the_readme(variable: str) -> None:
    assert re.search(rf"\b{variable}\b", README.read_text("utf-8"))


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    elsewhere = {"DATELINE_TEST_DATABASE_URL", "DATELINE_SEED_TEXT"}
    assert set(re.findall(r"\bDATELINE_[A-Z_]+\b", README.read_text("utf-8"))) <= {*SETTINGS, *elsewhere}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATELINE_DATABASE_URL", "mysql://somebody:secret@host/name"),
        ("DATELINE_DATABASE_URL", ""),
        ("DATELINE_PORT", "eighty"),
        ("DATELINE_PORT", "70000"),
        ("DATELINE_LOG_LEVEL", "loud"),
        ("DATELINE_MAX_AGE", "-1"),
        ("DATELINE_MAX_BODY_BYTES", "0"),
        ("DATELINE_POOL_SIZE", "0"),
        ("DATELINE_POOL_TIMEOUT", "0"),
        ("DATELINE_STREAMS", "0"),
        ("DATELINE_WORKERS", "0"),
        ("DATELINE_STATEMENT_TIMEOUT", "never"),
    ],
)
def test_a_bad_setting_is_refused_by_name_and_without_its_secret(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    status, out, err = run("loads")
    assert (status, out) == (1, "")
    assert variable in err
    assert "secret" not in err
    assert _one_line(err)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", "postgres://somebody@host/name")
    monkeypatch.setenv("DATELINE_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("DATELINE_MAX_AGE", "60")
    settings = Settings()
    assert settings.database_url == "postgresql://somebody@host/name"
    assert (settings.log_level, settings.max_age) == ("warning", 60)

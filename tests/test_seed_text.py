"""The seed against the article itself, where a copy of it is at hand; its sentences stay out of the repository."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.importers import dossier, passages
from app.records import EventRecord, EvidenceRecord, Release, SourceRecord
from tests.conftest import SEED
from tests.parts import events_of, part

ROOT = Path(__file__).parent.parent
LONGEST_LOAN = 59  # code points in a row that may stand both in the article and in the repository

# What the translation got wrong, and how often it stands in the article.
WRONG = {"Nigeria": 3, "Al Qaeda": 1, "sơ tán": 1, "hầu hết nhân viên": 1}


@pytest.fixture(scope="module")
def article() -> str:
    """The article's text, from DATELINE_SEED_TEXT or from beside the repository."""
    named = os.environ.get("DATELINE_SEED_TEXT")
    copies = [Path(named)] if named else sorted(ROOT.parent.glob("shared/seed/*.txt"))
    if not copies:
        pytest.skip("no copy of the article: set DATELINE_SEED_TEXT, or put it in ../shared/seed")
    return copies[0].read_bytes().decode()


@pytest.fixture(scope="module")
def release() -> Release:
    return dossier.parse(SEED)


def _rows(release: Release) -> Iterator[tuple[EventRecord, EvidenceRecord]]:
    return ((event, row) for event in events_of(release) for row in event.evidence)


def _said(text: str, row: EvidenceRecord) -> str:
    return text[row.passage_start : row.passage_end]


def _repository() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode:
        pytest.skip(f"git cannot list the files: {listed.stderr.strip()}")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _runs(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_the_source_record_describes_this_text(article: str, release: Release) -> None:
    (source,) = [source for source in part(release, SourceRecord) if source.text_sha256]
    assert (passages.sha256(article), len(article)) == (source.text_sha256, source.text_length)


def test_every_passage_holds(article: str, release: Release) -> None:
    findings = list(passages.verify(release, article))
    assert len(findings) == sum(len(event.evidence) for event in events_of(release))
    assert [finding for finding in findings if finding.fault] == []


def test_passages_begin_and_end_between_words(article: str, release: Release) -> None:
    for event, row in _rows(release):
        said = _said(article, row)
        before, behind = article[: row.passage_start][-1:], article[row.passage_end :][:1]
        assert said == said.strip(), event.id
        assert not (before.isalnum() and said[0].isalnum()), (event.id, said)
        assert not (said[-1].isalnum() and behind.isalnum()), (event.id, said)


def test_what_is_called_reported_stands_in_its_passage(article: str, release: Release) -> None:
    for event, row in _rows(release):
        assert row.reported is None or row.reported in _said(article, row), (event.id, row.reported)


@pytest.mark.parametrize("word", WRONG)
def test_each_slip_of_the_page_is_corrected_where_it_stands(
    article: str, release: Release, word: str
) -> None:
    found = passages.locate(article, word)
    assert len(found) == WRONG[word]
    for slip in found:
        quoting = [
            (event, row)
            for event, row in _rows(release)
            if (row.passage_start or 0) <= slip.start and slip.end <= (row.passage_end or 0)
        ]
        corrected = {event.id for event, row in quoting if row.stance == "corrected"}
        assert corrected
        assert {event.id for event, row in quoting if row.field is None} <= corrected | _meant_right(word)


def _meant_right(word: str) -> set[str]:
    """Events that rest on a passage for something else that it says than the slip."""
    return {"niger-2024.us-niger-tense-meetings"} if word == "sơ tán" else set()


@pytest.mark.parametrize(
    ("paragraph", "begins"), [(7, "READ"), (13, "READ"), (19, "READ"), (24, "Tr"), (25, "Email")]
)
def test_what_is_no_part_of_the_report_is_not_cited(
    article: str, release: Release, paragraph: int, begins: str
) -> None:
    assert article.split("\n\n")[paragraph - 1].startswith(begins)
    assert paragraph not in {row.paragraph for _, row in _rows(release)}


def test_every_paragraph_with_news_is_cited(article: str, release: Release) -> None:
    silent = {1, 7, 8, 13, 19, 23, 24, 25}  # headline, links, no comment, credits, form
    cited = {row.paragraph for _, row in _rows(release)}
    assert cited == set(range(1, len(article.split("\n\n")) + 1)) - silent


def test_no_sentence_of_the_article_is_in_the_repository(article: str) -> None:
    length = LONGEST_LOAN + 1
    sentences = set(_runs(_on_one_line(article), length))
    lent = [
        (path.relative_to(ROOT).as_posix(), run)
        for path in _repository()
        for run in _runs(_on_one_line(path.read_text("utf-8", errors="replace")), length)
        if run in sentences
    ]
    assert lent == []


def test_nothing_that_is_served_repeats_the_article(article: str, release: Release) -> None:
    """Titles, summaries, notes and attributions are in our own words."""
    for event in events_of(release):
        told = event.facts.translations["vi"]
        own = [told["title"], told["summary"], event.facts.title, event.facts.summary or ""]
        own += [text for row in event.evidence for text in (row.note, row.attributed_to) if text]
        for text in own:
            assert not any(run in article for run in _runs(text, 40)), (event.id, text)

"""Passages of a source's text: finding one, and checking that a dossier's still hold."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.records import EventRecord, EvidenceRecord, Item, Release, SourceRecord


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text: 1-based paragraph, 0-based code points, end exclusive, SHA-256 of its UTF-8."""

    paragraph: int
    start: int
    end: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of checking one piece of evidence; `fault` is None when it holds."""

    event_id: str
    position: int
    fault: str | None


def sha256(text: str) -> str:
    """Hex digest of the UTF-8 bytes of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def passage(text: str, start: int, end: int) -> Passage:
    """The passage of `text` from `start` to before `end`. Paragraphs are the blocks between blank lines."""
    return Passage(text.count("\n\n", 0, start) + 1, start, end, sha256(text[start:end]))


def locate(text: str, words: str) -> list[Passage]:
    """Every place where `words` stand in `text`, exactly as they are."""
    found, start = [], text.find(words)
    while words and start >= 0:
        found.append(passage(text, start, start + len(words)))
        start = text.find(words, start + 1)
    return found


def verify(release: Release, text: str) -> Iterator[Finding]:
    """Check every passage that points into `text`; LookupError when no source of the dossier has this text."""
    source = _source_of(release, text)
    for event in release.items:
        if not isinstance(event, EventRecord):
            continue
        for position, entry in enumerate(event.evidence):
            if entry.source_id == source.id and entry.passage_start is not None:
                yield Finding(event.id, position, _fault(entry, text))


def with_quotes(release: Release, text: str) -> Release:
    """The release with each passage of `text` quoted; ValueError when one does not hold."""
    source = _source_of(release, text)
    wrong = [finding for finding in verify(release, text) if finding.fault]
    if wrong:
        raise ValueError(f"{wrong[0].event_id}: {wrong[0].fault}")

    def quoted(item: Item) -> Item:
        if not isinstance(item, EventRecord):
            return item
        return item._replace(evidence=[_quoted(entry, source.id, text) for entry in item.evidence])

    return replace(release, items=[quoted(item) for item in release.items])


def _source_of(release: Release, text: str) -> SourceRecord:
    digest = sha256(text)
    sources = [item for item in release.items if isinstance(item, SourceRecord) and item.text_sha256]
    for source in sources:
        if source.text_sha256 == digest:
            if source.text_length != len(text):
                raise ValueError(
                    f"{source.id}: the text has {len(text)} code points, not {source.text_length}"
                )
            return source
    held = ", ".join(f"{source.id} ({source.text_length} code points)" for source in sources) or "none"
    raise LookupError(
        f"the text ({len(text)} code points, SHA-256 {digest[:12]}...) is none of the sources' texts: {held}"
    )


def _fault(entry: EvidenceRecord, text: str) -> str | None:
    assert entry.passage_start is not None and entry.passage_end is not None
    there = passage(text, entry.passage_start, entry.passage_end)
    if there.sha256 != entry.passage_sha256:
        return f"code points {there.start} to {there.end} have another SHA-256: {there.sha256}"
    if there.paragraph != entry.paragraph:
        return f"code point {there.start} lies in paragraph {there.paragraph}, not {entry.paragraph}"
    if "\n\n" in text[there.start : there.end]:
        return "runs over the end of its paragraph"
    return None


def _quoted(entry: EvidenceRecord, source_id: str, text: str) -> EvidenceRecord:
    if entry.source_id != source_id or entry.passage_start is None:
        return entry
    return entry._replace(quote=text[entry.passage_start : entry.passage_end])

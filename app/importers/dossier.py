"""Dossiers: human-written YAML files of events, each with the passages that report it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from app import codes, edtf
from app.importers import marked_yaml
from app.importers.dossier_format import KEYS, Actor, Dossier, Event, Evidence, Source, Withdrawn
from app.records import (
    ActorRecord,
    DatasetRecord,
    EventFacts,
    EventRecord,
    EvidenceRecord,
    Item,
    Release,
    SourceRecord,
    Withdrawal,
)

FIELDS = (
    "type", "mode", "contexts", "status", "title", "summary", "date", "place", "countries", "actors", "fatalities",
)  # fmt: skip


_Record = TypeVar("_Record", SourceRecord, ActorRecord)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a dossier, and where."""

    file: str
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.reason}"


class DossierError(ValueError):
    """A dossier with mistakes; nothing of it is loaded."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def parse(path: Path) -> Release:
    """The release that the dossier at `path` describes; DossierError with every mistake in it."""
    content = path.read_bytes()
    try:
        marked = marked_yaml.load(content.decode())
    except marked_yaml.YamlError as error:
        raise DossierError([Mistake(str(path), error.line, "YAML", error.reason)]) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DossierError([Mistake(str(path), line, "YAML", f"is not UTF-8: {error.reason}")]) from None

    def mistake(place: marked_yaml.Path, reason: str) -> Mistake:
        field = ".".join(str(part) for part in place) or "dossier"
        return Mistake(str(path), marked.line(place), field, reason)

    try:
        dossier = Dossier.model_validate(marked.value)
    except ValidationError as error:
        raise DossierError([mistake(*_explain(entry)) for entry in error.errors()]) from None
    mistakes = [mistake(place, reason) for place, reason in _loose_ends(dossier)]
    if mistakes:
        raise DossierError(mistakes)
    return _release(dossier, path.name, hashlib.sha256(content).hexdigest())


def _explain(entry: Any) -> tuple[marked_yaml.Path, str]:
    context = entry.get("ctx", {})
    reason = str(context["error"]) if "error" in context else entry["msg"]
    if entry["type"] == "extra_forbidden":
        context = {"did_you_mean": codes.nearest(str(entry["loc"][-1]), KEYS)}
    if context.get("allowed"):
        reason += f"; allowed: {', '.join(context['allowed'])}"
    if context.get("did_you_mean"):
        reason += f"; did you mean {context['did_you_mean']}?"
    return tuple(part for part in entry["loc"] if part != "[key]"), reason


def _loose_ends(dossier: Dossier) -> Iterator[tuple[marked_yaml.Path, str]]:
    """Ids given twice, and references to what is not there."""
    sources = {source.id: source for source in dossier.sources}
    actors = {actor.id for actor in dossier.actors}
    events = {event.id for event in dossier.events}
    for kind in ("sources", "actors", "events", "withdrawn"):
        ids = [entry.id for entry in getattr(dossier, kind)]
        again = (n for n, key in enumerate(ids) if key in ids[:n])
        yield from (((kind, n, "id"), f"{ids[n]!r} is given twice") for n in again)
    origins = {source.id: source.derived_from for source in dossier.sources}
    parents = {actor.id: actor.parent for actor in dossier.actors}
    for n, source in enumerate(dossier.sources):
        yield from _loose_link(("sources", n, "derived_from"), source.id, origins, "source")
    for n, actor in enumerate(dossier.actors):
        yield from _loose_link(("actors", n, "parent"), actor.id, parents, "actor")
    for n, event in enumerate(dossier.events):
        yield from _loose_event(("events", n), event, actors, sources)
    for n, withdrawn in enumerate(dossier.withdrawn):
        yield from _missing(("withdrawn", n, "successor"), withdrawn.successor, events, "event")
        if withdrawn.id in events:
            yield ("withdrawn", n, "id"), f"{withdrawn.id!r} is among the events too"


def _loose_link(
    place: marked_yaml.Path, key: str, links: Mapping[str, str | None], what: str
) -> Iterator[tuple[marked_yaml.Path, str]]:
    """A link to nothing, or one that leads back to where it starts."""
    yield from _missing(place, links[key], links, what)
    above, seen = links[key], set[str]()
    while above and above not in seen:
        if above == key:
            yield place, f"leads back to {key!r} itself"
        seen.add(above)
        above = links.get(above)


def _loose_event(
    place: marked_yaml.Path, event: Event, actors: set[str], sources: Mapping[str, Source]
) -> Iterator[tuple[marked_yaml.Path, str]]:
    allowed = codes.modes(event.type)
    if event.mode and event.mode not in allowed:
        yield (
            (*place, "mode"),
            f"{event.type} has no mode {event.mode!r}; it has {', '.join(allowed) or 'none'}",
        )
    for language in event.summary.others() if event.summary else ():
        if language not in event.title.others():
            yield (*place, "summary", language), "is in a language that the title lacks"
    yield from _repeated((*place, "contexts"), event.contexts)
    for part, listed in event.countries.items():
        yield from _repeated((*place, "countries", part), listed)
    for role, named in event.actors.items():
        yield from _repeated((*place, "actors", role), named)
        for m, actor_id in enumerate(named):
            yield from _missing((*place, "actors", role, m), actor_id, actors, "actor")
    for m, evidence in enumerate(event.evidence):
        at = (*place, "evidence", m)
        yield from _missing((*at, "source"), evidence.source, sources, "source")
        yield from (((*at, part), why) for part, why in _loose_evidence(event, evidence, sources))


def _repeated(place: marked_yaml.Path, named: Sequence[str]) -> Iterator[tuple[marked_yaml.Path, str]]:
    yield from (
        ((*place, n), f"{word!r} is given twice") for n, word in enumerate(named) if word in named[:n]
    )


def _missing(
    place: marked_yaml.Path, word: str | None, known: Mapping[str, Any] | set[str], what: str
) -> Iterator[tuple[marked_yaml.Path, str]]:
    if word is not None and word not in known:
        near = codes.nearest(word, tuple(known))
        yield place, f"no {what} has the id {word!r}" + (f"; did you mean {near}?" if near else "")


def _loose_evidence(
    event: Event, evidence: Evidence, sources: Mapping[str, Source]
) -> Iterator[tuple[str, str]]:
    allowed = (*FIELDS, *(f"figures.{measure}" for measure in event.figures))
    if evidence.field is not None and evidence.field not in allowed:
        yield "field", f"{evidence.field!r} is no field of this event; allowed: {', '.join(allowed)}"
    text = sources[evidence.source].text if evidence.source in sources else None
    if evidence.passage and text is None:
        yield "passage", "its source gives no text to point into"
    elif evidence.passage and text and evidence.passage.end > text.length:
        yield "passage", f"ends behind the text, which has {text.length} code points"
    if evidence.stance == "corrected" and not (evidence.note and evidence.reported):
        yield "stance", "a corrected reading needs what was reported, and a note that says why it is wrong"


def _release(dossier: Dossier, file: str, file_sha256: str) -> Release:
    dataset = dossier.dataset
    return Release(
        dataset=DatasetRecord(
            id=dataset.id,
            kind="dossier",
            title=dataset.title.en,
            titles=dataset.title.all(),
            version=dataset.version,
            licence=dataset.licence,
            citation=dataset.citation,
            note=dataset.note,
        ),
        file=file,
        file_sha256=file_sha256,
        items=list(_items(dossier)),
        whole=True,
    )


def _items(dossier: Dossier) -> Iterator[Item]:
    yield from _parents_first([_source(source) for source in dossier.sources], "derived_from")
    yield from _parents_first([_actor(actor) for actor in dossier.actors], "parent_id")
    yield from (_event(dossier.dataset.id, event) for event in dossier.events)
    yield from (_withdrawal(dossier.dataset.id, entry) for entry in dossier.withdrawn)


def _parents_first(records: Sequence[_Record], parent: str) -> list[_Record]:
    """The records so ordered that each follows the one that it refers to."""
    by_id = {record.id: record for record in records}
    ordered: dict[str, _Record] = {}

    def place(record: _Record) -> None:
        above = by_id.get(getattr(record, parent) or "")
        if above and above.id not in ordered:
            place(above)
        ordered[record.id] = record

    for record in records:
        place(record)
    return list(ordered.values())


def _source(source: Source) -> SourceRecord:
    return SourceRecord(
        **source.model_dump(exclude={"text"}),
        text_sha256=source.text.sha256 if source.text else None,
        text_length=source.text.length if source.text else None,
    )


def _actor(actor: Actor) -> ActorRecord:
    return ActorRecord(
        id=actor.id,
        kind=actor.kind,
        name=actor.name.en,
        names=actor.name.all(),
        country_code=actor.country,
        parent_id=actor.parent,
        aliases=actor.aliases,
    )


def _event(dataset_id: str, event: Event) -> EventRecord:
    return EventRecord(
        id=f"{dataset_id}.{event.id}",
        facts=_facts(event),
        contexts=event.contexts,
        countries=[(code, role) for role, named in event.countries.items() for code in named],
        actors=[(actor, role) for role, named in event.actors.items() for actor in named],
        evidence=[_evidence(entry) for entry in event.evidence],
    )


def _facts(event: Event) -> EventFacts:
    when = edtf.parse(event.date)
    place = event.place.model_dump() if event.place else {}
    deaths = event.fatalities.model_dump() if event.fatalities else {}
    titles = event.title.others()
    summaries = event.summary.others() if event.summary else {}
    return EventFacts(
        type=event.type,
        mode=event.mode,
        status=event.status,
        title=event.title.en,
        summary=event.summary.en if event.summary else None,
        translations={tag: {"title": title, "summary": summaries.get(tag)} for tag, title in titles.items()},
        date_edtf=when.text,
        date_start=when.start,
        date_end=when.end,
        date_precision=when.precision,
        place_name=place.get("name"),
        place_admin1=place.get("admin1"),
        place_country=place.get("country"),
        latitude=place.get("latitude"),
        longitude=place.get("longitude"),
        place_precision=place.get("precision"),
        fatalities_low=deaths.get("low"),
        fatalities_best=deaths.get("best"),
        fatalities_high=deaths.get("high"),
        figures=[{"measure": name} | figure.model_dump() for name, figure in event.figures.items()],
    )


def _evidence(evidence: Evidence) -> EvidenceRecord:
    passage = evidence.passage
    return EvidenceRecord(
        source_id=evidence.source,
        field=evidence.field,
        paragraph=passage.paragraph if passage else None,
        passage_start=passage.start if passage else None,
        passage_end=passage.end if passage else None,
        passage_sha256=passage.sha256 if passage else None,
        reported=evidence.reported,
        stance=evidence.stance,
        attributed_to=evidence.attributed_to,
        note=evidence.note,
    )


def _withdrawal(dataset_id: str, entry: Withdrawn) -> Withdrawal:
    successor = f"{dataset_id}.{entry.successor}" if entry.successor else None
    return Withdrawal(id=f"{dataset_id}.{entry.id}", reason=entry.reason, successor_id=successor)

"""How rows, and what is stored of events, become the JSON that `schemas` defines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from operator import itemgetter
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json

from app import codes, schemas

REPRESENTATION = 1  # raise it with every change of what an event's JSON says; a migration then re-renders

_EVENT = TypeAdapter(schemas.Event)
_EVIDENCE = TypeAdapter(list[schemas.Evidence])
_CHANGE = TypeAdapter(schemas.Change)


def event_document(event: schemas.Event) -> bytes:
    """The JSON of an event, to be stored; it is trusted to have the shape that its type says."""
    return _EVENT.serializer.to_json(event)


def evidence_document(evidence: list[schemas.Evidence]) -> bytes:
    """The JSON of an event's evidence, to be stored."""
    return _EVIDENCE.serializer.to_json(evidence)


# An event's stored document, which comes first in its row, is its JSON already. Called from C, as for hundreds of rows.
event_json: Callable[[Sequence[Any]], bytes] = itemgetter(0)


def event_with_evidence_json(documents: tuple[bytes, bytes]) -> bytes:
    """The two stored documents of one event as one."""
    event, evidence = documents
    return event[:-1] + b',"evidence":' + evidence + b"}"


def change_json(row: Any) -> bytes:
    """An entry of the change feed, around the event's stored document."""
    change = {
        "id": row.id,
        "kind": "event" if row.withdrawn is None else "withdrawn",
        "at": row.updated,
        "event": None,
        "reason": row.withdrawn_reason,
        "successor": row.successor_id,
    }
    shell = _CHANGE.dump_json(change)  # type: ignore[arg-type]
    return (
        shell if row.withdrawn is not None else shell.replace(b'"event":null', b'"event":' + row.document, 1)
    )


def stats_heading_json(heading: Mapping[str, Any]) -> bytes:
    """A part of the beginning of a row of counts, which says what it counts."""
    return to_json(heading)[1:-1].replace(b"%", b"%%") + b"," if heading else b""


def stats_row(*headings: bytes) -> bytes:
    """A row of counts before its three numbers are in it."""
    return b'{%b"possible":%%d,"certain":%%d,"fatalities":%%d}' % b"".join(headings)


def stats_json(rows: tuple[bytes, Iterable[int]]) -> bytes:
    """A row of counts, or several with commas between them, and the numbers of all."""
    row, numbers = rows
    return row % tuple(numbers)


def history_json(history: tuple[Any, Sequence[Any]]) -> bytes:
    """An event's revisions: the first, which has no row of its own, and the edits since."""
    event, edits = history
    first = {"revision": 1, "at": event.created, "changes": []}
    revisions = [first, *(edit._asdict() for edit in edits)]
    return schemas.History.model_validate({"id": event.id, "revisions": revisions}).model_dump_json().encode()


def country_json(row: Any) -> bytes:
    return schemas.Country.model_validate(row._asdict()).model_dump_json().encode()


def actor_json(row: Any) -> bytes:
    values = row._asdict() | {"country": row.country_code, "parent": row.parent_id}
    return schemas.Actor.model_validate(values).model_dump_json().encode()


def source_json(row: Any) -> bytes:
    return schemas.Source.model_validate(row._asdict()).model_dump_json().encode()


def dataset_json(row: Any) -> bytes:
    values = row._asdict()
    load = {name.removeprefix("load_"): value for name, value in values.items() if name.startswith("load_")}
    values["coverage"] = {"start": row.coverage_start, "end": row.coverage_end}
    values["last_load"] = load if row.load_id is not None else None
    return schemas.Dataset.model_validate(values).model_dump_json().encode()


@cache
def code_lists_json() -> bytes:
    """Every code list; they change with a release only."""
    lists = {name: [asdict(code) for code in entries] for name, entries in codes.lists().items()}
    return schemas.CodeLists.model_validate({"lists": lists}).model_dump_json().encode()


@cache
def outlines_json() -> bytes:
    """The outlines of all countries, as the data file has them."""
    return (files("app") / "data" / "outlines.geojson").read_bytes()

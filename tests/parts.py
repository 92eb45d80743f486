"""Releases in parts, as tests like to make and to change them."""

from collections.abc import Sequence
from dataclasses import replace as replace_fields
from typing import Any, TypeVar

from app.records import (
    ActorRecord,
    DatasetRecord,
    EventRecord,
    Item,
    Release,
    SourceRecord,
    Withdrawal,
)

_Thing = TypeVar("_Thing")
_Kind = TypeVar("_Kind", ActorRecord, EventRecord, SourceRecord, Withdrawal)

_PARTS = {"sources": SourceRecord, "actors": ActorRecord, "events": EventRecord, "withdrawals": Withdrawal}


def release_of(
    *,
    dataset: DatasetRecord,
    file: str,
    file_sha256: str,
    whole: bool = True,
    **parts: Sequence[Item],
) -> Release:
    """A release of sources, actors, events and withdrawals."""
    items = [item for name in _PARTS for item in parts.get(name, ())]
    return Release(dataset=dataset, file=file, file_sha256=file_sha256, items=items, whole=whole)


def part(release: Release, kind: type[_Kind]) -> list[_Kind]:
    """The items of one kind."""
    return [item for item in release.items if isinstance(item, kind)]


def events_of(release: Release) -> list[EventRecord]:
    """The events of a release."""
    return part(release, EventRecord)


def replace(thing: _Thing, **changes: Any) -> _Thing:
    """A record or a release with some of its fields, or of its parts, replaced."""
    if not isinstance(thing, Release):
        return thing._replace(**changes)  # type: ignore[attr-defined, no-any-return]
    parts: dict[str, Any] = {name: part(thing, kind) for name, kind in _PARTS.items()}
    parts |= {name: changes.pop(name) for name in list(changes) if name in _PARTS}
    return replace_fields(thing, items=[item for name in _PARTS for item in parts[name]], **changes)

"""CSV files of any layout: a mapping, written in TOML, says how a row becomes an event."""

import csv
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO, get_args

from pydantic import ValidationError

from app.importers import csv_mapping_format as form
from app.importers.csv_mapping_format import Mapping, Part, Value
from app.importers.csv_rows import EventReader, Refused
from app.importers.csv_values import hint
from app.importers.files import Input
from app.records import DatasetRecord, Item, Reject

_DAMAGED = re.compile("[\0\ud800-\udfff]")
_REMEMBERED = 200_000  # actors and sources that need not be said again


class MappingError(ValueError):
    """A mapping with mistakes; no row is read by it. Each mistake is a key and a reason."""

    def __init__(self, file: str, mistakes: Sequence[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{file}: {key}: {reason}" for key, reason in mistakes))
        self.file, self.mistakes = file, mistakes


# --- the mapping -----------------------------------------------------------------------------------


def read_mapping(path: Path) -> Mapping:
    """The mapping in the file at `path`; MappingError with every mistake in it."""
    try:
        given = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        mapping = Mapping.model_validate(given).named(path.name)
    except ValidationError as error:
        raise MappingError(path.name, [_explain(entry) for entry in error.errors()]) from None
    except UnicodeDecodeError as error:
        raise MappingError(path.name, [("TOML", f"is not UTF-8: {error.reason}")]) from None
    except tomllib.TOMLDecodeError as error:
        raise MappingError(path.name, [("TOML", str(error))]) from None
    _refuse(path.name, list(_never_seen(mapping)))
    return mapping


def _refuse(name: str, mistakes: Sequence[tuple[str, str]]) -> None:
    if mistakes:
        raise MappingError(name, mistakes)


def _explain(entry: Any) -> tuple[str, str]:
    loc, context = entry["loc"], entry.get("ctx", {})
    reason = str(context["error"]) if "error" in context else entry["msg"]
    allowed = context.get("allowed")
    if entry["type"] == "extra_forbidden":
        reason, allowed = "is not a key here", _keys(loc[:-1])
    if allowed:
        word = loc[-1] if entry["type"] == "extra_forbidden" else entry["input"]
        reason += f"; allowed: {', '.join(allowed)}{hint(str(word), tuple(allowed))}"
    return ".".join(str(part) for part in loc if part != "[key]") or "mapping", reason


def _keys(loc: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that may stand in the table at `loc`."""
    part: type[Part] = Mapping
    for step in loc:
        field = part.model_fields.get(str(step))
        part = (_table(field.annotation) if field else None) or part
    return tuple(part.model_fields)


def _table(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next(filter(None, map(_table, get_args(annotation))), None)


def _values(part: Any, key: str = "") -> Iterator[tuple[str, Value]]:
    """Every value in a table of the mapping, by its key."""
    if isinstance(part, Value):
        yield key, part
    elif isinstance(part, Part):
        yield from _values({name: getattr(part, name) for name in type(part).model_fields}, key)
    elif isinstance(part, dict | list):
        for name, inside in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _values(inside, f"{key}.{name}" if key else str(name))


def _never_seen(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for key, value in _values(mapping):
        for word in set(value.map or {}).intersection(mapping.file.empty):
            yield f"{key}.map", f"never sees {word!r}, which file.empty makes unknown"


def dataset(mapping: Mapping) -> DatasetRecord:
    """The dataset that the mapping describes."""
    described = mapping.dataset.model_dump()
    titles = {"en": described["title"]} | described.pop("titles")
    return DatasetRecord(kind="csv", titles=titles, **described)


# --- the file --------------------------------------------------------------------------------------


def parse(path: Path | Input, mapping: Mapping) -> Iterator[Item]:
    """For each row of a plain, .gz or .zip file one event or reject, after the sources and actors it names.

    MappingError if the file lacks a column that the mapping names.
    """
    file = path if isinstance(path, Input) else Input(path)
    with _text(file, mapping) as text:
        header = _header(_rows(text, mapping.file), mapping, file.path.name)
    _refuse(mapping.name, list(_missing(mapping, header, file.path.name)))
    return _items(file, mapping, header)


def _text(file: Input, mapping: Mapping) -> AbstractContextManager[TextIO]:
    # What cannot be decoded becomes a lone surrogate, so that it costs its row and not the file.
    return file.text(mapping.file.encoding, "surrogateescape")


def _rows(text: TextIO, written: form.File) -> Iterator[list[str] | str]:
    """The rows but for blank lines; in the place of one that is not CSV, what is wrong with it."""
    rows = csv.reader(
        text,
        delimiter=written.delimiter,
        quotechar=written.quote or None,
        quoting=csv.QUOTE_MINIMAL if written.quote else csv.QUOTE_NONE,
        strict=True,
    )
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"is not CSV, at line {rows.line_num} of the file: {error}"
        else:
            if row:
                yield row


def _header(rows: Iterator[list[str] | str], mapping: Mapping, name: str) -> list[str]:
    if mapping.file.columns is not None:
        return mapping.file.columns
    header = next(rows, "has no header row; if it has no header, name its columns in file.columns")
    if isinstance(header, str):
        raise MappingError(mapping.name, [("file", f"{name} {header}")])
    return [cell.strip() for cell in header]


def _missing(mapping: Mapping, header: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
    for key, value in _values(mapping):
        for origin, column in value.columns():
            if column not in header:
                yield f"{key}.{origin}", f"{name} has no column {column!r}{hint(column, tuple(header))}"
            elif header.count(column) > 1:
                yield f"{key}.{origin}", f"{name} has several columns {column!r}"


def _items(file: Input, mapping: Mapping, header: Sequence[str]) -> Iterator[Item]:
    reader, said = EventReader(mapping, header), set[str]()
    used = {name for _, value in _values(mapping) for _, name in value.columns()}
    places = [n for n, name in enumerate(header) if name in used]
    with _text(file, mapping) as text:
        rows = _rows(text, mapping.file)
        _header(rows, mapping, file.path.name)
        for number, row in enumerate(rows, start=1):
            try:
                named, event = reader.read(_cells(row, header, places, mapping.file))
            except Refused as error:
                yield Reject(number, error.field, error.reason, _record(row, header))
                continue
            if len(said) > _REMEMBERED:
                said.clear()
            for record in named:
                if record.id not in said:
                    said.add(record.id)
                    yield record
            yield event


def _cells(
    row: list[str] | str, header: Sequence[str], places: Sequence[int], written: form.File
) -> list[str]:
    """The row's cells, stripped, and "" where they say that nothing is known."""
    if isinstance(row, str):
        raise Refused("row", row)
    if len(row) != len(header):
        raise Refused("row", f"has {len(row)} cells, where the header has {len(header)}")
    for n in places:
        damage = _DAMAGED.search(row[n])
        if damage:
            why = "a NUL character" if damage[0] == "\0" else f"bytes that are not {written.encoding}"
            raise Refused("row", f"column {header[n]!r} holds {why}")
    stripped = (cell.strip() for cell in row)
    return ["" if cell in written.empty else cell for cell in stripped]


def _record(row: list[str] | str, header: Sequence[str]) -> dict[str, Any]:
    if isinstance(row, str):
        return {}
    whole = [_DAMAGED.sub("\ufffd", cell) for cell in row]
    more = whole[len(header) :]
    return dict(zip(header, whole, strict=False)) | ({"": more} if more else {})

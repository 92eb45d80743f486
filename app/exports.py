"""Writes events to a file of any format, whole or not at all."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from app import db, formats, queries
from app.columns import COLUMNS, NAMES, Column, flat
from app.filters import EventQuery
from app.formats import Document, Encoder
from app.settings import Settings
from app.sqlite import sqlite3

_BATCH = 1000  # events; a group of rows in Parquet is one batch
_PATIENCE = 3600.0  # seconds for a query: nobody else waits for it


class MissingLibrary(ValueError):
    """A format needs an optional library that is not installed."""


class Writer(Protocol):
    """A file that is being written."""

    def write(self, documents: Iterable[Document]) -> None: ...
    def close(self) -> None: ...


class _TextFile:
    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._file, self._encoder = path.open("wb"), encoder
        self._file.write(encoder.head())

    def write(self, documents: Iterable[Document]) -> None:
        self._file.write(self._encoder.rows(documents))

    def close(self) -> None:
        self._file.write(self._encoder.tail())
        self._file.close()


_SQL_TYPES = {"integer": "INTEGER", "number": "REAL"}  # all else is TEXT
_PARQUET_VALUES: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "time": datetime.fromisoformat,
}


class _SqliteTable:
    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        named = ", ".join(f"{column.name} {_SQL_TYPES.get(column.kind, 'TEXT')}" for column in COLUMNS)
        self._database.execute(f"CREATE TABLE event ({named}, PRIMARY KEY (id))")
        places = ", ".join("?" * len(COLUMNS))
        self._insert = f"INSERT INTO event VALUES ({places})"  # noqa: S608  only question marks

    def write(self, documents: Iterable[Document]) -> None:
        self._database.executemany(self._insert, (self._row(document) for document in documents))

    def close(self) -> None:
        self._database.commit()
        self._database.close()

    def _row(self, document: Document) -> list[Any]:
        return ["|".join(v) if isinstance(v, list) else v for v in flat(json.loads(document))]


class _ParquetTable:
    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa  # type: ignore[import-untyped]
            from pyarrow import parquet
        except ImportError:
            raise MissingLibrary("Parquet needs pyarrow: install dateline[parquet]") from None
        types = {
            "text": pa.string(),
            "list": pa.list_(pa.string()),
            "date": pa.date32(),
            "time": pa.timestamp("us", tz="UTC"),
            "integer": pa.int64(),
            "number": pa.float64(),
        }
        self._schema = pa.schema([(column.name, types[column.kind]) for column in COLUMNS])
        self._make, self._file = pa.table, parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, documents: Iterable[Document]) -> None:
        rows = [self._row(document) for document in documents]
        if rows:
            columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
            self._file.write_table(self._make(columns, schema=self._schema))

    def close(self) -> None:
        self._file.close()

    def _row(self, document: Document) -> Sequence[Any]:
        values = zip(COLUMNS, flat(json.loads(document)), strict=True)
        return [value if value is None else _parquet_value(column, value) for column, value in values]


def _parquet_value(column: Column, value: Any) -> Any:
    read = _PARQUET_VALUES.get(column.kind)
    return read(value) if read else value


WRITERS: dict[str, Callable[[Path], Writer]] = {
    "csv": lambda path: _TextFile(path, formats.Csv()),
    "ndjson": lambda path: _TextFile(path, formats.NdJson()),
    "geojson": lambda path: _TextFile(path, formats.GeoJson()),
    "sqlite": _SqliteTable,
    "parquet": _ParquetTable,
}


async def export(settings: Settings, query: EventQuery, name: str, path: Path) -> int:
    """Write what `query` finds, of one moment, and answer how many that is; a failure leaves `path` as it was."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    reads, written = db.reads(settings.model_copy(update={"statement_timeout": _PATIENCE})), 0
    try:
        writer = WRITERS[name](unfinished)
        try:
            async with (
                reads.snapshot() as reader,
                aclosing(queries.batches(reader, query, lambda: _BATCH)) as batches,
            ):
                async for rows in batches:
                    writer.write(row[0] for row in rows)
                    written += len(rows)
        finally:
            writer.close()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
        await reads.close()
    return written

"""Which parser reads which format, and what it needs beside the file."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from app.importers import csv_mapping, dossier, gdelt, passages, ucdp_ged
from app.importers.files import Input
from app.records import Reject, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may say of the files; each format takes what concerns it."""

    mapping: Path | None = None
    version: str | None = None
    whole: bool = False
    text: str | None = None  # of a dossier's source, to be quoted from


def releases(name: str, paths: Sequence[Path], options: Options) -> Iterator[tuple[Path, Input, Release]]:
    """One release for each file, with the file that it reads as it is written."""
    mentions = [path for path in paths if name == "gdelt" and ".mentions." in path.name.lower()]
    beside = _beside([path for path in paths if path not in mentions], mentions)
    for path, others in beside.items():
        source = Input(path)
        yield path, source, _release(name, source, others, options)


def _beside(exports: Sequence[Path], mentions: Sequence[Path]) -> dict[Path, list[Path]]:
    """Each export of GDELT with its mentions files: those of the same time, or all if it is the only one."""
    if len(exports) == 1:
        return {exports[0]: list(mentions)}
    found: dict[Path, list[Path]] = {path: [] for path in exports}
    by_time = {path.name.split(".")[0]: path for path in exports}
    for path in mentions:
        time = path.name.split(".")[0]
        if time not in by_time:
            raise ValueError(
                f"{path}: no export of {time} is among the files; load it with the one it belongs to"
            )
        found[by_time[time]].append(path)
    return found


def _release(name: str, source: Input, mentions: Sequence[Path], options: Options) -> Release:
    path = source.path
    if name == "dossier":
        release = dossier.parse(path)
        return release if options.text is None else passages.with_quotes(release, options.text)
    if name == "csv":
        if options.mapping is None:
            raise ValueError("a csv file needs --mapping, a TOML file that says what its columns are")
        mapping = csv_mapping.read_mapping(options.mapping)
        described, items = csv_mapping.dataset(mapping), csv_mapping.parse(source, mapping)
    elif name == "gdelt":
        described = gdelt.dataset(options.version or gdelt.version_of(path))
        items = gdelt.parse(source, [Input(other) for other in mentions])
    else:
        described = ucdp_ged.dataset(options.version or ucdp_ged.version_of(path))
        items = ucdp_ged.parse(source)
    if options.version:
        described = described._replace(version=options.version)
    release = Release(dataset=described, file=path.name, file_sha256=source.sha256(), items=items)
    return replace(release, whole=options.whole)


class Rejects:
    """A file of rejected rows, one JSON object a line; made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __call__(self, reject: Reject) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(json.dumps(reject._asdict(), ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


@contextmanager
def rejects(path: Path) -> Iterator[Rejects]:
    """A file for what is rejected meanwhile."""
    held = Rejects(path)
    try:
        yield held
    finally:
        held.close()

"""Files as they come: plain, gzip or zip, read as text with their position known."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

_PLAIN = (".csv", ".tsv", ".txt")


class Input:
    """One file to import."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = path.stat().st_size
        self._raw: IO[bytes] | None = None

    @contextmanager
    def text(self, encoding: str = "utf-8-sig", errors: str = "strict") -> Iterator[TextIO]:
        """The file's text, unpacked, with its line ends as they are; of a zip file, its first table."""
        with self.path.open("rb") as raw:
            self._raw = raw
            with (
                self._unpacked(raw) as content,
                io.TextIOWrapper(content, encoding, errors, newline="") as text,
            ):
                yield text

    def done(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        if self._raw is None or self._raw.closed or not self._size:
            return 0.0
        return self._raw.tell() / self._size

    def sha256(self) -> str:
        """Hex digest of the file's bytes as they are."""
        with self.path.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()

    @contextmanager
    def _unpacked(self, raw: IO[bytes]) -> Iterator[IO[bytes]]:
        if self.path.suffix.lower() == ".gz":
            with gzip.open(raw) as content:
                yield content  # type: ignore[misc]
        elif self.path.suffix.lower() == ".zip":
            with zipfile.ZipFile(raw) as archive, archive.open(self._table_in(archive)) as content:
                yield content
        else:
            yield raw

    def _table_in(self, archive: zipfile.ZipFile) -> str:
        for name in archive.namelist():
            if name.lower().endswith(_PLAIN):
                return name
        raise ValueError(f"{self.path}: holds no file that ends in {', '.join(_PLAIN)}")

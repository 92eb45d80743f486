"""Files as they come: plain, gzip or zip, read as text with their position known."""

import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

_TABLES = (".csv", ".tsv")
_TEXTS = (".txt",)  # a table only where there is no other: it may be the notes beside one
_TOLD = 10
# What the unpackers raise for what they cannot read.
_DAMAGED = (EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


class Input:
    """One file to import."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = path.stat().st_size
        self._raw: IO[bytes] | None = None

    @contextmanager
    def text(self, encoding: str = "utf-8-sig", errors: str = "strict") -> Iterator[TextIO]:
        """The file's text, unpacked, with its line ends as they are; of a zip file, its only table.

        ValueError for an archive that is damaged, wherever in it that shows, or that does not hold one table.
        """
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
        kind = self.path.suffix.lower()
        if kind not in (".gz", ".zip"):
            yield raw
            return
        try:
            if kind == ".gz":
                with gzip.open(raw) as content:
                    yield content  # type: ignore[misc]
            else:
                with zipfile.ZipFile(raw) as archive, self._only_table(archive) as content:
                    yield content
        except _DAMAGED as error:  # wherever it shows, while the content is read, too
            raise ValueError(f"{self.path.name}: cannot be unpacked: {error}") from error

    def _only_table(self, archive: zipfile.ZipFile) -> IO[bytes]:
        # Finder adds a hidden "._" file for each one that it packs.
        names = [name for name in archive.namelist() if not name.split("/")[-1].startswith(".")]
        tables = [name for name in names if name.lower().endswith(_TABLES)]
        tables = tables or [name for name in names if name.lower().endswith(_TEXTS)]
        if not tables:
            raise ValueError(f"{self.path.name}: holds no file that ends in {', '.join(_TABLES + _TEXTS)}")
        if len(tables) > 1:
            told = ", ".join(tables[:_TOLD]) + (", …" if len(tables) > _TOLD else "")
            raise ValueError(
                f"{self.path.name}: holds {len(tables)} tables, and one file is one import; unpack it: {told}"
            )
        return archive.open(tables[0])

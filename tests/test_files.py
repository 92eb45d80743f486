"""Packed files: whatever is wrong with an archive is told with its name, and no import of it leaves a trace."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.importers import ucdp_ged
from app.importers.files import Input
from app.importers.load import load
from app.records import Release

CONTENT = "".join(f"{n},a row of text {n * n}\r\n" for n in range(60))


def _read(path: Path) -> str:
    with Input(path).text(errors="surrogateescape") as content:
        return content.read()


@contextmanager
def suppress_refusal_of(name: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if not str(error).startswith(f"{name}: "):
            raise


def _zip(compression: int, *names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return packed.getvalue()


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a.gz": lambda: gzip.compress(CONTENT.encode(), mtime=0),
    "deflated.zip": lambda: _zip(zipfile.ZIP_DEFLATED, "a.csv"),
    "bzip2.zip": lambda: _zip(zipfile.ZIP_BZIP2, "a.csv"),
    "lzma.zip": lambda: _zip(zipfile.ZIP_LZMA, "a.csv"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_read_as_it_was_packed_or_refused_by_name(tmp_path: Path, name: str) -> None:
    whole, path = ARCHIVES[name](), tmp_path / name
    cut = [whole[:length] for length in range(1, len(whole), 3)]
    flipped = [whole[:n] + bytes([whole[n] ^ 0x55]) + whole[n + 1 :] for n in range(len(whole))]
    for content in (whole, *cut, *flipped):
        path.write_bytes(content)
        with suppress_refusal_of(name):
            assert _read(path) == CONTENT


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a.csv", "in/b.tsv"], "holds 2 tables, .*: a.csv, in/b.tsv"),
        ([f"{n}.txt" for n in range(12)], "holds 12 tables, .*9.txt, …$"),
        (["a.json"], "holds no file that ends in"),
    ],
)
def test_a_zip_file_without_one_table_is_refused(tmp_path: Path, names: list[str], reason: str) -> None:
    path = tmp_path / "several.zip"
    path.write_bytes(_zip(zipfile.ZIP_STORED, *names))
    with pytest.raises(ValueError, match=rf"^several\.zip: {reason}"):
        _read(path)


def test_notes_and_hidden_files_beside_a_table_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(_zip(zipfile.ZIP_STORED, "licence.txt", "__MACOSX/._a.csv", "a.CSV"))
    assert _read(path) == CONTENT


def test_an_import_that_meets_damage_is_a_failed_load_of_nothing(engine: Engine, tmp_path: Path) -> None:
    row = dict.fromkeys(ucdp_ged._NEEDED, "1") | {
        "side_a": "A", "side_b": "B", "country_id": "432", "latitude": "13", "longitude": "4",
        "date_start": "2021-01-01", "date_end": "2021-01-01",
    }  # fmt: skip
    rows = [row | {"id": str(n), "side_b": f"B {n * n * 7919 % 10_007}"} for n in range(4_000)]
    table = "\n".join([",".join(row), *(",".join(each.values()) for each in rows)])
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(table.encode())[:-2_000])
    items = ucdp_ged.parse(Input(path))
    release = Release(dataset=ucdp_ged.dataset("1"), file=path.name, file_sha256="0" * 64, items=items)
    with pytest.raises(ValueError, match=r"^cut\.csv\.gz: cannot be unpacked"):
        load(engine, release)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM event")) == 0
        (record,) = connection.execute(text("SELECT outcome, read, error FROM load"))
    assert record.outcome == "failed"
    assert record.read > 0
    assert "cut.csv.gz" in record.error

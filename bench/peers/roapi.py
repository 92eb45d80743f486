"""roapi over an export of the same events, read into its memory."""

import csv
from pathlib import Path

from sqlalchemy import text

from bench.datasets import Data

_COLUMNS = (
    "id", "dataset_id", "type", "mode", "status", "title", "summary", "date_start", "date_end",
    "place_name", "latitude", "longitude", "fatalities_best",
)  # fmt: skip


def export(data: Data, folder: Path) -> Path:
    """The events as flat CSV."""
    made = folder / f"{data.file.stem}.csv"
    if not made.exists():
        partial = made.with_suffix(".partial")
        select = text(f"SELECT {', '.join(_COLUMNS)} FROM event WHERE withdrawn IS NULL ORDER BY id")
        engine = data.engine()
        with engine.connect() as connection, partial.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows(connection.execution_options(yield_per=1000).execute(select))
        engine.dispose()
        partial.rename(made)
    return made


def command(bin_folder: Path, table: Path) -> list[str]:
    """What starts roapi."""
    return [str(bin_folder / "roapi"), "-a", "127.0.0.1:{port}", "-p", "127.0.0.1:0", "-t", f"event={table}"]

"""Datasette over the same SQLite file: canned queries tuned by hand, and a full text index of its own."""

import json
import sqlite3
from pathlib import Path

_NESTED = """json_object('id', e.id, 'dataset', e.dataset_id, 'type', e.type, 'mode', e.mode, 'status', e.status,
 'title', e.title, 'summary', e.summary, 'date_start', e.date_start, 'date_end', e.date_end,
 'date_precision', e.date_precision, 'place_name', e.place_name, 'latitude', e.latitude,
 'longitude', e.longitude, 'fatalities_best', e.fatalities_best,
 'countries', (SELECT json_group_array(json_object('code', c.code, 'name', c.name, 'role', l.role))
  FROM events.event_country l JOIN events.country c ON c.code = l.country_code WHERE l.event_id = e.id),
 'actors', (SELECT json_group_array(json_object('id', a.id, 'name', a.name, 'role', l.role))
  FROM events.event_actor l JOIN events.actor a ON a.id = l.actor_id WHERE l.event_id = e.id),
 'sources', (SELECT json_group_array(json_object('id', s.id, 'title', s.title, 'publisher', s.publisher,
   'language', s.language, 'published', s.published, 'url', s.url))
  FROM events.evidence l JOIN events.source s ON s.id = l.source_id WHERE l.event_id = e.id)) AS event"""
_INVOLVED = "id IN (SELECT event_id FROM events.event_country WHERE country_code = :country)"
_DATES = "date_end >= :date_from AND date_start <= :date_to"


def _page(where: str) -> str:
    # The page is cut before anything is nested: nesting first would do it for every row that is sorted.
    return (
        f"SELECT {_NESTED} FROM (SELECT * FROM events.event WHERE withdrawn IS NULL AND {where}"
        " ORDER BY date_start DESC, id DESC LIMIT :limit OFFSET :offset) e"
        " ORDER BY e.date_start DESC, e.id DESC"
    )


QUERIES = {
    "page": _page(f"{_INVOLVED} AND {_DATES}"),
    "all": _page("TRUE"),
    "one": _page("id = :id"),
    "words": _page(
        "id IN (SELECT event_id FROM words.words WHERE words MATCH :q) AND date_start <= :date_to"
    ),
    "box": _page(f"longitude BETWEEN :west AND :east AND latitude BETWEEN :south AND :north AND {_DATES}"),
    "months": "SELECT substr(date_start, 1, 7) AS month, count(*) AS certain FROM events.event"
    f" WHERE withdrawn IS NULL AND {_INVOLVED} AND {_DATES} AND substr(date_start, 1, 7) = substr(date_end, 1, 7)"
    " GROUP BY 1 ORDER BY 1",
    "total": f"SELECT count(*) AS total FROM events.event WHERE withdrawn IS NULL AND {_INVOLVED} AND {_DATES}",
}


def files(events: Path, folder: Path) -> tuple[list[str], Path]:
    """The files to serve, and the metadata with the queries."""
    link, words = folder / "events.db", folder / f"words-{events.stem}" / "words.db"
    link.unlink(missing_ok=True)
    link.symlink_to(events)
    if not words.exists():
        words.parent.mkdir(exist_ok=True)
        _index(events, words)
    metadata = folder / "datasette.json"
    queries = {name: {"sql": sql} for name, sql in QUERIES.items()}
    metadata.write_text(json.dumps({"databases": {"_memory": {"queries": queries}}}))
    return [str(link), str(words)], metadata


def _index(events: Path, words: Path) -> None:
    partial = words.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    connection = sqlite3.connect(partial)
    connection.execute("ATTACH ? AS events", (str(events),))
    connection.execute(
        "CREATE VIRTUAL TABLE words USING fts5(title, summary, place, actors, event_id UNINDEXED)"
    )
    connection.execute(
        "INSERT INTO words SELECT title, summary, place_name, (SELECT group_concat(a.name, ' ')"
        " FROM events.event_actor l JOIN events.actor a ON a.id = l.actor_id WHERE l.event_id = e.id), e.id"
        " FROM events.event e WHERE withdrawn IS NULL ORDER BY date_start"
    )
    connection.commit()
    connection.close()
    partial.rename(words)


def command(bin_folder: Path, served: list[str], metadata: Path) -> list[str]:
    """What starts Datasette."""
    words = [str(bin_folder / "datasette"), "serve", *served, "--crossdb", "--metadata", str(metadata)]
    settings = {"sql_time_limit_ms": "120000", "max_returned_rows": "100000", "max_csv_mb": "0"}
    for name, value in settings.items():
        words += ["--setting", name, value]
    return [*words, "--port", "{port}"]

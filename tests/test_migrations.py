"""Migrations run up and down on both databases, agree with the tables, and wait for each other."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from app import db, migrate
from app.settings import Settings
from app.sqlite import sqlite3
from app.tables import TABLES, is_in
from tests import commands, make
from tests.databases import Databases
from tests.derived import check_derived


def test_up_and_down(databases: Databases) -> None:
    url = databases.empty()
    engine = db.writer(Settings(database_url=url))
    for _ in range(2):
        migrate.upgrade(engine)
        here = {name for name, table in TABLES.items() if is_in(engine.dialect.name, table)}
        assert here == set(TABLES) & set(inspect(engine).get_table_names())
        migrate.check(engine)
        migrate.downgrade(engine, "base")
        assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    databases.drop(url)


def test_what_is_derived_is_made_again(databases: Databases) -> None:
    url = databases.migrated()
    engine = db.writer(Settings(database_url=url))
    make.load_history(engine)
    migrate.downgrade(engine, "0001")
    migrate.upgrade(engine)
    check_derived(engine)
    engine.dispose()
    databases.drop(url)


def test_two_at_once(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty()
    log = tmp_path / "log"
    running = [commands.start(url, "migrate", log=log) for _ in range(3)]
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0, 0, 0], log.read_text("utf-8")
    engine = db.writer(Settings(database_url=url))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM clock")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM country")).scalar() == 256
    engine.dispose()
    databases.drop(url)


def test_several_may_be_the_first_to_open_a_file(tmp_path: Path) -> None:
    def journal_of(path: Path) -> str:
        engine = db.writer(Settings(database_url=f"sqlite:///{path}"))
        with engine.connect() as connection:
            mode = str(connection.execute(text("PRAGMA journal_mode")).scalar())
        engine.dispose()
        return mode

    with ThreadPoolExecutor(4) as threads:
        for n in range(20):
            assert set(threads.map(journal_of, [tmp_path / f"{n}.db"] * 4)) == {"wal"}


def test_what_cannot_be_written_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.time.sleep", lambda _: pytest.fail("there is nothing to wait for"))
    with closing(sqlite3.connect(tmp_path / "held.db")) as writing:
        writing.execute("CREATE TABLE held (id integer)")
    reading = sqlite3.connect(f"file:{tmp_path / 'held.db'}?mode=ro", uri=True)
    with closing(reading), pytest.raises(sqlite3.OperationalError, match="readonly"):
        db._prepare_sqlite(reading, None)


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("INSERT INTO event_context (event_id, context) VALUES ('none', 'military')"))

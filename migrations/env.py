"""How migrations run: one at a time, never waiting long for a lock, on SQLite and on PostgreSQL."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from app import db, tables
from app.settings import Settings

# Two deployments may migrate at once; the second waits for this lock and then finds nothing to do.
_ADVISORY_LOCK = 4_261_402_024


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    # The full-text index differs between databases and is not in the metadata: see app/search.py.
    return not (kind == "table" and name is not None and name.startswith("event_search"))


def _is_here(item: Any, _name: str | None, kind: str, _reflected: bool, _compared_to: object) -> bool:
    return kind != "table" or tables.is_in(context.get_context().dialect.name, item)


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=_ours,
        include_object=_is_here,
        render_as_batch=True,
        transactional_ddl=True,  # so it is on SQLite, too, as `db` begins transactions; Alembic thinks that it is not
        # On SQLite the transaction is also the lock: between two of them another deployment could come in.
        transaction_per_migration=connection.dialect.name != "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    if context.is_offline_mode():
        raise SystemExit("Migrations need a database: --sql is not supported")
    engine = context.config.attributes.get("engine") or db.writer(Settings())
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            _migrate(connection)  # its BEGIN IMMEDIATE is the lock
            return
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        connection.execute(text("SET lock_timeout = '5s'"))  # from here on no lock is waited for long
        connection.commit()
        try:
            _migrate(connection)
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})
            connection.commit()


_run()

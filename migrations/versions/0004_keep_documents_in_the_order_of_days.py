"""Keep documents in a table of their own, in the order of days, and let every list lead straight to them.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LASTING = sa.text("span > 0")
_PAGED = ["date_start", "id", "span", "date_end", "document_id"]
_BEFORE = {
    "ix_event_date_start_id": ["date_start", "id"],
    "ix_event_dataset_id_date_start_id": ["dataset_id", "date_start", "id"],
    "ix_event_type_mode_date_start_id": ["type", "mode", "date_start", "id"],
}
_AFTER = {
    "ix_event_listing": _PAGED,
    "ix_event_dataset_listing": ["dataset_id", *_PAGED],
    "ix_event_type_listing": ["type", *_PAGED, "mode"],
}
_CHILDREN = {
    "event_country": ("country_code", "role"),
    "event_actor": ("actor_id",),
    "event_context": ("context",),
}
_SEQUENCE = (1 << 40) - 1


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    # Days are counted from 1 January of the year 1, which is day 1.
    day = (
        "CAST(julianday(date_start) - 1721424.5 AS INTEGER)"
        if on_sqlite
        else "(date_start - date '0001-01-01' + 1)"
    )
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "event_document",
        sa.Column("id", row_id, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_document")),
    )
    op.add_column("event", sa.Column("document_id", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(f"UPDATE event SET document_id = (CAST({day} AS bigint) << 40) | change_seq")
    op.execute("UPDATE event SET span = -1 WHERE withdrawn IS NOT NULL")
    op.execute(
        "INSERT INTO event_document (id, document, evidence, version)"
        " SELECT document_id, document, document_evidence, document_version FROM event ORDER BY document_id"
    )
    for name in ("document", "document_evidence", "document_version"):
        op.drop_column("event", name)
    op.create_index("ix_event_document_id", "event", ["document_id"])
    _replace("event", _BEFORE, _AFTER)
    op.drop_index("ix_event_lasting", "event")
    _lasting("event", ["span", "date_start", "id", "date_end", "document_id"])
    for table, (key, *more) in _CHILDREN.items():
        op.add_column(table, sa.Column("document_id", sa.BigInteger(), nullable=False, server_default="0"))
        op.execute(
            f"UPDATE {table} SET document_id = e.document_id FROM event e WHERE e.id = {table}.event_id"
        )
        _list(table, key, ["date_end", "document_id", *more])


def _replace(table: str, old: dict[str, list[str]], new: dict[str, list[str]]) -> None:
    for name in old:
        op.drop_index(name, table)
    for name, columns in new.items():
        op.create_index(name, table, columns)


def _list(table: str, key: str, more: list[str]) -> None:
    op.drop_index(f"ix_{table}_listing", table)
    op.drop_index(f"ix_{table}_lasting", table)
    op.create_index(
        f"ix_{table}_listing", table, [key, "date_start", "event_id", "span", "first_role", *more]
    )
    _lasting(table, [key, "span", "date_start", "event_id", "first_role", *more])


def _lasting(table: str, columns: list[str]) -> None:
    op.create_index(f"ix_{table}_lasting", table, columns, sqlite_where=_LASTING, postgresql_where=_LASTING)


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        _key_words_by_change()
    for table, (key, *more) in _CHILDREN.items():
        _list(table, key, ["date_end", *more])
        op.drop_column(table, "document_id")
    op.drop_index("ix_event_lasting", "event")
    _lasting("event", ["span", "date_start", "id", "date_end"])
    _replace("event", _AFTER, _BEFORE)
    op.drop_index("ix_event_document_id", "event")
    empty = sa.text("''")
    for name in ("document", "document_evidence"):
        op.add_column("event", sa.Column(name, sa.LargeBinary(), nullable=False, server_default=empty))
    op.add_column("event", sa.Column("document_version", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE event SET document = d.document, document_evidence = d.evidence, document_version = d.version"
        " FROM event_document d WHERE d.id = event.document_id"
    )
    days = "julianday(date_end) - julianday(date_start)" if on_sqlite else "date_end - date_start"
    op.execute(f"UPDATE event SET span = CASE WHEN {days} > 366 THEN 2 WHEN {days} > 31 THEN 1 ELSE 0 END")
    op.drop_column("event", "document_id")
    op.drop_table("event_document")


def _key_words_by_change() -> None:
    """Give SQLite's full-text index the keys that it had: by day and last change."""
    op.execute(
        "CREATE TEMPORARY TABLE old_search AS SELECT"
        f" (e.document_id & ~{_SEQUENCE}) | e.change_seq AS key, s.words"
        " FROM event_search s JOIN event e ON e.document_id = s.rowid"
    )
    op.execute("DELETE FROM event_search")
    op.execute("INSERT INTO event_search (rowid, words) SELECT key, words FROM old_search ORDER BY key")
    op.execute("DROP TABLE old_search")

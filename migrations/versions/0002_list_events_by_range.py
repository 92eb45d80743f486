"""Let the events of a country, actor or context be one range of an index in the order of pages, and words too.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEYS = {
    "event_country": ("country_code", ["role"]),
    "event_actor": ("actor_id", []),
    "event_context": ("context", []),
}
_BEFORE = {
    "event_country": ["country_code", "role", "event_id"],
    "event_actor": ["actor_id", "event_id"],
    "event_context": ["context", "event_id"],
}
_LASTING = sa.text("span > 0")


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    days = "julianday(date_end) - julianday(date_start)" if on_sqlite else "date_end - date_start"
    op.add_column("event", sa.Column("span", sa.Integer(), nullable=False, server_default="0"))
    op.execute(f"UPDATE event SET span = CASE WHEN {days} > 366 THEN 2 ELSE 1 END WHERE {days} > 31")
    op.create_index(
        "ix_event_lasting",
        "event",
        ["span", "date_start", "id", "date_end"],
        sqlite_where=_LASTING,
        postgresql_where=_LASTING,
    )
    for table, (key, more) in _KEYS.items():
        op.drop_index(f"ix_{table}_{'_'.join(_BEFORE[table])}", table)
        for name, kind, default in (
            ("date_start", sa.Date(), "0001-01-01"),
            ("date_end", sa.Date(), "9999-12-31"),
            ("span", sa.Integer(), "0"),
            ("first_role", sa.Boolean(), sa.true()),
        ):
            op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
        _fill(table, key, bool(more) or table == "event_actor")
        op.create_index(
            f"ix_{table}_listing",
            table,
            [key, "date_start", "event_id", "span", "first_role", "date_end", *more],
        )
        op.create_index(
            f"ix_{table}_lasting",
            table,
            [key, "span", "date_start", "event_id", "first_role", "date_end", *more],
            sqlite_where=_LASTING,
            postgresql_where=_LASTING,
        )

    if on_sqlite:
        _key_words_by(
            "(CAST(julianday(e.date_start) - 1721424.5 AS INTEGER) << 40) | e.change_seq", "s.rowid"
        )


def _key_words_by(key: str, held: str) -> None:
    """Make SQLite's full-text index anew, with its rows under another key."""
    op.execute(
        f"CREATE TEMPORARY TABLE old_search AS SELECT {key} AS key, s.words"
        f" FROM event_search s JOIN event e ON e.change_seq = {held}"
    )
    op.execute("DROP TABLE event_search")
    op.execute(
        "CREATE VIRTUAL TABLE event_search"
        " USING fts5(words, tokenize = 'ascii', columnsize = 0, detail = none)"
    )
    op.execute("INSERT INTO event_search (rowid, words) SELECT key, words FROM old_search ORDER BY key")
    op.execute("DROP TABLE old_search")


def _fill(table: str, key: str, has_roles: bool) -> None:
    first = "true"
    if has_roles:
        lowest = f"SELECT min(o.role) FROM {table} o WHERE o.event_id = {table}.event_id AND o.{key} = {table}.{key}"
        first = f"role = ({lowest})"
    op.execute(
        f"UPDATE {table} SET date_start = e.date_start, date_end = e.date_end,"
        f" span = CASE WHEN e.withdrawn IS NULL THEN e.span ELSE -1 END, first_role = {first}"
        f" FROM event e WHERE e.id = {table}.event_id"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _key_words_by("e.change_seq", "(s.rowid & 1099511627775)")
    for table, columns in _BEFORE.items():
        op.drop_index(f"ix_{table}_lasting", table)
        op.drop_index(f"ix_{table}_listing", table)
        for name in ("first_role", "span", "date_end", "date_start"):
            op.drop_column(table, name)
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    op.drop_index("ix_event_lasting", "event")
    op.drop_column("event", "span")

"""Let the events of an actor, a country's role or a context be counted, with their deaths, from the index that lists them.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DEATHS = "fatalities_best"
_ORDER = ("date_start", "event_id", "span", "first_role", "date_end", "document_id")
_LISTINGS = {
    "event_country": ("country_code", *_ORDER, "role"),
    "event_actor": ("actor_id", *_ORDER),
    "event_context": ("context", *_ORDER),
}


def upgrade() -> None:
    for table, columns in _LISTINGS.items():
        op.add_column(table, sa.Column(_DEATHS, sa.Integer(), nullable=True))
        op.execute(
            f"UPDATE {table} SET {_DEATHS} = event.{_DEATHS} FROM event"
            f" WHERE event.id = event_id AND event.{_DEATHS} IS NOT NULL"
        )
        _list_anew(table, [*columns, _DEATHS])
    if op.get_bind().dialect.name == "sqlite":  # which knows of what is new only then
        op.execute("PRAGMA analysis_limit = 1000")
        op.execute("ANALYZE")


def downgrade() -> None:
    for table, columns in _LISTINGS.items():
        _list_anew(table, [*columns])
        op.drop_column(table, _DEATHS)


def _list_anew(table: str, columns: list[str]) -> None:
    op.drop_index(f"ix_{table}_listing", table)
    op.create_index(f"ix_{table}_listing", table, columns)

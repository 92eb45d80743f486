"""Let the few events that are planned, alleged or going on be listed and counted from an index of their own.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PAGED = ("date_start", "id", "span", "date_end", "document_id")
_COUNTED = ("type", "dataset_id", "fatalities_best")


def upgrade() -> None:
    unusual = sa.text("status <> 'occurred'")
    columns = ["status", *_PAGED, *_COUNTED]
    op.create_index(
        "ix_event_status_listing", "event", columns, sqlite_where=unusual, postgresql_where=unusual
    )
    if op.get_bind().dialect.name == "sqlite":  # which knows of what is new only then
        op.execute("PRAGMA analysis_limit = 1000")
        op.execute("ANALYZE")


def downgrade() -> None:
    op.drop_index("ix_event_status_listing", "event")

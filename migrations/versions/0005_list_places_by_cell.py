"""Let the events of a part of the map be a few ranges of an index in the order of days.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CELL = {
    "sqlite": "CAST((latitude + 90) / 5 AS integer) * 100 + CAST((longitude + 180) / 5 AS integer)",
    "postgresql": "CAST(floor((latitude + 90) / 5) * 100 + floor((longitude + 180) / 5) AS integer)",
}
_COLUMNS = ["cell", "date_start", "id", "span", "date_end", "document_id", "longitude", "latitude", "type"]


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    # SQLite adds only a column that is computed when it is read; PostgreSQL indexes only one that is stored.
    cell = sa.Computed(_CELL[dialect], persisted=dialect != "sqlite")
    op.add_column("event", sa.Column("cell", sa.Integer(), cell, nullable=True))
    op.create_index("ix_event_cell", "event", _COLUMNS)
    op.drop_index("ix_event_longitude_latitude", "event")


def downgrade() -> None:
    op.create_index("ix_event_longitude_latitude", "event", ["longitude", "latitude"])
    op.drop_index("ix_event_cell", "event")
    op.drop_column("event", "cell")

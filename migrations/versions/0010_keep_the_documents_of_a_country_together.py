"""Let a page of a country be read from one place of SQLite's file: its documents side by side, in page order.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = "country_document"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":  # PostgreSQL does not keep a table in an order
        return
    op.create_table(
        _TABLE,
        sa.Column("country_code", sa.String(), nullable=False),
        sa.Column("date_start", sa.Date(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("date_end", sa.Date(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_country_document_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_country_document_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("country_code", "date_start", "event_id", name=op.f("pk_country_document")),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO {_TABLE} (country_code, date_start, event_id, date_end, document)"
        " SELECT country_code, date_start, event_id, date_end, document"
        " FROM event_country JOIN event_document ON event_document.id = document_id"
        " WHERE first_role AND span >= 0 ORDER BY 1, 2, 3"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table(_TABLE)

"""Keep the document of an event's evidence with the event, so that more of the others lie on a page of the disk.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _move("event", "document_evidence", "id = event.document_id", "event_document", "evidence")


def downgrade() -> None:
    _move("event_document", "evidence", "document_id = event_document.id", "event", "document_evidence")


def _move(table: str, column: str, joined: str, source: str, held: str) -> None:
    empty = sa.Column(column, sa.LargeBinary(), nullable=False, server_default=sa.text("''"))
    op.add_column(table, empty)
    op.execute(f"UPDATE {table} SET {column} = s.{held} FROM {source} s WHERE s.{joined}")
    op.drop_column(source, held)

"""Let what words find be paged, and what no tally knows be counted, from indexes, without a look at the rows.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OF_EVENTS = "ix_event_document_id"
_COVERED = ("date_start", "id", "span", "date_end", "type", "status", "dataset_id", "fatalities_best")
_COUNTED = {"event_country": "country_code", "event_actor": "actor_id"}


def upgrade() -> None:
    op.drop_index(_OF_EVENTS, "event")
    op.create_index(_OF_EVENTS, "event", ["document_id", *_COVERED])
    for table, column in _COUNTED.items():
        op.create_index(f"ix_{table}_document_id", table, ["document_id", column, "first_role", "role"])
    if op.get_bind().dialect.name == "sqlite":  # which knows of what is new only then
        op.execute("PRAGMA analysis_limit = 1000")
        op.execute("ANALYZE")


def downgrade() -> None:
    for table in _COUNTED:
        op.drop_index(f"ix_{table}_document_id", table)
    op.drop_index(_OF_EVENTS, "event")
    op.create_index(_OF_EVENTS, "event", ["document_id"])

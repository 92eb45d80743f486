"""Keep counts of events by year, month and day, of all and of each country, type and dataset.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_SERVED = "event WHERE withdrawn IS NULL"
_INVOLVED = (
    "(SELECT c.country_code, c.date_start, c.date_end, e.fatalities_best FROM event_country c"
    " JOIN event e ON e.id = c.event_id WHERE c.span >= 0 AND c.first_role) AS involved"
)
_SCOPES = {
    "'all'": _SERVED,
    "'type:' || type": _SERVED,
    "'dataset:' || dataset_id": _SERVED,
    "'country:' || country_code": _INVOLVED,
}


def upgrade() -> None:
    op.create_table(
        "event_tally",
        sa.Column("scope", _ID, nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("period", _ID, nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("within", sa.BigInteger(), nullable=False),
        sa.Column("deaths", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "level", "period", name=op.f("pk_event_tally")),
        sqlite_with_rowid=False,
    )
    for scope, events in _SCOPES.items():
        for level, length in (("all", 0), ("year", 4), ("month", 7), ("day", 10)):
            start, end = (f"substr(CAST({day} AS text), 1, {length})" for day in ("date_start", "date_end"))
            same = f"CASE WHEN {start} = {end} THEN"
            op.execute(
                "INSERT INTO event_tally (scope, level, period, starts, ends, within, deaths)"
                f" SELECT scope, '{level}', period, sum(starts), sum(ends), sum(within), sum(deaths) FROM ("
                f"SELECT {scope} AS scope, {start} AS period, 1 AS starts, 0 AS ends,"
                f" {same} 1 ELSE 0 END AS within, {same} coalesce(fatalities_best, 0) ELSE 0 END AS deaths"
                f" FROM {events} UNION ALL SELECT {scope}, {end}, 0, 1, 0, 0 FROM {events}) AS counted"
                " GROUP BY scope, period"
            )


def downgrade() -> None:
    op.drop_table("event_tally")

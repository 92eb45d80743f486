"""Count events of each country, type and dataset also together, and find those that go on after a day.

Revision ID: 0006
Revises: 0005
"""

from itertools import product

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_NUMBERS = ("starts", "ends", "within", "deaths")
_LEVELS = (("all", 0), ("year", 4), ("month", 7), ("day", 10))
_GOES_ON = sa.text("date_start < date_end")
_FACTS = (
    "type, dataset_id, CAST(e.date_start AS text) AS date_start, CAST(e.date_end AS text) AS date_end,"
    " coalesce(fatalities_best, 0) AS toll FROM event e"
)


def upgrade() -> None:
    op.drop_table("event_tally")
    _create(("level", "country", "type", "period", "dataset"), (*_NUMBERS, "toll"))
    _collect()
    for kind, (level, length) in product(("''", "type"), _LEVELS):
        _fill(
            {"level": f"'{level}'", "country": "country", "type": kind, "dataset": "dataset_id"},
            length,
            ", toll",
        )
    op.execute("DROP TABLE counted")
    op.create_index(
        "ix_event_going_on",
        "event",
        ["span", "date_start", "date_end", "type", "dataset_id", "withdrawn", "fatalities_best", "id"],
        sqlite_where=_GOES_ON,
        postgresql_where=_GOES_ON,
    )


def downgrade() -> None:
    op.drop_index("ix_event_going_on", "event")
    op.drop_table("event_tally")
    _create(("scope", "level", "period"), _NUMBERS)
    _collect()
    for scope, which in (
        ("'all'", "= ''"),
        ("'type:' || type", "= ''"),
        ("'dataset:' || dataset_id", "= ''"),
        ("'country:' || country", "> ''"),
    ):
        for level, length in _LEVELS:
            _fill({"scope": scope, "level": f"'{level}'"}, length, "", f" WHERE country {which}")
    op.execute("DROP TABLE counted")


def _create(key: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    op.create_table(
        "event_tally",
        *(
            sa.Column(name, _ID if name != "level" or "scope" not in key else sa.String(), nullable=False)
            for name in key
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_event_tally")),
        sqlite_with_rowid=False,
    )


def _collect() -> None:
    """What is counted: each event once for itself, and once for each of its countries."""
    op.execute(
        f"CREATE TEMPORARY TABLE counted AS SELECT '' AS country, {_FACTS} WHERE withdrawn IS NULL UNION ALL"
        f" SELECT country_code, {_FACTS} JOIN event_country ON event_id = id AND first_role WHERE withdrawn IS NULL"
    )


def _fill(key: dict[str, str], length: int, toll: str, which: str = "") -> None:
    start, end = (f"substr({day}, 1, {length})" for day in ("date_start", "date_end"))
    same = f"CASE WHEN {start} = {end} THEN"
    columns = ", ".join((*key, "period", *_NUMBERS)) + (toll and ", toll")
    names = ", ".join(f"key_{name}" for name in key)
    named = ", ".join(f"{part} AS key_{name}" for name, part in key.items())
    op.execute(
        f"INSERT INTO event_tally ({columns}) SELECT {names}, period, sum(starts), sum(ends), sum(within), sum(deaths)"
        f"{toll and ', sum(toll)'} FROM (SELECT {named}, {start} AS period, 1 AS starts, 0 AS ends,"
        f" {same} 1 ELSE 0 END AS within, {same} toll ELSE 0 END AS deaths, toll FROM counted{which}"
        f" UNION ALL SELECT {', '.join(key.values())}, {end}, 0, 1, 0, 0, 0 FROM counted{which}) AS periods"
        f" GROUP BY {names}, period"
    )

"""The rules that let PostgreSQL be distributed, and that keep both databases alike."""

import pytest
from sqlalchemy import Identity, Index, Sequence, String, Table, UniqueConstraint
from sqlmodel import SQLModel

from app import tables

TABLES = SQLModel.metadata.tables
OF_AN_EVENT = [t for t in TABLES.values() if "event_id" in t.columns and tables.is_in("postgresql", t)]
BIG = [tables.Event.__table__, *OF_AN_EVENT]  # type: ignore[attr-defined]


def test_every_child_of_an_event_is_known() -> None:
    assert {t.name for t in OF_AN_EVENT} == {
        "event_country",
        "event_actor",
        "event_context",
        "event_revision",
        "evidence",
    }


@pytest.mark.parametrize("table", OF_AN_EVENT, ids=lambda t: t.name)
def test_children_are_keyed_by_their_event_first(table: Table) -> None:
    assert next(iter(table.primary_key)).name == "event_id"


@pytest.mark.parametrize("table", BIG, ids=lambda t: t.name)
def test_nothing_is_unique_without_the_event(table: Table) -> None:
    key = next(iter(table.primary_key)).name
    unique = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
    unique += [i.columns for i in table.indexes if isinstance(i, Index) and i.unique]
    assert all(key in columns for columns in unique)


@pytest.mark.parametrize("table", BIG, ids=lambda t: t.name)
def test_big_tables_refer_only_to_their_event_and_to_small_tables(table: Table) -> None:
    small = {"country", "actor", "source", "dataset"}
    for foreign in table.foreign_keys:
        assert foreign.column.table.name in small or foreign.parent.name == "event_id"


def test_no_sequence_spans_tables() -> None:
    for table in TABLES.values():
        assert not any(
            isinstance(c.default, Sequence) or isinstance(c.identity, Identity) for c in table.columns
        )


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_ids_sort_by_code_point_everywhere(table: Table) -> None:
    from sqlalchemy.dialects import postgresql

    for column in table.columns:
        if column.primary_key or column.foreign_keys:
            kind = column.type.dialect_impl(postgresql.dialect())  # type: ignore[no-untyped-call]
            if isinstance(kind, String) and column.name not in ("role", "context"):
                assert getattr(kind, "collation", None) == "C", column

"""How the values of a query, or marks in their place, become the conditions of a SELECT."""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, bindparam

from app.pagination import Query


@dataclass(frozen=True, slots=True)
class Where:
    """The SQL that a value stands for, given the value and the whole query.

    Both may be marks (see `marked`) instead of values. `bound` says what is bound to the marks where that is not the
    value itself; `shape` says what of the value decides on the SQL's text.
    """

    clause: Callable[[Any, Any], ColumnElement[bool] | None]
    bound: Callable[[Any], Mapping[str, Any]] | None = None
    shape: Callable[[Any], Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Refers:
    """The column whose values a parameter's values must be among."""

    column: Any


def clauses(query: Any, without: Collection[str] = ()) -> list[ColumnElement[bool]]:
    """What `query`, or its marks, asks for, to be joined by AND; leaves out the filters named in `without`."""
    model: type[Query] = query.model if isinstance(query, Marks) else type(query)
    found = []
    for name, mark in _marked_fields(model):
        value = getattr(query, name)
        if value is not None and name not in without:
            found.append(mark.clause(value, query))
    return [clause for clause in found if clause is not None]


class Marks(SimpleNamespace):
    """A query with a bind parameter in the place of each value, named after its field; `asked` has the values."""

    model: type[Query]
    asked: Query
    probing: bool


def marked(query: Query, *, probing: bool = False) -> Marks:
    """The marks of a query; with `probing`, clauses look an event up rather than list a whole subquery."""
    marks = Marks(model=type(query), asked=query, probing=probing)
    filters = dict(_marked_fields(type(query)))
    for name in type(query).model_fields:
        value = getattr(query, name)
        if name in filters and value is not None:
            value = (
                [bindparam(f"{name}_{n}") for n in range(len(value))]
                if isinstance(value, list)
                else bindparam(name)
            )
        setattr(marks, name, value)
    return marks


def shape(query: Query) -> tuple[Hashable, ...]:
    """Queries of the same shape have the same SQL."""
    found: list[Hashable] = [type(query)]
    for name, mark, value in _given(query):
        found += (name, len(value) if isinstance(value, list) else 0, mark.shape and mark.shape(value))
    return tuple(found)


def bound(query: Query) -> dict[str, Any]:
    """The values of a query's marks."""
    values: dict[str, Any] = {}
    for name, mark, value in _given(query):
        if mark.bound is not None:
            values |= mark.bound(value)
        elif isinstance(value, list):
            values |= {f"{name}_{n}": one for n, one in enumerate(value)}
        else:
            values[name] = value
    return values


def _given(query: Query, kind: type = Where) -> list[tuple[str, Any, Any]]:
    """The fields with a mark of this kind that a query makes use of: names, marks and values."""
    values = vars(query)
    return [
        (name, mark, value)
        for name, mark in _marked_fields(type(query), kind)
        if (value := values[name]) is not None
    ]


@cache
def _marked_fields(model: type[Query], kind: type = Where) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, mark)
        for name, field in model.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, kind)
    )


def given(query: Query) -> set[str]:
    """The names of the filters that a query makes use of."""
    return {name for name, _, _ in _given(query)}


def references(query: Query) -> list[tuple[str, Any, list[str]]]:
    """(parameter, column, values) of each parameter that names rows of another table."""
    return [(name, mark.column, value) for name, mark, value in _given(query, Refers)]

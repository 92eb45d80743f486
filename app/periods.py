"""The period that a day lies in, as a column of SQL."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app import stats


class Period(FunctionElement[str]):
    """The name of the period that a day lies in: the first letters of its ISO form."""

    type = String()
    inherit_cache = True

    def __init__(self, day: ColumnElement[date], unit: stats.Unit) -> None:
        super().__init__(day, literal(stats.LENGTHS[unit], Integer))


@compiles(Period)
def _sqlite_period(element: Period, compiler: SQLCompiler, **kw: Any) -> str:
    day, length = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substr({day}, 1, {length})"


@compiles(Period, "postgresql")
def _postgresql_period(element: Period, compiler: SQLCompiler, **kw: Any) -> str:
    day, length = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"left(to_char({day}, 'YYYY-MM-DD'), {length})"

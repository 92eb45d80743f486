"""Places on a grid: the cell of a point, the cells that a box touches, and how each database is asked for them.

An index of (cell, day) gives the events of each cell in the order of days, so that the newest in a box are read from a
few short ranges whatever else there is. The cells only narrow: bounds are compared exactly beside them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Integer,
    String,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import Boolean

SIZE = 5  # degrees: boxes of a town and of a continent both touch few cells, and no cell holds too much
_ROW = 100  # more than there are columns
MARK = "bbox_cells"
_MARKS_OF_ONE = [f"bbox_cell_{n}" for n in range(16)]  # each is a branch of the statement
_FIRST_COLUMN, _LAST_COLUMN = 0, 360 // SIZE  # the last holds 180 degrees alone


class CellOf(ColumnElement[int]):
    """The cell of an event's point; null without one."""

    inherit_cache = True
    type = Integer()


@compiles(CellOf)
def _cell_of(_element: CellOf, _compiler: Any, **_: Any) -> str:
    row, column = f"floor((latitude + 90) / {SIZE})", f"floor((longitude + 180) / {SIZE})"
    return f"CAST({row} * {_ROW} + {column} AS integer)"


@compiles(CellOf, "sqlite")
def _sqlite_cell_of(_element: CellOf, _compiler: Any, **_: Any) -> str:
    # SQLite may lack floor(), and cuts where PostgreSQL rounds; nothing here is negative.
    row, column = f"(latitude + 90) / {SIZE}", f"(longitude + 180) / {SIZE}"
    return f"CAST({row} AS integer) * {_ROW} + CAST({column} AS integer)"


class InCells(ColumnElement[bool]):
    """True for a cell that is one of `asked`, a text that `cells` made; without it, of the text bound to `MARK`.

    PostgreSQL is asked only for `few`: it would read and sort all that lies in many.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, cell: Any, asked: str | None = None, *, few: bool = True) -> None:
        self.cell, self.few = cell, few
        self.asked = bindparam(MARK, asked, type_=String(), unique=asked is not None)

    def self_group(self, against: Any = None) -> "InCells":  # noqa: ARG002
        return self  # with "= 1" behind it, as for a column, no index would serve


@compiles(InCells, "sqlite")
def _sqlite_in_cells(element: InCells, compiler: Any, **kw: Any) -> str:
    cell, asked = compiler.process(element.cell, **kw), compiler.process(element.asked, **kw)
    return f"{cell} IN (SELECT value FROM json_each('[' || {asked} || ']'))"  # noqa: S608


@compiles(InCells, "postgresql")
def _postgresql_in_cells(element: InCells, compiler: Any, **kw: Any) -> str:
    if not element.few:
        return "true"
    cell, asked = compiler.process(element.cell, **kw), compiler.process(_numbers(element.asked), **kw)
    return f"{cell} = ANY ({asked})"


def each_cell() -> TableValuedAlias:
    """A row for each cell that is bound to `MARK`, as PostgreSQL reads a list cell by cell.

    SQLite is asked for few cells one by one, and of more stops reading one where that has nothing newer than what it
    has found.
    """
    asked = _numbers(bindparam(MARK, type_=String()))
    return func.unnest(asked).table_valued("cell", name="cells").render_derived()


def _numbers(asked: BindParameter[str]) -> ColumnElement[Any]:
    return cast(func.string_to_array(asked, literal_column("','")), ARRAY(Integer))


SMALL, NARROW, BROAD, WIDE = range(4)
_SHARES = (1 / 100, 1 / 25, 1 / 10)  # of the globe, at which the next breadth begins


def breadth(box: Sequence[float]) -> int:
    """How many cells a box touches: few, up to so many that events in the order of days lie in it soon enough."""
    west, south, east, north = box
    width = east - west if west <= east else east - west + 360
    share = width * (north - south) / (360 * 180)
    return bisect_right(_SHARES, share)


def cells(box: Sequence[float]) -> str:
    """The numbers of the cells that a box touches, with commas between them."""
    return ",".join(map(str, numbers(tuple(box))))


@lru_cache(1_000)
def numbers(box: tuple[float, ...]) -> Sequence[int]:
    """The numbers of the cells that a box touches."""
    west, south, east, north = box
    rows = range(_at(south + 90), _at(north + 90) + 1)
    first, last = _at(west + 180), _at(east + 180)
    columns = {*range(first, last + 1)}
    if west > east:
        columns = {*range(first, _LAST_COLUMN + 1), *range(last + 1)}
    if west == -180 or east == 180:  # one meridian, written in two ways
        columns |= {_FIRST_COLUMN, _LAST_COLUMN}
    return [row * _ROW + column for row, column in product(rows, sorted(columns))]


def one_by_one(box: Sequence[float]) -> dict[str, int]:
    """The cells of a box that touches only so many that each may have a mark of its own."""
    found = numbers(tuple(box)) if breadth(box) == SMALL else ()
    return dict(zip(_MARKS_OF_ONE, found, strict=False)) if len(found) <= len(_MARKS_OF_ONE) else {}


def _at(degrees: float) -> int:
    return int(degrees / SIZE)

"""Keyset pages: total orders, opaque cursors bound to their query, and counts that know their limit."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError, to_json
from sqlalchemy import ColumnElement, bindparam, literal, tuple_

from app.errors import BadRequest, fault
from app.prepared import Statement

COUNT_CAP = 10_000
_NOT_THE_QUERY = {"limit", "cursor", "count", "format"}  # may change from page to page


def _digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise PydanticCustomError("whole_number", "must be a whole number")
    return value


Digits = BeforeValidator(_digits)


class Query(BaseModel):
    """Parameters of a query: nothing but those it declares."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Query):
    """What every list takes."""

    limit: Annotated[
        int, Field(ge=1, le=1000, description="How many items a page holds at most."), Digits
    ] = 100
    cursor: Annotated[
        str | None,
        Field(
            description="Where to go on: opaque, taken from `next` of the page before. It belongs to its query"
            " (filters and sort) and is refused with another.",
            max_length=1000,
        ),
    ] = None
    count: Annotated[
        Literal["none", "capped", "exact"],
        Field(
            description="Whether `total` is filled: `none`; `capped` counts up to 10,000 and then says"
            " at least that many (`total_is_exact` is false); `exact` counts them all."
        ),
    ] = "none"


def as_text(value: object) -> str:
    """A key's text as a cursor has it; ValueError for what no database takes."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    if not value.isascii() and value.encode("utf-8", "ignore").decode() != value:
        raise ValueError
    return value


def as_count(value: object) -> int:
    """A key's number, -1 where it is unknown."""
    if not isinstance(value, int) or isinstance(value, bool) or not -1 <= value < 2**31:
        raise ValueError
    return value


def as_day(value: object) -> date:
    """A key's day."""
    return date.fromisoformat(as_text(value))


def as_instant(value: object) -> datetime:
    """A key's time; without a zone it is UTC, as SQLite keeps it."""
    time = datetime.fromisoformat(as_text(value))
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: `columns` ends in a unique one; `read` makes a key's values from a cursor's JSON.

    `key` finds the values of the columns in a row, as JSON has them; where it is not given, the row ends in them.
    """

    columns: tuple[Any, ...]
    descending: bool = False
    read: tuple[Callable[[Any], Any], ...] = (as_text,)
    key: Callable[[Any], Sequence[Any]] | None = None

    def clauses(self) -> list[ColumnElement[Any]]:
        return [column.desc() if self.descending else column.asc() for column in self.columns]

    def beyond(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """The rows that come after `key`, as one comparison that an index answers."""
        return self.behind([literal(v, c.type) for v, c in zip(key, self.columns, strict=True)])

    def behind(self, marks: Sequence[Any] | None = None) -> ColumnElement[bool]:
        """The same, after the key that is bound to `after_0`, `after_1` ..."""
        here = tuple_(*self.columns)
        there = tuple_(
            *(marks or [bindparam(f"after_{n}", type_=c.type) for n, c in enumerate(self.columns)])
        )
        return here < there if self.descending else here > there


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows; `cursor` leads to the next and is None exactly when the list is exhausted."""

    rows: Sequence[Any]
    cursor: str | None
    total: int | None = None
    total_is_exact: bool | None = None
    token: str | None = None  # where a feed goes on from, later


def statement(select: Statement, order: Order, query: ListQuery) -> Statement:
    """`select` with the keys of `order` at its end, cut to one page and one row more."""
    keyed = select.add_columns(*(column.label(f"key_{n}") for n, column in enumerate(order.columns)))
    if query.cursor is not None:
        keyed = keyed.where(order.beyond(_decode(query, order)))
    return keyed.order_by(*order.clauses()).limit(query.limit + 1)


def after(query: ListQuery, order: Order) -> dict[str, Any]:
    """What is bound to the marks of `Order.behind`."""
    key = [] if query.cursor is None else _decode(query, order)
    return {f"after_{n}": value for n, value in enumerate(key)}


def cut(found: Sequence[Any], order: Order, query: ListQuery) -> tuple[Sequence[Any], str | None]:
    """The page's rows, and the cursor to what follows them."""
    rows = found[: query.limit]
    return rows, cursor_after(rows[-1], order, query) if len(found) > query.limit else None


def cursor_after(row: Any, order: Order, query: ListQuery) -> str:
    """What leads on from a row."""
    key = order.key(row) if order.key else row[-len(order.columns) :]
    return _pack([_digest(query), *key])


def token(generation: str, seq: int) -> str:
    """A place in the order of changes of one database, for a client to keep."""
    return _pack([generation, seq])


def place(since: str, generation: str) -> int:
    """The change sequence that a token stands for; BadRequest for one of another database."""
    try:
        made_by, seq = _unpack(since)
        if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**63:
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise BadRequest(fault("since", "is not a token that this API gave out; start without one")) from None
    if made_by != generation:
        raise BadRequest(
            fault("since", "belongs to another database; start without one, from an empty mirror")
        )
    return seq


def _pack(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(to_json(values)).rstrip(b"=").decode()


def _unpack(text: str) -> Any:
    """What `_pack` packed; ValueError when it is something else."""
    return json.loads(base64.b64decode(f"{text}===", altchars=b"-_", validate=False).decode())


def _digest(query: ListQuery) -> str:
    """What a cursor is bound to: the kind of list, its filters and its sort."""
    values = vars(query)
    asked = [(name, values[name]) for name in _binding(type(query)) if values[name] is not None]
    text = type(query).__name__ + repr(asked)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _binding(model: type[ListQuery]) -> tuple[str, ...]:
    return tuple(name for name in model.model_fields if name not in _NOT_THE_QUERY)


def _decode(query: ListQuery, order: Order) -> list[Any]:
    try:
        digest, *values = _unpack(query.cursor or "")
        key = [read(value) for read, value in zip(order.read, values, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise BadRequest(
            fault("cursor", "is not a cursor that this API gave out; start without one")
        ) from None
    if digest != _digest(query):
        raise BadRequest(
            fault("cursor", "belongs to another query; repeat the filters and the sort it came with")
        )
    return key

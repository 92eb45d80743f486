"""Statements that are compiled once for each shape of a query, and the values that are bound to them."""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Dialect, Select

log = logging.getLogger("dateline.sql")

Statement: TypeAlias = Select[*tuple[Any, ...]]
_MOST_SHAPES = 1_000

# What an execution option is called that makes PostgreSQL plan a statement for its values, each time anew: where a plan
# that suits a common value is a thousand times too slow for a rare one. All others are planned once for any values.
REPLANNED = "replanned"


class _Compiled:
    """A statement as text, with what turns values into what the driver takes."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self.is_replanned = bool(statement.get_execution_options().get(REPLANNED))
        self._own = compiled.params
        self._names: Sequence[str] | None = compiled.positiontup
        self._encode = {name: encode for name, encode in compiled._bind_processors.items() if encode}  # noqa: SLF001

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The parameters in the driver's form; each value is there."""
        bound = {name: values.get(name, own) for name, own in self._own.items()}
        for name, encode in self._encode.items():
            bound[name] = encode(bound[name])
        return bound if self._names is None else tuple([bound[name] for name in self._names])


class Statements:
    """The statements that were compiled, by key."""

    def __init__(self, dialect: Dialect, adapt: Callable[[Statement], Statement] = lambda made: made) -> None:
        self._dialect, self._adapt = dialect, adapt
        self._held: dict[Hashable, _Compiled] = {}
        self.slow: set[Hashable] = set()  # of their keys, those whose last run was slow

    def get(
        self, key: Hashable, make: Callable[[str], Statement], values: Mapping[str, Any]
    ) -> tuple[_Compiled, Any]:
        """The statement of this key, compiled when it is new, and the values as the driver takes them."""
        found = self._held.get(key)
        if found is None:
            if len(self._held) >= _MOST_SHAPES:
                self._held.clear()
                self.slow.clear()
            found = self._held[key] = _Compiled(self._adapt(make(self._dialect.name)), self._dialect)
        bound = found.bind(values)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("statement", extra={"statement": found.text, "parameters": str(bound)})
        return found, bound

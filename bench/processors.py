"""How much of the processors' time the measured processes have taken, as Linux tells it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_DATABASE = "postgres"


class Spent(NamedTuple):
    """Seconds of processor time: of the servers that this process has started, and of PostgreSQL."""

    server: float
    database: float

    def since(self, earlier: "Spent") -> "Spent":
        """What was spent meanwhile."""
        return Spent(self.server - earlier.server, self.database - earlier.database)

    def each(self, many: int) -> "Spent":
        """What was spent on each of so many."""
        return Spent(self.server / many, self.database / many)


class _Process(NamedTuple):
    parent: int
    name: str
    own: int  # ticks
    of_children: int  # of those that have ended


def spent() -> Spent:
    """Up to now, by whatever runs now; a process that PostgreSQL has ended counts with the one that started it."""
    processes = dict(_processes())
    server = sum(each.own for pid, each in processes.items() if _is_below(pid, processes))
    database = sum(each.own + each.of_children for each in processes.values() if each.name == _DATABASE)
    return Spent(server * _TICK, database * _TICK)


def _is_below(pid: int, processes: dict[int, _Process]) -> bool:
    """Started by this process, or by one that was, and no database."""
    above = processes[pid].parent
    while above in processes and above != os.getpid():
        above = processes[above].parent
    return above == os.getpid() and processes[pid].name != _DATABASE


def _processes() -> Iterator[tuple[int, _Process]]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = file.read_text()
        except OSError:  # it has ended
            continue
        name, _, rest = said.partition(" (")[2].rpartition(") ")
        fields = rest.split()  # from the third on, by the count of proc(5)
        own, of_children = (sum(map(int, fields[n : n + 2])) for n in (11, 13))
        yield int(file.parent.name), _Process(int(fields[1]), name, own, of_children)

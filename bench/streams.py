"""Requests without end: long lists of distinct things, each made when it is asked for."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")
U = TypeVar("U")
COLD = 120_000  # distinct requests, where there are so many: far more bodies than a cache of bounded memory holds
_STEP = 7_368_787  # a prime, so that steps of it meet everything once before anything twice


class Stream(Sequence[T], Generic[T]):
    """A sequence of which each member is computed anew, so that the length costs nothing."""

    def __init__(self, size: int, make: Callable[[int], T]) -> None:
        self._size, self._make = size, make

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._make(n) for n in range(*index.indices(self._size))]
        if not -self._size <= index < self._size:
            raise IndexError(index)
        return self._make(index % self._size)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, range(self._size))


def each(make: Callable[[T], U], members: Sequence[T]) -> Stream[U]:
    """What `make` makes of every member."""
    return Stream(len(members), lambda n: make(members[n]))


def mixed(*choices: Sequence[object], limit: int = COLD) -> Stream[tuple[int, ...]]:
    """Indices into each of `choices`, in a fixed order that looks like none; no combination comes twice."""
    sizes = [len(choice) for choice in choices]
    space = math.prod(sizes)
    assert math.gcd(space, _STEP) == 1

    def make(n: int) -> tuple[int, ...]:
        left, found = n * _STEP % space, []
        for size in sizes:
            left, at = divmod(left, size)
            found.append(at)
        return tuple(found)

    return Stream(min(space, limit), make)


def taken(members: Sequence[T], start: int, many: int) -> list[T]:
    """`many` members from `start` on, or all, beginning anew after the last."""
    size = len(members)
    return [members[(start + n) % size] for n in range(min(many, size))]

"""Classes of how long an event may have lasted, by which lists bound how far back they look."""

from bisect import bisect_left
from datetime import date

# The longest events of each class, in days between the first and the last possible one. Most events last a day:
# what touches a range began at most so long before it, so that a few long events do not make every list look back.
LONGEST = (31, 366)
CLASSES = range(len(LONGEST) + 1)
WITHDRAWN = -1


def span(start: date, end: date) -> int:
    """The class of an event that lies between two days."""
    return bisect_left(LONGEST, (end - start).days)


def earliest(day: date, of: int) -> date:
    """The first day on which an event of a class may begin that still goes on at `day`."""
    if of == len(LONGEST):
        return date.min
    return date.fromordinal(max(1, day.toordinal() - LONGEST[of]))

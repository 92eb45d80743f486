"""The SQLite of this process: one copy of the library, since two would undo each other's locks on a file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:  # built to map a file of any size; most others copy what lies behind the first 2 GB, page by page
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:  # of the extra `sqlite`, which is for Linux on x86-64 only
        import sqlite3

__all__ = ["sqlite3"]

"""Moved to app.records."""

from app.records import *  # noqa: F403
from app.records import Item, Release  # noqa: F401

"""Dateline: a REST API for geopolitical events, each traceable to the passage that reports it."""

__version__ = "0.1.0"

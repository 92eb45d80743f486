"""Paths with their documentation: each body is one call."""

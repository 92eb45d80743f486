"""Competitors and floors: each in a process of its own, most in an environment of their own."""

"""Fixtures of all verbs."""

from tests.cli.stores import shell

__all__ = ["shell"]

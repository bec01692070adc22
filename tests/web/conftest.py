"""Fixtures of the HTTP API."""

from tests.web.api import api

__all__ = ["api"]

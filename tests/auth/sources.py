"""Sources of secrets for tests."""

from tidegate.auth.secret_source import DeclaredSource

DECLARED = DeclaredSource({"a": {"key": b"value"}}, {"b": {"ca.pem": "text ü"}})

"""Declared secrets, several sources as one, and names."""

import pytest
from tests.auth.sources import DECLARED

from tidegate.auth.secret_source import DeclaredSource, OverlaySource
from tidegate.exceptions import CredentialError


def test_declared_values_are_found() -> None:
    assert DECLARED.secret("a") == {"key": b"value"}
    assert DECLARED.config_map("b") == {"ca.pem": "text ü"}


@pytest.mark.parametrize(("read", "reference"), [(DECLARED.secret, "secret b"), (DECLARED.config_map, "config map b2")])
def test_what_is_missing_is_an_error_in_words(read: object, reference: str) -> None:
    assert callable(read)
    with pytest.raises(CredentialError) as raised:
        read(reference.rsplit(" ", 1)[1])
    assert str(raised.value) == f"{reference}: not found in the declared resources"


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "/etc", "a/../b", "A", "-a", "a.", "a\n", "a_b", "x" * 254])
def test_promise_14_a_name_is_no_path(name: str) -> None:
    for read in (DECLARED.secret, DECLARED.config_map):
        with pytest.raises(CredentialError) as raised:
            read(name)
        assert raised.value.detail == "this is not a name of a Kubernetes object"
        assert raised.value.hint == "use lower case letters, digits, '-' and '.', at most 253 characters"


@pytest.mark.parametrize("name", ["a", "a.b-c.0", "x" * 253])
def test_names_of_kubernetes_are_allowed(name: str) -> None:
    assert DeclaredSource({name: {}}, {}).secret(name) == {}


def test_the_version_of_declared_values_is_their_content() -> None:
    same = DeclaredSource({"a": {"key": b"value"}}, {"b": {"ca.pem": "text ü"}})
    assert same.version() == DECLARED.version()
    others = [
        DeclaredSource({"a": {"key": b"valu"}}, {"b": {"ca.pem": "text ü"}}),
        DeclaredSource({"a": {"key": b"value"}}, {}),
        DeclaredSource({"a": {"key": b"value"}, "b": {"ca.pem": "text ü".encode()}}, {}),
        DeclaredSource({}, {}),
    ]
    assert len({DECLARED.version(), *(other.version() for other in others)}) == 5


def test_an_earlier_source_hides_a_later_one() -> None:
    later = DeclaredSource({"a": {"key": b"hidden"}, "c": {"key": b"seen"}}, {"d": {}})
    overlay = OverlaySource(DECLARED, later)
    assert overlay.secret("a") == {"key": b"value"}
    assert overlay.secret("c") == {"key": b"seen"}
    assert overlay.config_map("d") == {}
    assert overlay.version() == (DECLARED.version(), later.version())


def test_an_overlay_says_where_it_looked() -> None:
    with pytest.raises(CredentialError) as raised:
        OverlaySource(DECLARED, DeclaredSource({}, {})).secret("absent")
    assert raised.value.detail == "not found in the declared resources or in the declared resources"


def test_promise_06_nothing_of_the_values_is_shown() -> None:
    assert "value" not in repr(DECLARED)

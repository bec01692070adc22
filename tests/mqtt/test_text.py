"""Which characters a UTF-8 Encoded String may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.mqtt.text import text_error


@pytest.mark.parametrize(
    "text", ["", "plant", "Größe", "温度", "🌡", "a b", "a\u00a0b", "\ufeff", "\u2028", "\ue000", "\ufffd"]
)
def test_text_that_may_travel(text: str) -> None:
    assert text_error(text) is None


@pytest.mark.parametrize(
    "character",
    ["\0", "\x01", "\n", "\x1f", "\x7f", "\x80", "\x9f", "\ud800", "\udfff", "\ufdd0", "\ufdef", "\ufffe", "\uffff"],
)
def test_text_that_a_server_may_close_the_connection_for(character: str) -> None:
    assert text_error(f"plant{character}line") == (
        f"it holds the character U+{ord(character):04X}, for which a server may close the connection"
    )


def is_refused(code: int) -> bool:
    """Tell what section 1.5.4 says of a code point, written another way than in the code."""
    return (
        code < 0x20
        or 0x7F <= code <= 0x9F
        or 0xD800 <= code <= 0xDFFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    )


@given(st.text(alphabet=st.characters(codec=None)))
def test_each_refused_character_is_found(text: str) -> None:
    assert (text_error(text) is not None) is any(is_refused(ord(character)) for character in text)

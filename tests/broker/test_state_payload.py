"""The form of requests and replies of the state store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.broker.state_payload import (
    OK,
    PayloadError,
    decode,
    encode_array,
    encode_bytes,
    encode_error,
    encode_number,
)


def test_the_forms_of_the_public_page() -> None:
    request = b"*3\r\n$3\r\nSET\r\n$7\r\nSETKEY2\r\n$6\r\nVALUE5\r\n"
    assert encode_array([b"SET", b"SETKEY2", b"VALUE5"]) == request
    assert decode(request) == [b"SET", b"SETKEY2", b"VALUE5"]
    assert (decode(b"$4\r\n1234\r\n"), encode_bytes(b"1234")) == (b"1234", b"$4\r\n1234\r\n")
    assert (decode(b"$-1\r\n"), encode_bytes(None)) == (None, b"$-1\r\n")
    assert (decode(b":-1\r\n"), encode_number(-1)) == (-1, b":-1\r\n")
    assert decode(OK) == b"OK"
    with pytest.raises(PayloadError, match=r"^syntax error$"):
        decode(encode_error("syntax error"))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"x",
        b"GET a",
        b"*",
        b"*-1\r\n",
        b"*9999999\r\n",
        b"*1\r\n",
        b"*1\r\n:1\r\n",
        b"*1\r\n$-1\r\n",
        b"*2\r\n$1\r\na\r\n",
        b"$2\r\na\r\n",
        b"$1\r\nab\r\n",
        b"$-2\r\n\r\n",
        b"$1\r\na\r\nb",
        b"$9999999999999\r\n",
        b":\xb2\r\n",
        b":1",
    ],
)
def test_what_is_not_of_the_form(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        decode(payload)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_every_array_comes_back(items: list[bytes]) -> None:
    assert decode(encode_array(items)) == items


@given(st.binary(max_size=40))
def test_anything_is_read_or_refused(payload: bytes) -> None:
    try:
        decode(payload)
    except PayloadError:
        pass

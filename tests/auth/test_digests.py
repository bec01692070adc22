"""Digests that keep different things apart."""

from tidegate.auth.digests import digest, digest_of_values


def test_digests_keep_lists_apart() -> None:
    assert len({digest([]), digest([b""]), digest([b"ab"]), digest([b"a", b"b"]), digest([b"b", b"a"])}) == 5
    assert digest_of_values({"a": b"1", "b": b"2"}) == digest_of_values({"b": b"2", "a": b"1"})

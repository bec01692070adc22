"""Bad input is made of good."""

from random import Random

from fuzzing.damage import damaged, pieces


def test_pieces_are_the_whole() -> None:
    assert pieces(b"abcdef", [4, 2, 9, 0]) == [b"ab", b"cd", b"ef"]
    assert pieces(b"", [1]) == [b""]


def test_damage_changes_some_bytes_and_leaves_most() -> None:
    random = Random(1)
    data = bytes(range(100))
    found = [damaged(data, random) for _ in range(100)]
    assert sum(each != data for each in found) > 90
    assert all(90 <= len(each) <= 110 for each in found)
    assert len(damaged(b"", random)) <= 20

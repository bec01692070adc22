"""Ways to make bad input of good."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

__all__ = ["damaged", "pieces"]


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Cut `data` at offsets; those outside of it cut nothing."""
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def damaged(data: bytes, random: Random) -> bytes:
    """Change some bytes to others, more or fewer, of the kinds that decoders stumble over."""
    if not data:
        return random.randbytes(random.randint(0, 20))
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice((1, 1, 2, 8)))
    replacement = random.choice(
        (
            b"",
            random.randbytes(end - start),
            bytes([data[start] ^ 1 << random.randrange(8)]),
            random.choice((b"\0", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff", b"\x80\x80\x80\x80\x01")),
            data[start:end] * 2,
        )
    )
    return data[:start] + replacement + data[end:]

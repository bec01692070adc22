"""Names that follow from other texts: `uniqueString` and `guid`, as Azure Resource Manager computes them.

Knows both computations, compared with values that were published of the real functions. Does not know templates.

`uniqueString` is a Murmur hash over two lanes of 32 bits, written with 13 characters of 5 bits each. `guid` is a name-based
UUID of version 5 (RFC 9562, section 5.5) in a name space that all templates share.
"""

import hashlib

__all__ = ["name_based_uuid", "unique_string"]

_WORD = 0xFFFFFFFF
_FIRST = 0x239B961B
_SECOND = 0xAB0E9789
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LENGTH = 13
_NAME_SPACE = bytes.fromhex("11fb06fb712d4ddd98c7e71bbd588830")


def unique_string(parts: list[str]) -> str:
    """Return the 13 characters that stand for some texts."""
    number = _hash("-".join(parts).encode("utf-8", "surrogatepass"))
    # 13 characters hold 65 bits: the last has four of the hash and a zero.
    return "".join(_ALPHABET[(number << 1) >> (60 - 5 * index) & 31] for index in range(_LENGTH))


def name_based_uuid(parts: list[str]) -> str:
    """Return the UUID that stands for some texts."""
    named = _NAME_SPACE + "-".join(parts).encode("utf-8", "surrogatepass")
    digest = bytearray(hashlib.sha1(named, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    digits = digest.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _hash(data: bytes) -> int:
    one = two = 0
    whole = len(data) // 8 * 8
    for position in range(0, whole, 8):
        first = int.from_bytes(data[position : position + 4], "little")
        second = int.from_bytes(data[position + 4 : position + 8], "little")
        one = (_rotated(one ^ _mixed(first, _FIRST, 15, _SECOND), 19) + two) * 5 + 0x561CCD1B & _WORD
        two = (_rotated(two ^ _mixed(second, _SECOND, 17, _FIRST), 13) + one) * 5 + 0x0BCAA747 & _WORD
    rest = data[whole:]
    if rest:
        one ^= _mixed(int.from_bytes(rest[:4], "little"), _FIRST, 15, _SECOND)
    if len(rest) > 4:
        two ^= _mixed(int.from_bytes(rest[4:], "little"), _SECOND, 17, _FIRST)
    two ^= len(data)
    one = (one ^ len(data)) + two & _WORD
    two = two + one & _WORD
    one, two = _finished(one), _finished(two)
    one = one + two & _WORD
    two = two + one & _WORD
    return two << 32 | one


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _WORD


def _mixed(word: int, before: int, bits: int, after: int) -> int:
    return _rotated(word * before & _WORD, bits) * after & _WORD


def _finished(word: int) -> int:
    word = (word ^ word >> 16) * 0x85EBCA6B & _WORD
    word = (word ^ word >> 13) * 0xC2B2AE35 & _WORD
    return word ^ word >> 16

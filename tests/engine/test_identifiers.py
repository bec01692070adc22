"""Identifiers are UUIDs of version 4, and no two are the same."""

from uuid import RFC_4122, UUID

from tidegate.engine.identifiers import IDS_AT_A_TIME, new_ids


def test_each_is_a_uuid_of_version_4_and_another() -> None:
    new_id = new_ids()
    made = [new_id() for _ in range(3 * IDS_AT_A_TIME)]
    assert len(set(made)) == len(made)
    for each in made:
        parsed = UUID(each)
        assert (str(parsed), parsed.version, parsed.variant) == (each, 4, RFC_4122)
    # Every bit but the six that say version and variant comes both ways.
    together, ever = (1 << 128) - 1, 0
    for each in made:
        together &= UUID(each).int
        ever |= UUID(each).int
    assert together == 4 << 76 | 1 << 63
    assert ever == (1 << 128) - 1 & ~(0b1011 << 76) & ~(1 << 62)

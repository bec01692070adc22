"""The receive path under arbitrary bytes: the target of `fuzzing/fuzz_receive.py`, driven by hypothesis and by itself."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mqtt.conversation import codec_panics

from fuzzing import fuzz_receive
from tidegate.exceptions import MqttError
from tidegate.mqtt import packets

pytestmark = codec_panics

LIMITS = st.sampled_from([None, 16, 64, fuzz_receive.PACKET_BYTES_MAX])
CUTS = st.lists(st.integers(0, 400), max_size=5)


@settings(max_examples=300)
@given(st.binary(max_size=400), CUTS, LIMITS)
def test_arbitrary_bytes(data: bytes, cuts: list[int], packet_bytes_max: int | None) -> None:
    fuzz_receive.check(data, cuts, packet_bytes_max)


@settings(max_examples=300)
@given(st.sampled_from(fuzz_receive.CONTROL_BYTES), st.binary(max_size=60), st.binary(max_size=20), CUTS, LIMITS)
def test_arbitrary_bodies_behind_valid_fixed_headers(
    control_byte: int, body: bytes, more: bytes, cuts: list[int], packet_bytes_max: int | None
) -> None:
    fuzz_receive.check(bytes([control_byte, len(body)]) + body + more, cuts, packet_bytes_max)


@settings(max_examples=300)
@given(st.integers(0, 2**32), CUTS, LIMITS)
def test_damaged_conversations(seed: int, cuts: list[int], packet_bytes_max: int | None) -> None:
    fuzz_receive.check(next(fuzz_receive.inputs(Random(seed))), cuts, packet_bytes_max)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_only_our_own_errors_leave_the_codecs_door(data: bytes) -> None:
    found: list[packets.Packet] = []
    try:
        consumed = packets.decode(memoryview(data), found)
    except MqttError:
        return
    assert 0 <= consumed <= len(data)
    assert (consumed > 0) is bool(found)


def test_a_run_of_one_second_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    fuzz_receive.main(["--seconds", "1", "--seed", "7"])
    assert capsys.readouterr().out.endswith(" inputs of seed 7 in 1 s: every promise held\n")


def test_a_finding_names_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes, cuts: list[int], packet_bytes_max: int | None) -> None:
        raise AssertionError("a broken promise")

    monkeypatch.setattr(fuzz_receive, "check", fail)
    with pytest.raises(AssertionError, match="a broken promise") as caught:
        fuzz_receive.run(1.0, 0)
    assert caught.value.__notes__[0].startswith("check(b'")


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, second = fuzz_receive.inputs(Random(3)), fuzz_receive.inputs(Random(3))
    assert [next(first) for _ in range(50)] == [next(second) for _ in range(50)]

"""The broker under arbitrary bytes: the target of `fuzzing/fuzz_broker.py`, driven by hypothesis and by itself."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mqtt.conversation import codec_panics

from fuzzing import fuzz_broker
from tidegate.broker.broker import Broker

pytestmark = codec_panics

LEVELS = st.sampled_from([None, *fuzz_broker.CONNECTS])
CUTS = st.lists(st.integers(0, 200), max_size=4)


@settings(max_examples=200)
@given(st.binary(max_size=200), CUTS, LEVELS)
def test_promise_08_arbitrary_bytes(data: bytes, cuts: list[int], level: int | None) -> None:
    fuzz_broker.check(data, cuts, level)


@settings(max_examples=200)
@given(st.integers(0, 255), st.binary(max_size=100), CUTS, LEVELS)
def test_promise_08_arbitrary_bodies_behind_valid_fixed_headers(
    control_byte: int, body: bytes, cuts: list[int], level: int | None
) -> None:
    fuzz_broker.check(bytes([control_byte, len(body)]) + body, cuts, level)


@settings(max_examples=200)
@given(st.integers(0, 2**32), CUTS, LEVELS)
def test_promise_08_damaged_conversations(seed: int, cuts: list[int], level: int | None) -> None:
    fuzz_broker.check(next(fuzz_broker.inputs(Random(seed))), cuts, level)


def test_a_run_of_one_second_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    fuzz_broker.main(["--seconds", "1", "--seed", "7"])
    assert capsys.readouterr().out.endswith(" inputs of seed 7 in 1 s: every promise held\n")


def test_a_broker_that_raises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise LookupError("unexpected")

    monkeypatch.setattr(Broker, "_disconnected", fails)
    with pytest.raises(LookupError, match="unexpected") as caught:
        fuzz_broker.run(20.0, 1)
    assert caught.value.__notes__[0].startswith("check(b'")


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, second = fuzz_broker.inputs(Random(3)), fuzz_broker.inputs(Random(3))
    assert [next(first) for _ in range(50)] == [next(second) for _ in range(50)]

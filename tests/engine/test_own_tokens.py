"""Tokens of our own issuer for our own flows."""

from pathlib import Path

from tidegate.auth.token_issuer import TokenIssuer
from tidegate.engine.own_tokens import OwnTokens
from tidegate.moment import Moment


def test_a_token_is_followed_by_another_after_two_thirds_of_its_life(tmp_path: Path) -> None:
    now = 1_000.0
    tokens = OwnTokens(TokenIssuer.open(tmp_path), 300.0, lambda: Moment(0.0, now))
    assert tokens.seconds_until_new() is None
    first = tokens.token("aio-internal")
    assert tokens.token("other") != first
    now += 150.0
    assert tokens.token("aio-internal") == first and tokens.seconds_until_new() == 50.0
    now += 50.0
    assert tokens.seconds_until_new() == 0.0
    assert tokens.token("aio-internal") != first

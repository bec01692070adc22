import pytest
from tests.tokens import WALL, client_token

from tidegate.auth.client_token import ClientToken
from tidegate.auth.renewal_schedule import next_look


def looks(token: ClientToken, jitter: float = 0.0) -> list[float]:
    """Return all times at which the source is asked, as seconds after the token was issued."""
    found: list[float] = []
    asked = WALL
    while (at := next_look(token, got_wall=WALL, asked_wall=asked, jitter=jitter)) is not None:
        found.append(at - WALL)
        asked = at
    return found


def test_two_thirds_through_then_before_the_expiry_then_at_it() -> None:
    assert looks(client_token(expires=WALL + 3600)) == pytest.approx([2400, 3305, 3600])


def test_a_short_life_has_no_five_minutes() -> None:
    assert looks(client_token(expires=WALL + 3)) == pytest.approx([2, 3])


def test_jitter_only_makes_it_earlier() -> None:
    assert looks(client_token(expires=WALL + 3600), jitter=0.5)[0] == pytest.approx(2280)


def test_a_token_that_does_not_say_when_it_was_issued_is_as_old_as_its_arrival() -> None:
    assert looks(client_token(issued=None, expires=WALL + 600)) == pytest.approx([400, 600])


def test_what_never_expires_is_never_renewed_and_what_has_expired_was() -> None:
    assert looks(client_token(expires=None)) == []
    assert looks(client_token(issued=WALL - 20, expires=WALL - 10)) == []
    assert looks(client_token(issued=WALL + 20, expires=WALL + 10)) == pytest.approx([10, 20])

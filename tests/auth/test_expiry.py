import pytest

from tidegate.auth.expiry import Expiry

DAY = 86_400.0


@pytest.mark.parametrize(
    ("kind", "life_days", "before_days"),
    [
        ("certificate", 365, 14),
        ("certificate", 10, 2),
        ("authority", 3_650, 14),
        ("token", 1, 0.05),
        ("token", 365, 14),
    ],
)
def test_a_short_life_is_warned_of_late(kind: str, life_days: float, before_days: float) -> None:
    end = 20_000 * DAY
    expiry = Expiry(kind=kind, name="x", begins_wall=end - life_days * DAY, expires_wall=end)  # type: ignore[arg-type]
    assert expiry.warns_at_wall(14 * DAY) == pytest.approx(end - before_days * DAY)


def test_a_certificate_that_begins_after_its_end_is_warned_of_at_its_end() -> None:
    assert Expiry(kind="certificate", name="x", begins_wall=9.0, expires_wall=5.0).warns_at_wall(100.0) == 5.0

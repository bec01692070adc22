"""The method without a credential."""

from tidegate.auth.anonymous import Anonymous
from tidegate.moment import Moment


def test_it_has_nothing_to_show() -> None:
    assert Anonymous().client_certificate(Moment(0, 0)) is None

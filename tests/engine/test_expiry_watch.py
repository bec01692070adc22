"""What is near its end is reported once, and is a flaw when the flow does not survive it."""

from tidegate.auth.expiry import Expiry
from tidegate.engine.expiry_watch import ExpiryWatch
from tidegate.flow.events import Side
from tidegate.telemetry.credential_events import CredentialExpiring
from tidegate.telemetry.status import CredentialStatus

WARNING = 14.0
"""As if a day had one second."""


def expiry(kind: str, name: str, ends: float, *, is_followed: bool = False) -> Expiry:
    return Expiry(
        kind=kind,  # type: ignore[arg-type]
        name=name,
        begins_wall=ends - 365.0,
        expires_wall=ends,
        is_followed=is_followed,
    )


class Scene:
    def __init__(self, *certificates: Expiry, warning: float = WARNING) -> None:
        self.told: list[CredentialExpiring] = []
        self.watch = ExpiryWatch(Side.SOURCE, warning, self.told.append)
        self.watch.use_certificates(certificates)

    def flaw(self, now: float) -> str | None:
        found = self.watch.look(now)
        return None if found is None else found.name

    def names(self) -> list[str]:
        return [each.name for each in self.told]


def test_a_certificate_is_reported_once_from_the_set_time_on_and_a_flaw_as_long_as_it_is_used() -> None:
    here = Scene(expiry("certificate", "leaf", 1_000.0), expiry("intermediate", "between", 990.0))
    assert here.flaw(975.9) is None and here.told == []
    assert here.flaw(976.0) == "between"
    assert here.flaw(990.0) == "between" and here.flaw(991.0) == "between"
    assert here.told == [
        CredentialExpiring(Side.SOURCE, "intermediate", "between", 990.0),
        CredentialExpiring(Side.SOURCE, "certificate", "leaf", 1_000.0),
    ]
    here.watch.use_certificates([expiry("certificate", "leaf", 2_000.0)])
    assert here.flaw(991.0) is None


def test_of_the_authorities_one_that_lives_on_is_enough() -> None:
    old, new = expiry("authority", "old", 1_000.0), expiry("authority", "new", 2_000.0)
    here = Scene(old, new)
    assert here.flaw(990.0) is None and here.names() == ["old"], "it is said, and no flaw"
    assert here.flaw(1_001.0) is None and here.names() == ["old"]
    assert here.flaw(1_990.0) == "old" and here.names() == ["old", "new"], "nothing is left to verify by"
    late = Scene(old, new)
    assert late.flaw(1_001.0) is None and late.names() == [], "what has ended already in a good bundle is history"


def test_an_authority_that_is_followed_by_one_of_its_name_is_not_reported() -> None:
    here = Scene(expiry("authority", "site", 1_000.0, is_followed=True), expiry("authority", "site", 2_000.0))
    assert here.flaw(995.0) is None and here.told == []


def test_a_token_is_watched_until_another_is_presented() -> None:
    here = Scene()
    token = Expiry(kind="token", name="token file t", begins_wall=0.0, expires_wall=100.0)
    here.watch.use_token(token)
    assert here.flaw(94.9) is None
    assert here.flaw(95.0) == "token file t"
    here.watch.use_token(Expiry(kind="token", name="token file t", begins_wall=96.0, expires_wall=196.0))
    assert here.flaw(97.0) is None
    here.watch.use_token(None)
    assert here.watch.statuses() == []
    assert here.names() == ["token file t"]


def test_all_ends_are_shown_the_soonest_first() -> None:
    here = Scene(expiry("certificate", "leaf", 1_000.0), expiry("authority", "site", 500.0))
    assert here.watch.statuses() == [
        CredentialStatus(kind="authority", name="site", expires="1970-01-01T00:08:20.000Z"),
        CredentialStatus(kind="certificate", name="leaf", expires="1970-01-01T00:16:40.000Z"),
    ]


def test_no_time_is_no_warning() -> None:
    here = Scene(expiry("certificate", "leaf", 1_000.0), warning=0.0)
    assert here.flaw(2_000.0) is None and here.told == []

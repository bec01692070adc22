"""Watches when what one side of a flow authenticates with comes to its end.

Knows what is near its end, what of it is a flaw, and that each is reported once. Does not know where it comes from.
"""

from collections.abc import Callable, Sequence

from tidegate.auth.expiry import Expiry
from tidegate.flow.events import Side
from tidegate.telemetry.credential_events import CredentialExpiring
from tidegate.telemetry.status import CredentialStatus, iso_time

__all__ = ["ExpiryWatch"]


class ExpiryWatch:
    """One side's certificates and token. `warning_seconds` 0 warns of nothing."""

    def __init__(self, side: Side, warning_seconds: float, report: Callable[[CredentialExpiring], None]) -> None:
        self._side = side
        self._warning_seconds = warning_seconds
        self._report = report
        self._certificates: tuple[Expiry, ...] = ()
        self._token: Expiry | None = None
        self._reported: set[Expiry] = set()

    def use_certificates(self, found: Sequence[Expiry]) -> None:
        """Take note of what a connection is made with now."""
        self._certificates = tuple(found)
        self._reported.intersection_update(self._all())

    def use_token(self, token: Expiry | None) -> None:
        """Take note of the token that is presented now."""
        if token != self._token:
            self._token = token
            self._reported.intersection_update(self._all())

    def look(self, now_wall: float) -> CredentialExpiring | None:
        """Report what is near its end and was not reported; return the soonest end that the flow does not survive.

        Of the authorities one is enough: while a bundle has one that lives on, the end of another is no flaw, and one
        that has ended is of no interest.
        """
        if not self._warning_seconds:
            return None
        near = [each for each in self._all() if now_wall >= each.warns_at_wall(self._warning_seconds)]
        authorities = [each for each in self._certificates if each.kind == "authority"]
        is_trust_ending = all(each in near for each in authorities)
        flaws = [each for each in near if each.kind != "authority" or is_trust_ending]
        for each in near:
            is_over = each.kind == "authority" and each.expires_wall <= now_wall and not is_trust_ending
            if each not in self._reported and not each.is_followed and not is_over:
                # Noted first: whoever is told may look again.
                self._reported.add(each)
                self._report(self._event(each))
        soonest = min(flaws, key=lambda each: each.expires_wall, default=None)
        return None if soonest is None else self._event(soonest)

    def statuses(self) -> list[CredentialStatus]:
        """Return what `/status` shows: everything that has an end, the soonest first."""
        return [
            CredentialStatus(kind=each.kind, name=each.name, expires=iso_time(each.expires_wall))
            for each in sorted(self._all(), key=lambda each: each.expires_wall)
        ]

    def _all(self) -> list[Expiry]:
        return [*self._certificates, *([] if self._token is None else [self._token])]

    def _event(self, expiry: "Expiry") -> CredentialExpiring:
        return CredentialExpiring(self._side, expiry.kind, expiry.name, expiry.expires_wall)

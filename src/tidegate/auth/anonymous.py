"""The authentication method `Anonymous`.

Knows that it has nothing to show. Does not know whether the broker accepts that.
"""

from tidegate.auth.base import ClientCertificate
from tidegate.moment import Moment

__all__ = ["Anonymous"]


class Anonymous:
    """No credential at all."""

    def client_certificate(self, now: Moment) -> ClientCertificate | None:
        return None

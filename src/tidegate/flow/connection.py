"""One of a relay's two connections: the session that survives, the connection of the moment, and how it ended.

Knows why a connection ends and how it is tried again. Does not know deliveries or the other side.
"""

from dataclasses import replace

from tidegate.flow.delivery import Delivery
from tidegate.flow.events import ConnectionEnded, Side
from tidegate.flow.mapping import authentication_method, client_settings
from tidegate.flow.plan import EVENT_GRID, SidePlan, SystemIdentityPlan, UserIdentityPlan
from tidegate.flow.policy import (
    BACKOFF,
    EVENT_GRID_REMEDIES,
    IDENTITY_ACCESS_REMEDIES,
    IDENTITY_REMEDIES,
    NEVER,
    NOW,
    SLOW,
    Retry,
    connection_retry,
    reason_name,
)
from tidegate.moment import Moment
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.events import ConnectionClosing
from tidegate.mqtt.session import Session

__all__ = ["Connection"]


class Connection:
    """One side of a relay. `client` is None while there is no Network Connection.

    `is_writable` tells whether the socket takes more; `is_final` that what ends now is not tried again.
    """

    def __init__(self, side: Side, plan: SidePlan, packet_bytes_max: int | None = None) -> None:
        self.side = side
        self.session: Session[Delivery] = Session(plan.client_id)
        self.client: ClientConnection[Delivery] | None = None
        self.is_writable = True
        self.is_final = False
        self._authentication = plan.endpoint.authentication
        self._is_event_grid = plan.endpoint.service_type == EVENT_GRID
        self._settings = client_settings(plan, packet_bytes_max)
        self._ending: ConnectionEnded | None = None
        self._presented: bytes | None = None
        self._was_challenged = False

    @property
    def is_connected(self) -> bool:
        """Tell whether the server has accepted the connection and it is not over."""
        return self.client is not None and self.client.is_connected

    @property
    def is_ending(self) -> bool:
        """Tell whether the connection is to end, for a reason that is known."""
        return self._ending is not None

    def open(self, now: Moment, token: bytes | None = None) -> None:
        """Begin a Network Connection over a transport that has just been opened; `token` is the data of the method."""
        assert self.client is None, f"the {self.side.value} is connected already"
        settings = self._settings
        if token is not None:
            method = authentication_method(self._authentication)
            settings = replace(settings, authentication_method=method, authentication_data=token)
        self.client = ClientConnection(self.session, settings)
        self.is_writable = True
        self._ending = None
        self._presented = None
        if self.is_final:
            self.end(None, "the data flow is stopping", NEVER)
        else:
            self.client.connect(now)

    def reauthenticate(self, token: bytes, now: Moment) -> bool:
        """Present a new token on the live connection (section 4.12.1); tell whether it was sent.

        It is not while there is no connection, for the next CONNECT has it, nor while the one before is unanswered.
        """
        if self.client is None or not self.client.is_connected or self._presented is not None:
            return False
        self.client.reauthenticate(token, now)
        self._presented = token
        self._was_challenged = False
        return True

    def reauthenticated(self) -> None:
        """Take note that the server accepted the new token."""
        self._presented = None

    def challenged(self) -> None:
        """Answer AUTH 0x18 with the same token, as the products do (facts 5.1), but once.

        A server in temporary trouble says it too; what it leaves unanswered runs into the time-out of AUTH.
        """
        if self.client is not None and self._presented is not None and not self._was_challenged:
            self._was_challenged = True
            self.client.continue_authentication(self._presented)

    def end(
        self,
        reason_code: int | None,
        detail: str,
        retry: Retry,
        *,
        by_us: bool = True,
        session_expiry_seconds: int | None = None,
    ) -> None:
        """End the connection, with DISCONNECT where it was accepted; the first reason is the one that counts.

        `session_expiry_seconds` changes the session's expiry, None leaves it.
        """
        if self.client is None or self._ending is not None:
            return
        remedy = self.access_remedy(reason_code) if self.side is Side.SOURCE and by_us else None
        if not by_us and self._has_identity:
            remedy = IDENTITY_REMEDIES.get(reason_code or 0)
        self._ending = ConnectionEnded(self.side, reason_code, detail, NEVER if self.is_final else retry, by_us, remedy)
        self.client.disconnect(0, session_expiry_seconds)

    def access_remedy(self, reason_code: int | None) -> str | None:
        """Return what to do when this side may not subscribe or publish, None for what holds for every method."""
        return IDENTITY_ACCESS_REMEDIES.get(reason_code or 0) if self._has_identity else None

    def message_remedy(self, reason_code: int) -> str | None:
        """Return what to do when this side refused a message, None for what holds everywhere."""
        remedy = EVENT_GRID_REMEDIES.get(reason_code) if self._is_event_grid else None
        return remedy or self.access_remedy(reason_code)

    @property
    def _has_identity(self) -> bool:
        return isinstance(self._authentication, SystemIdentityPlan | UserIdentityPlan)

    def end_for(self, event: ConnectionClosing) -> None:
        """End the connection because the server did, was silent, or broke a rule."""
        code = event.reason_code
        if code is not None and (event.cause == "connack" or event.cause == "disconnect"):
            verb = "refused the connection" if event.cause == "connack" else "disconnected"
            detail = f"the server {verb}: {reason_name(code)}" + (f" ({event.detail})" if event.detail else "")
            self._end_for(code, detail, connection_retry(event.cause, code), by_us=False)
        else:
            self._end_for(code, event.detail, BACKOFF, by_us=True)

    def _end_for(self, code: int | None, detail: str, retry: Retry, *, by_us: bool) -> None:
        if self._presented is not None and retry in (SLOW, BACKOFF):
            # Whatever the server has against a new credential on a live connection, CONNECT may take it.
            retry, detail = NOW, f"{detail}, when a new credential was presented; connecting anew with it"
        self.end(code, detail, retry, by_us=by_us)

    def lose(self, detail: str) -> ConnectionEnded:
        """Forget the connection whose socket is gone; `detail` says why where nothing was known before."""
        assert self.client is not None
        self.client.release()
        self.client = None
        retry = NEVER if self.is_final else BACKOFF if self._presented is None else NOW
        return self._ending or ConnectionEnded(self.side, None, detail, retry, by_us=False)

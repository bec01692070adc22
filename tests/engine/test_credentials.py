import pytest
from tests.certificates import ca
from tests.engine.plans import endpoint_plan
from tests.engine.token_sources import run_inline

from tidegate.auth.secret_source import DeclaredSource
from tidegate.engine.credentials import SourceCredentials
from tidegate.engine.token_pool import TokenPool
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import EndpointPlan, TlsPlan
from tidegate.moment import Moment
from tidegate.settings import TokenSettings

POOL = TokenPool(TokenSettings(), cluster=None, environment={}, clock=lambda: Moment(0.0, 0.0), run_blocking=run_inline)


def with_ca(config_map: str) -> EndpointPlan:
    plain = endpoint_plan("a")
    return EndpointPlan(
        **{name: getattr(plain, name) for name in EndpointPlan.__slots__ if name != "tls"},
        tls=TlsPlan(ca_config_map=config_map),
    )


def test_they_come_from_the_source_at_each_call() -> None:
    values = {"ca": {"ca.crt": "nonsense"}}
    credentials = SourceCredentials(DeclaredSource({}, values), lambda: Moment(0.0, 0.0), POOL)
    assert credentials.ssl_context(endpoint_plan("a")) is None
    with pytest.raises(CredentialError, match="config map other"):
        credentials.ssl_context(with_ca("other"))
    changed = SourceCredentials(DeclaredSource({}, {"ca": {"ca.crt": "other"}}), lambda: Moment(0.0, 0.0), POOL)
    assert credentials.fingerprint(with_ca("ca")) != changed.fingerprint(with_ca("ca"))
    assert credentials.fingerprint(endpoint_plan("a")) == changed.fingerprint(endpoint_plan("a"))


def test_the_ends_of_certificates_are_read_and_plaintext_has_none() -> None:
    values = {"ca": {"ca.crt": ca("Site").certificate.decode()}}
    credentials = SourceCredentials(DeclaredSource({}, values), lambda: Moment(0.0, 0.0), POOL)
    (end,) = credentials.expiries(with_ca("ca"))
    assert (end.kind, end.name) == ("authority", "CN=Site (config map ca, ca.crt)")
    assert credentials.expiries(endpoint_plan("a")) == ()

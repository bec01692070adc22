"""The ends of certificates that endpoints declare."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.certificates import VALID, Period, ca
from tests.engine.plans import endpoint_plan

from tidegate.auth.certificate_expiries import certificate_expiries
from tidegate.auth.secret_source import DeclaredSource
from tidegate.flow.plan import TlsPlan, X509Plan

SOON = Period(VALID.start, datetime(2119, 1, 1, tzinfo=UTC))
LATER = Period(VALID.start, datetime(2121, 1, 1, tzinfo=UTC))
PLAN = replace(endpoint_plan("there"), tls=TlsPlan(ca_config_map="trust"), authentication=X509Plan(secret="identity"))


def test_the_certificate_its_intermediates_and_the_trusted_authorities_have_ends() -> None:
    root, press = ca("Root", LATER), ca("Plant").intermediate("Press CA", SOON)
    values = {
        "client_cert.pem": press.client("press-1").certificate,
        "client_intermediate_certs.pem": press.certificate,
    }
    source = DeclaredSource({"identity": values}, {"trust": {"a": "-", "b": root.certificate.decode()}})
    found = certificate_expiries(PLAN, source)
    assert [(each.kind, each.name, each.expires_wall) for each in found] == [
        ("certificate", "CN=press-1 (secret identity, client_cert.pem)", VALID.end.timestamp()),
        ("intermediate", "CN=Press CA (secret identity, client_intermediate_certs.pem)", SOON.end.timestamp()),
        ("authority", "CN=Root (config map trust, b)", LATER.end.timestamp()),
    ]
    assert found[0].begins_wall == VALID.start.timestamp()


def test_what_follows_the_certificate_in_its_own_file_is_an_intermediate() -> None:
    press = ca("Plant").intermediate("Press CA")
    pem = press.client("press-1").certificate + press.certificate
    found = certificate_expiries(PLAN, DeclaredSource({"identity": {"client_cert.pem": pem}}, {}))
    assert [each.kind for each in found] == ["certificate", "intermediate"]


def test_an_authority_with_a_later_certificate_of_the_same_name_is_followed() -> None:
    old, new, other = ca("Site", SOON), ca("Site", LATER), ca("Other", SOON)
    bundle = b"".join(each.certificate for each in (old, new, other)).decode()
    found = certificate_expiries(PLAN, DeclaredSource({}, {"trust": {"ca.crt": bundle}}))
    assert [each.is_followed for each in found] == [True, False, False]


def test_what_is_not_there_or_unreadable_has_no_end_and_neither_has_plaintext() -> None:
    nonsense = DeclaredSource({"identity": {"client_cert.pem": b"nonsense"}}, {"trust": {"ca.crt": "nonsense"}})
    for plan, source in ((PLAN, DeclaredSource({}, {})), (PLAN, nonsense), (endpoint_plan("there"), nonsense)):
        assert certificate_expiries(plan, source) == ()

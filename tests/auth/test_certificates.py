"""Reading PEM and judging dates."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from tests.certificates import EXPIRED, NOT_YET_VALID, VALID, ca

from tidegate.auth.certificates import CLOCK_LEEWAY_SECONDS, read_certificates, validity_problem
from tidegate.moment import Moment

NOW = Moment(0, datetime.now(UTC).timestamp())


def one(pem: bytes) -> x509.Certificate:
    (certificate,) = read_certificates(pem)
    return certificate


def test_all_certificates_are_read_in_order() -> None:
    first, second = ca("first"), ca("second")
    found = read_certificates(b"# a comment\n" + first.certificate + b"\n\ntext\n" + second.certificate)
    assert [certificate.subject.rfc4514_string() for certificate in found] == ["CN=first", "CN=second"]


@pytest.mark.parametrize("pem", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_a_value_error(pem: bytes) -> None:
    with pytest.raises(ValueError):
        read_certificates(pem)


def test_dates() -> None:
    assert validity_problem(one(ca().certificate), NOW) is None
    assert validity_problem(one(ca(period=EXPIRED).certificate), NOW) == "expired on 2021-02-03 04:05:06 UTC"
    problem = validity_problem(one(ca(period=NOT_YET_VALID).certificate), NOW)
    assert problem == "is not valid before 2120-01-02 03:04:05 UTC"


def test_failure_27_the_clock_has_a_leeway_of_a_minute() -> None:
    certificate = one(ca().certificate)
    end, start = VALID.end.timestamp(), VALID.start.timestamp()
    assert validity_problem(certificate, Moment(0, end + CLOCK_LEEWAY_SECONDS)) is None
    assert validity_problem(certificate, Moment(0, end + CLOCK_LEEWAY_SECONDS + 1)) is not None
    assert validity_problem(certificate, Moment(0, start - CLOCK_LEEWAY_SECONDS)) is None
    assert validity_problem(certificate, Moment(0, start - CLOCK_LEEWAY_SECONDS - 1)) is not None

"""Everything that can be wrong with the secret of a client certificate, in its exact words."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.certificates import EXPIRED, NOT_YET_VALID, ca, encrypted_key, new_key

from tidegate.auth.secret_source import DeclaredSource
from tidegate.auth.x509 import X509
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment

NOW = Moment(0, datetime.now(UTC).timestamp())
AUTHORITY = ca()
INTERMEDIATE = AUTHORITY.intermediate()
CLIENT = INTERMEDIATE.client()
GOOD = {
    "client_cert.pem": CLIENT.certificate,
    "client_key.pem": CLIENT.key,
    "client_intermediate_certs.pem": INTERMEDIATE.certificate,
}


def credential(values: Mapping[str, bytes]) -> X509:
    return X509("broker-client", DeclaredSource({"broker-client": values}, {}))


def without(key: str) -> dict[str, bytes]:
    return {name: value for name, value in GOOD.items() if name != key}


def test_certificate_intermediates_and_key() -> None:
    found = credential(GOOD).client_certificate(NOW)
    assert found.reference == "secret broker-client"
    assert found.key_pem == CLIENT.key
    chain = x509.load_pem_x509_certificates(found.chain_pem)
    assert [certificate.public_bytes(Encoding.PEM) for certificate in chain] == [
        CLIENT.certificate,
        INTERMEDIATE.certificate,
    ]


@pytest.mark.parametrize("intermediates", [{}, {"client_intermediate_certs.pem": b" \n"}])
def test_intermediates_are_optional(intermediates: dict[str, bytes]) -> None:
    found = credential({**without("client_intermediate_certs.pem"), **intermediates}).client_certificate(NOW)
    assert len(x509.load_pem_x509_certificates(found.chain_pem)) == 1


def test_a_certificate_file_may_hold_the_chain() -> None:
    values = {"client_cert.pem": CLIENT.certificate + INTERMEDIATE.certificate, "client_key.pem": CLIENT.key}
    found = credential(values).client_certificate(NOW)
    assert len(x509.load_pem_x509_certificates(found.chain_pem)) == 2


PEM_HINT = "PEM text begins with -----BEGIN"
RENEW_HINT = "renew it, or check this machine's clock"


@pytest.mark.parametrize(
    ("values", "detail", "hint"),
    [
        (
            without("client_key.pem"),
            "client_key.pem is missing; the secret has client_cert.pem, client_intermediate_certs.pem",
            "add the key client_key.pem with the PEM text",
        ),
        (
            {},
            "client_cert.pem is missing; the secret has no keys",
            "add the key client_cert.pem with the PEM text",
        ),
        ({**GOOD, "client_cert.pem": b"\n"}, "client_cert.pem is empty", "put the PEM text there"),
        ({**GOOD, "client_cert.pem": b"CANARY"}, "client_cert.pem is not a PEM certificate", PEM_HINT),
        ({**GOOD, "client_cert.pem": CLIENT.key}, "client_cert.pem is not a PEM certificate", PEM_HINT),
        (
            {**GOOD, "client_cert.pem": base64.b64encode(CLIENT.certificate)},
            "client_cert.pem is not a PEM certificate",
            "the value is base64 of PEM text: it was encoded once too often",
        ),
        (
            {
                **GOOD,
                "client_cert.pem": x509.load_pem_x509_certificate(CLIENT.certificate).public_bytes(Encoding.DER),
            },
            "client_cert.pem is not a PEM certificate",
            "the value looks like DER; convert it to PEM with openssl",
        ),
        ({**GOOD, "client_key.pem": b"CANARY"}, "client_key.pem is not a PEM private key", PEM_HINT),
        (
            {**GOOD, "client_intermediate_certs.pem": b"CANARY"},
            "client_intermediate_certs.pem is not a PEM certificate",
            PEM_HINT,
        ),
        (
            {**GOOD, "client_key.pem": encrypted_key(CLIENT.key)},
            "client_key.pem is encrypted, and a password cannot be given",
            "store it without encryption: openssl pkey -in client_key.pem -out client_key.pem.plain",
        ),
        (
            {**GOOD, "client_cert.pem": AUTHORITY.client(period=EXPIRED).certificate},
            "client_cert.pem expired on 2021-02-03 04:05:06 UTC",
            RENEW_HINT,
        ),
        (
            {**GOOD, "client_cert.pem": AUTHORITY.client(period=NOT_YET_VALID).certificate},
            "client_cert.pem is not valid before 2120-01-02 03:04:05 UTC",
            RENEW_HINT,
        ),
        (
            {**GOOD, "client_intermediate_certs.pem": AUTHORITY.intermediate(period=EXPIRED).certificate},
            "client_intermediate_certs.pem expired on 2021-02-03 04:05:06 UTC",
            RENEW_HINT,
        ),
    ],
)
def test_unfit(values: dict[str, bytes], detail: str, hint: str) -> None:
    with pytest.raises(CredentialError) as raised:
        credential(values).client_certificate(NOW)
    assert str(raised.value) == f"secret broker-client: {detail}"
    assert raised.value.hint == hint
    assert "CANARY" not in f"{raised.value!r} {raised.value.__cause__!r}"


def test_failure_23_a_half_written_secret_is_an_error_that_names_it() -> None:
    with pytest.raises(CredentialError) as raised:
        credential({**GOOD, "client_key.pem": new_key()}).client_certificate(NOW)
    assert str(raised.value) == "secret broker-client: client_key.pem does not belong to client_cert.pem"
    assert raised.value.hint == "replace both together; they are read again when the secret changes"


def test_a_missing_secret() -> None:
    with pytest.raises(CredentialError) as raised:
        X509("absent", DeclaredSource({}, {})).client_certificate(NOW)
    assert str(raised.value) == "secret absent: not found in the declared resources"
    assert raised.value.hint == "declare it, or correct the name absent"

"""The context for an endpoint: whom it trusts, what it shows, and handshakes in memory that prove it."""

import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.certificates import EXPIRED, NOT_YET_VALID, VALID, Authority, Issued, ca

from tidegate.auth.anonymous import Anonymous
from tidegate.auth.secret_source import DeclaredSource
from tidegate.auth.tls import credential, fingerprint, ssl_context
from tidegate.auth.x509 import X509
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, TlsPlan, X509Plan
from tidegate.moment import Moment

NOW = Moment(0, datetime.now(UTC).timestamp())
AUTHORITY = ca()
SERVER = AUTHORITY.server("localhost")

PLAIN = EndpointPlan(
    name="broker",
    host="localhost",
    port=8883,
    transport="tcp",
    path="/mqtt",
    tls=None,
    authentication=AnonymousPlan(),
    service_type="MQTT",
)
PUBLIC = replace(PLAIN, tls=TlsPlan())
PRIVATE = replace(PLAIN, tls=TlsPlan(ca_config_map="trust"))
CLIENT = replace(PRIVATE, authentication=X509Plan(secret="identity"))


def source(bundle: Mapping[str, str] | None = None, identity: Mapping[str, bytes] | None = None) -> DeclaredSource:
    trust = {"ca.pem": AUTHORITY.certificate.decode()} if bundle is None else bundle
    return DeclaredSource({} if identity is None else {"identity": identity}, {"trust": trust})


def context(plan: EndpointPlan, found: DeclaredSource) -> ssl.SSLContext:
    made = ssl_context(plan, found, now=NOW)
    assert made is not None
    return made


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str = "localhost") -> ssl.SSLObject:
    """Let both ends shake hands in memory and return the server's end. Raises what either of them does."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
    assert ends[1].version() is not None
    return ends[1]


def server(issued: Issued, tmp_path: Path, *, clients_of: Authority | None = None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain, key = tmp_path / "server.pem", tmp_path / "server.key"
    chain.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    made.load_cert_chain(chain, key)
    if clients_of is not None:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(cadata=clients_of.certificate.decode())
    return made


def error(plan: EndpointPlan, found: DeclaredSource) -> CredentialError:
    with pytest.raises(CredentialError) as raised:
        ssl_context(plan, found, now=NOW)
    assert "CANARY" not in repr(raised.value)
    return raised.value


def test_plaintext_has_no_context() -> None:
    assert ssl_context(PLAIN, source(), now=NOW) is None


@pytest.mark.parametrize("plan", [PUBLIC, PRIVATE])
def test_promises_01_and_02_what_no_setting_relaxes(plan: EndpointPlan) -> None:
    made = context(plan, source())
    assert made.minimum_version == ssl.TLSVersion.TLSv1_2
    assert made.check_hostname
    assert made.verify_mode == ssl.CERT_REQUIRED
    assert not made.hostname_checks_common_name
    assert made.options & ssl.OP_NO_COMPRESSION
    names = {cipher["name"] for cipher in made.get_ciphers()}
    assert not [name for name in names if any(weak in name for weak in ("RC4", "3DES", "DES-", "NULL", "EXP", "MD5"))]


def test_public_roots_without_a_config_map(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[ssl.Purpose] = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda self, purpose: loaded.append(purpose))
    context(PUBLIC, source())
    assert loaded == [ssl.Purpose.SERVER_AUTH]
    context(PRIVATE, source())
    assert loaded == [ssl.Purpose.SERVER_AUTH]


def test_any_key_and_several_certificates(tmp_path: Path) -> None:
    other = ca("Another CA")
    bundle = {
        "notes.txt": "no certificate",
        "whatever": f"# ours\n{ca('First').certificate.decode()}\n{other.certificate.decode()}",
        "z": AUTHORITY.certificate.decode(),
    }
    made = context(PRIVATE, source(bundle))
    assert len(made.get_ca_certs()) == 3
    shake_hands(made, server(SERVER, tmp_path))
    shake_hands(made, server(other.server("localhost"), tmp_path))


def test_an_intermediate_alone_can_be_trusted(tmp_path: Path) -> None:
    intermediate = AUTHORITY.intermediate()
    made = context(PRIVATE, source({"ca": intermediate.certificate.decode()}))
    shake_hands(made, server(intermediate.server("localhost"), tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(made, server(SERVER, tmp_path))


def test_failure_23_a_ca_that_was_taken_out_is_trusted_no_more(tmp_path: Path) -> None:
    shake_hands(context(PRIVATE, source()), server(SERVER, tmp_path))
    later = context(PRIVATE, source({"ca": ca("New CA").certificate.decode()}))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(later, server(SERVER, tmp_path))


@pytest.mark.parametrize("names", [(), ("other.example",), ("*.com",)])
def test_promise_02_the_name_must_match(tmp_path: Path, names: tuple[str, ...]) -> None:
    made = context(PRIVATE, source())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(made, server(AUTHORITY.server(*names), tmp_path), "localhost" if names != ("*.com",) else "a.com")


def test_a_wildcard_with_a_domain_below_matches(tmp_path: Path) -> None:
    shake_hands(context(PRIVATE, source()), server(AUTHORITY.server("*.plant.example"), tmp_path), "b.plant.example")


GARBLED = "-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----\n"
KEEP = ca("Old", EXPIRED).certificate.decode()


@pytest.mark.parametrize(
    ("bundle", "detail", "hint"),
    [
        (
            {"a": "text", "b": ""},
            "there is no PEM certificate in it; its keys are a, b",
            "put the CA there, under any key, as PEM text",
        ),
        (
            {},
            "there is no PEM certificate in it; it has no keys",
            "put the CA there, under any key, as PEM text",
        ),
        (
            {"ca": GARBLED},
            "ca has a PEM certificate that cannot be read",
            "paste the certificate anew, whole lines",
        ),
        (
            {"ca": KEEP},
            "the CA certificate CN=Old expired on 2021-02-03 04:05:06 UTC",
            "add the current CA, or check this machine's clock",
        ),
        (
            {"ca": ca("New", NOT_YET_VALID).certificate.decode()},
            "the CA certificate CN=New is not valid before 2120-01-02 03:04:05 UTC",
            "add the current CA, or check this machine's clock",
        ),
        (
            {"a": ca("Older", EXPIRED).certificate.decode(), "b": KEEP},
            "none of the CA certificates is valid; CN=Old expired on 2021-02-03 04:05:06 UTC",
            "add the current CA, or check this machine's clock",
        ),
    ],
)
def test_a_bundle_that_cannot_be_used(bundle: dict[str, str], detail: str, hint: str) -> None:
    raised = error(PRIVATE, source(bundle))
    assert str(raised) == f"config map trust: {detail}"
    assert raised.hint == hint


def test_an_expired_ca_beside_a_current_one_is_no_error(tmp_path: Path) -> None:
    made = context(PRIVATE, source({"a": KEEP, "b": AUTHORITY.certificate.decode()}))
    shake_hands(made, server(SERVER, tmp_path))


def test_a_missing_config_map() -> None:
    assert str(error(PRIVATE, DeclaredSource({}, {}))) == "config map trust: not found in the declared resources"


def identity(issuer: Authority = AUTHORITY) -> dict[str, bytes]:
    issued = issuer.client("pump-7")
    return {"client_cert.pem": issued.certificate, "client_key.pem": issued.key}


def test_the_client_certificate_is_shown(tmp_path: Path) -> None:
    made = context(CLIENT, source(identity=identity()))
    end = shake_hands(made, server(SERVER, tmp_path, clients_of=AUTHORITY))
    certificate = end.getpeercert()
    assert certificate is not None
    assert certificate["subject"] == ((("commonName", "pump-7"),),)


def test_intermediates_are_shown_with_it(tmp_path: Path) -> None:
    intermediate = AUTHORITY.intermediate()
    values = {**identity(intermediate), "client_intermediate_certs.pem": intermediate.certificate}
    made = context(CLIENT, source(identity=values))
    shake_hands(made, server(SERVER, tmp_path, clients_of=AUTHORITY))


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


KEYS: dict[str, tuple[Callable[[], CertificateIssuerPrivateKeyTypes], PrivateFormat]] = {
    "RSA in PKCS 8": (_rsa, PrivateFormat.PKCS8),
    "RSA in PKCS 1": (_rsa, PrivateFormat.TraditionalOpenSSL),
    "EC P-256 in SEC 1": (lambda: ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL),
    "EC P-384": (lambda: ec.generate_private_key(ec.SECP384R1()), PrivateFormat.PKCS8),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, PrivateFormat.PKCS8),
}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_kind_prove_themselves_in_both_versions(
    tmp_path: Path, kind: str, version: ssl.TLSVersion
) -> None:
    make, form = KEYS[kind]
    key = make().private_bytes(Encoding.PEM, form, NoEncryption())
    intermediate = AUTHORITY.intermediate()
    values = {
        "client_cert.pem": intermediate.client("pump-7", key=key).certificate,
        "client_key.pem": key,
        "client_intermediate_certs.pem": intermediate.certificate,
    }
    asking = server(SERVER, tmp_path, clients_of=AUTHORITY)
    asking.minimum_version = asking.maximum_version = version
    end = shake_hands(context(CLIENT, source(identity=values)), asking)
    assert end.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
    certificate = end.getpeercert()
    assert certificate is not None
    assert certificate["subject"] == ((("commonName", "pump-7"),),)


def test_promise_05_the_key_is_private_while_it_is_a_file_and_then_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[int] = []
    load_cert_chain = ssl.SSLContext.load_cert_chain

    def look(self: ssl.SSLContext, chain: Path, key: Path, password: object) -> None:
        seen.extend(path.stat().st_mode & 0o777 for path in (key.parent, key, chain))
        load_cert_chain(self, chain, key, password)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", look)
    context(CLIENT, source(identity=identity()))
    assert seen == [0o700, 0o600, 0o600]
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_room_for_the_key_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not-there"))
    raised = error(CLIENT, source(identity=identity()))
    assert str(raised) == "secret identity: no file for it can be made for a moment: no such file or directory"
    assert raised.hint == "give the process a temporary directory that it can write to (TMPDIR)"


def test_a_key_too_weak_for_tls_is_an_error_that_names_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    raised = error(CLIENT, source(identity=weak_identity()))
    assert str(raised) == "secret identity: it cannot be used for TLS: ee key too small"
    assert raised.hint == "issue it anew with RSA 2048 or more, or an EC or Ed25519 key, and SHA-256"
    assert list(tmp_path.iterdir()) == []


def weak_identity() -> dict[str, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weak")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(VALID.start)
        .not_valid_after(VALID.end)
        .sign(key, hashes.SHA256())
    )
    return {
        "client_cert.pem": certificate.public_bytes(Encoding.PEM),
        "client_key.pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }


def test_a_missing_secret() -> None:
    assert str(error(CLIENT, source())) == "secret identity: not found in the declared resources"


def test_credentials_by_plan() -> None:
    assert isinstance(credential(AnonymousPlan(), source()), Anonymous)
    assert isinstance(credential(X509Plan(secret="identity"), source()), X509)


def test_a_fingerprint_changes_with_what_is_used_and_with_nothing_else() -> None:
    good = identity()
    first = fingerprint(CLIENT, source(identity=good))
    assert fingerprint(CLIENT, source(identity={**good, "other": b"x"})) == first
    assert fingerprint(replace(CLIENT, name="renamed", port=1), source(identity=good)) == first
    states = {
        first,
        fingerprint(CLIENT, source(identity=identity())),
        fingerprint(CLIENT, source(identity={**good, "client_intermediate_certs.pem": b"x"})),
        fingerprint(CLIENT, source({"ca": KEEP}, good)),
        fingerprint(CLIENT, source()),
        fingerprint(CLIENT, DeclaredSource({"identity": good}, {})),
        fingerprint(PRIVATE, source()),
        fingerprint(PUBLIC, source()),
    }
    assert len(states) == 8
    assert fingerprint(PLAIN, source()) == fingerprint(PUBLIC, source({}))

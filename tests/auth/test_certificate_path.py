"""Which authority a client's certificate leads to."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.certificates import EXPIRED, VALID, Authority, ca, new_key

from tidegate.auth.certificate_path import PATH_CERTIFICATES_MAX, leads_to

NOW = VALID.start.timestamp() + 86_400.0
ROOT, OTHER = ca("Root"), ca("Other root")
PRESS = ROOT.intermediate("Press CA")
LINE = PRESS.intermediate("Line CA")
ONLY_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
NAMES = x509.NameConstraints([x509.DirectoryName(x509.Name([]))], None)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")


def read(*pems: bytes) -> list[x509.Certificate]:
    return [x509.load_pem_x509_certificate(pem) for pem in pems]


def leads(*chain: bytes, to: tuple[Authority, ...] = (ROOT,), is_only_choice: bool = False, now: float = NOW) -> bool:
    trusted = read(*(each.certificate for each in to))
    return leads_to(read(*chain), trusted, now, is_only_choice=is_only_choice)


def issuer(
    *extensions: tuple[x509.ExtensionType, bool], by: Authority = ROOT, key: bytes | None = None, ca: bool = True
) -> Authority:
    """Make an authority below another with extensions and whether each is critical."""
    key = key or new_key()
    parent = x509.load_pem_x509_certificate(by.certificate)
    private, signing = load_pem_private_key(key, None), load_pem_private_key(by.key, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Made CA")]))
        .issuer_name(parent.subject)
        .public_key(private.public_key())  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID.start)
        .not_valid_after(VALID.end)
    )
    if not any(isinstance(each, x509.BasicConstraints) for each, _ in extensions):
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    certificate = builder.sign(signing, hashes.SHA256())  # type: ignore[arg-type]
    return Authority(certificate.public_bytes(Encoding.PEM), key)


def usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, signs_certificates, False, False, False)


def test_directly_and_through_what_the_client_sent_in_any_order() -> None:
    leaf = LINE.client("press-1").certificate
    assert leads(ROOT.client("press-1").certificate)
    assert leads(leaf, LINE.certificate, PRESS.certificate)
    assert leads(leaf, PRESS.certificate, LINE.certificate)
    assert leads(leaf, LINE.certificate, to=(PRESS,)), "an intermediate may be what is trusted"
    assert leads(leaf, to=(OTHER, LINE))


def test_not_to_somebody_elses_authority_or_without_what_lies_between() -> None:
    leaf = LINE.client("press-1").certificate
    assert not leads(leaf, LINE.certificate, PRESS.certificate, to=(OTHER,))
    assert not leads(leaf, LINE.certificate)
    assert not leads(leaf, PRESS.certificate)
    namesake = ca("Root")
    assert not leads(ROOT.client("press-1").certificate, to=(namesake,)), "a name proves nothing"
    assert not leads(leaf, LINE.certificate, PRESS.certificate, to=())


def test_a_certificate_that_is_trusted_itself() -> None:
    pinned = OTHER.client("press-1").certificate
    assert leads_to(read(pinned), read(ROOT.certificate, pinned), NOW, is_only_choice=False)


def test_an_issuer_must_be_one() -> None:
    for made in (
        ROOT.client("press-1"),
        issuer(ca=False),
        issuer((usage(signs_certificates=False), True)),
        issuer((ONLY_SERVERS, False)),
    ):
        below = Authority(made.certificate, made.key)
        assert not leads(below.client("press-2").certificate, below.certificate)
    good = issuer((usage(signs_certificates=True), True))
    assert leads(good.client("press-2").certificate, good.certificate)


def test_the_length_of_a_path_and_dates_hold() -> None:
    short = issuer((x509.BasicConstraints(ca=True, path_length=0), True))
    below = short.intermediate("Below")
    assert leads(short.client("press-1").certificate, short.certificate)
    assert not leads(below.client("press-1").certificate, below.certificate, short.certificate)
    old = ROOT.intermediate("Old", EXPIRED)
    assert not leads(old.client("press-1").certificate, old.certificate)
    assert not leads(ROOT.client("press-1").certificate, now=NOW + 3_650 * 86_400)


def test_constraints_that_are_not_judged_here_count_only_where_tls_has_judged_them() -> None:
    for extension, is_critical in ((NAMES, True), (NAMES, False), (UNKNOWN, True)):
        made = issuer((extension, is_critical))
        leaf = made.client("press-1").certificate
        assert not leads(leaf, made.certificate)
        assert leads(leaf, made.certificate, is_only_choice=True)
    harmless = issuer((UNKNOWN, False))
    assert leads(harmless.client("press-1").certificate, harmless.certificate)


def test_authorities_that_issue_each_other_cost_no_more_than_each_of_them_once() -> None:
    key = new_key()
    ring = issuer(key=key)
    rings = [issuer(by=ring, key=key) for _ in range(PATH_CERTIFICATES_MAX - 2)]
    leaf = ring.client("press-1").certificate
    assert not leads(leaf, *(each.certificate for each in rings), to=(OTHER,))
    assert leads(leaf, *(each.certificate for each in rings), ring.certificate)


def test_so_many_are_looked_at() -> None:
    others = [OTHER.client(f"c{number}").certificate for number in range(PATH_CERTIFICATES_MAX - 1)]
    assert not leads(PRESS.client("press-1").certificate, *others, PRESS.certificate)
    assert leads(PRESS.client("press-1").certificate, *others[1:], PRESS.certificate)

"""The local certificate authority."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from tidegate.auth.authority import BROKER_NAMES, Authority
from tidegate.auth.certificates import read_certificates
from tidegate.exceptions import CredentialError

NOW = 1_800_000_000.0
DAY = 86_400.0


def test_it_is_made_once_and_read_again(tmp_path: Path) -> None:
    first = Authority.open(tmp_path, NOW)
    assert first.ca_file.read_text() == first.bundle_pem()
    assert first.ca_file.stat().st_mode & 0o777 == 0o644
    assert {each.stat().st_mode & 0o777 for each in (tmp_path / "authority").iterdir()} == {0o600}
    assert (tmp_path / "authority").stat().st_mode & 0o777 == 0o700
    assert Authority.open(tmp_path, NOW + DAY).bundle_pem() == first.bundle_pem()


def test_a_server_certificate_names_the_broker_and_what_the_user_says(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path, NOW)
    made = authority.server_certificate(("gateway.plant", "192.0.2.3", "localhost"), NOW)
    (certificate,) = read_certificates(made.chain_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    shown = [str(each.value) for each in names]
    assert shown == [*BROKER_NAMES, "gateway.plant", "192.0.2.3"]
    (ca,) = read_certificates(authority.bundle_pem().encode())
    certificate.verify_directly_issued_by(ca)
    assert certificate.not_valid_before_utc < datetime.fromtimestamp(NOW, UTC) < certificate.not_valid_after_utc
    assert NOW + 59 * DAY < made.renew_at_wall < NOW + 61 * DAY


def test_it_is_renewed_before_it_ends_and_both_are_trusted(tmp_path: Path) -> None:
    old = read_certificates(Authority.open(tmp_path, NOW).bundle_pem().encode())
    renewed = Authority.open(tmp_path, NOW + 3300 * DAY)
    both = read_certificates(renewed.bundle_pem().encode())
    assert len(both) == 2 and both[1] == old[0] and both[0].subject != both[1].subject
    (certificate,) = read_certificates(renewed.server_certificate((), NOW + 3300 * DAY).chain_pem)
    certificate.verify_directly_issued_by(both[0])
    after = Authority.open(tmp_path, NOW + 3700 * DAY)
    assert read_certificates(after.bundle_pem().encode()) == both, "what has ended leaves with the next renewal"


@pytest.mark.parametrize("damage", ["missing key", "foreign key", "no key"])
def test_damage_is_said_and_nothing_is_written_over(tmp_path: Path, damage: str) -> None:
    Authority.open(tmp_path, NOW)
    key = tmp_path / "authority" / "ca.key"
    if damage == "missing key":
        key.unlink()
    elif damage == "foreign key":
        Authority.open(tmp_path / "other", NOW)
        key.write_bytes((tmp_path / "other" / "authority" / "ca.key").read_bytes())
    else:
        key.write_bytes(b"nonsense")
    before = {each.name: each.read_bytes() for each in (tmp_path / "authority").iterdir()}
    with pytest.raises(CredentialError) as raised:
        Authority.open(tmp_path, NOW)
    assert raised.value.hint is not None and "backup" in raised.value.hint
    assert {each.name: each.read_bytes() for each in (tmp_path / "authority").iterdir()} == before

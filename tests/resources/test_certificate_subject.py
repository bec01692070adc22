"""Subjects of certificates, in every form in which people have them at hand."""

import pytest
from cryptography import x509

from tidegate.resources.certificate_subject import SubjectError, canonical_subject


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("CN=line1,O=Plant", "CN=line1,O=Plant"),
        ("CN = Contoso Root CA Cert, OU = Engineering, C = US", "CN=Contoso Root CA Cert,OU=Engineering,C=US"),
        ('O = "Plant, Inc.", CN = a', "O=Plant\\, Inc.,CN=a"),
        ("O=Plant\\, Inc.", "O=Plant\\, Inc."),
        ("cn=a,S=Ohio", "CN=a,ST=Ohio"),
        ("emailAddress = a@b.c", "1.2.840.113549.1.9.1=a@b.c"),
        ("2.5.4.5=7", "2.5.4.5=7"),
    ],
)
def test_every_form_becomes_that_of_rfc_4514(written: str, canonical: str) -> None:
    assert canonical_subject(written) == canonical
    x509.Name.from_rfc4514_string(canonical)
    assert canonical_subject(canonical) == canonical


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("line1", "`line1` is not `NAME=VALUE`"),
        ("CN=", "is not `NAME=VALUE`"),
        ("CN=a,,O=b", "`` is not `NAME=VALUE`"),
        ("/CN=a/O=b", "separated by `,`"),
        ("Name=a", "`Name` is no part of a subject"),
        ('CN="a', "within quotes"),
        ("CN=a\\", "with `\\`"),
    ],
)
def test_what_is_no_subject_is_said(written: str, why: str) -> None:
    with pytest.raises(SubjectError) as found:
        canonical_subject(written)
    assert why in str(found.value)

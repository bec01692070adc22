"""`auth/ca_file.py`: whom a client trusts, and what is wrong with a file."""

import ssl
import time
from pathlib import Path

import pytest

from tidegate.auth.authority import Authority
from tidegate.auth.ca_file import trusting
from tidegate.exceptions import CredentialError


def test_only_the_authorities_of_the_file_are_trusted(tmp_path: Path) -> None:
    Authority.open(tmp_path, time.time())
    context = trusting(tmp_path / "ca.crt", "copy it")
    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_file_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nonsense")
    for name, reason in (("ca.crt", "it holds no certificate"), ("none", "no such file or directory")):
        with pytest.raises(CredentialError, match=f"{name}: {reason}") as caught:
            trusting(tmp_path / name, "copy it")
        assert caught.value.hint == "copy it"

"""`web/api_tokens.py`: tokens in files that nobody else may read."""

from pathlib import Path

import pytest

from tidegate.exceptions import CredentialError
from tidegate.web.api_tokens import api_token_path, api_tokens


def test_tokens_are_made_once_with_tight_modes(tmp_path: Path) -> None:
    made = api_tokens(tmp_path)
    assert made == api_tokens(tmp_path)
    assert len({*made.values()}) == 2
    for role, token in made.items():
        path = api_token_path(tmp_path, role)
        assert path.read_text().strip() == token
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["", "short", "a token with spaces that is long enough for it\n"])
def test_a_file_without_a_token_is_refused(tmp_path: Path, text: str) -> None:
    api_tokens(tmp_path)
    api_token_path(tmp_path, "write").write_text(text)
    with pytest.raises(CredentialError, match="no token"):
        api_tokens(tmp_path)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    api_tokens(tmp_path)
    api_token_path(tmp_path, "read").chmod(0o644)
    with pytest.raises(CredentialError, match="others"):
        api_tokens(tmp_path)

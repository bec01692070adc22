"""`tidegate token create`."""

from pathlib import Path

import jwt
import pytest

from tidegate.auth.token_issuer import TokenIssuer
from tidegate.auth.token_verifier import verify_token
from tidegate.cli import main


def test_the_token_alone_is_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = str(tmp_path)
    options = ["--client", "press-1", "--ttl", "2h", "--attribute", "line=one", "--attribute", "site=a=b"]
    assert main(["token", "create", "--audience", "a", *options, "--data-dir", directory]) == 0
    out, err = capsys.readouterr()
    assert err == "" and out.count("\n") == 1
    claims = jwt.decode(out.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7200
    found = verify_token(out.encode(), TokenIssuer.open(tmp_path).keys(), ["a"], claims["iat"])
    assert found.subject == "system:serviceaccount:azure-iot-operations:press-1"
    assert found.attributes == (("line", "one"), ("site", "a=b"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ([], "--audience"),
        (["--audience", "a", "--ttl", "soon"], "24h"),
        (["--audience", "a", "--ttl", "400d"], "366d"),
        (["--audience", "a", "--client", "A B"], "service account"),
        (["--audience", "a", "--attribute", "line"], "NAME=VALUE"),
    ],
)
def test_what_is_not_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], word: str
) -> None:
    assert main(["token", "create", "--data-dir", str(tmp_path), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and word in err

"""Who a client is, by the methods of a listener in their order."""

import ssl
from pathlib import Path

import pytest
from tests.certificates import EXPIRED, ca

from tidegate.auth import passwords
from tidegate.auth.authenticator import Authenticator
from tidegate.auth.passwords import Users
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.broker.identity import Accepted, Basis, Identity, Presented, Refused, Verdict
from tidegate.broker.plan import MethodPlan, PasswordMethod, TokenMethod, X509Attributes, X509Method

NOW = 1_800_000_000.0
CA = ca()
X509 = X509Method("client-ca", (X509Attributes("press", "CN=press-1", (("line", "1"),)),))
TOKENS = TokenMethod(("aio-internal",))


@pytest.fixture(name="world")
def a_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[TokenIssuer, Users]:
    monkeypatch.setattr(passwords, "_N", 16)
    users = Users(tmp_path)
    users.set("oven", b"password-1")
    return TokenIssuer.open(tmp_path), users


World = tuple[TokenIssuer, Users]


def gate(world: World, *methods: MethodPlan, cas: dict[str, str] | None = None) -> Authenticator:
    client_cas = {"client-ca": CA.certificate.decode()} if cas is None else cas
    return Authenticator(methods=methods, token_keys=world[0].keys(), users=world[1], client_cas=client_cas)


def code(verdict: Verdict) -> int:
    assert isinstance(verdict, Refused), verdict
    return verdict.reason_code


def shown(name: str = "press-1", **named: object) -> tuple[bytes, ...]:
    return (ssl.PEM_cert_to_DER_cert(CA.client(name, **named).certificate.decode()),)  # type: ignore[arg-type]


def test_a_token(world: World) -> None:
    token = world[0].issue("aio-internal", "one", 60.0, NOW).encode()
    check = gate(world, TOKENS).check
    found = check(Presented(client_id="c", method="K8S-SAT", data=token), NOW)
    assert isinstance(found, Accepted) and found.expires_wall is not None
    assert found.identity.subject == "system:serviceaccount:azure-iot-operations:one"
    old = check(Presented(client_id="c", username="K8S-SAT", password=token), NOW)
    assert isinstance(old, Accepted), "MQTT 3.1.1 has only a password for it"
    assert code(check(Presented(client_id="c", method="K8S-SAT", data=b"x"), NOW)) == 0x87
    assert code(check(Presented(client_id="c", method="K8S-SAT"), NOW)) == 0x87
    assert code(check(Presented(client_id="c", method="K8S-SAT", data=token), NOW + 1_000)) == 0x87


def test_a_tokens_attributes_are_the_clients(world: World) -> None:
    token = world[0].issue("aio-internal", "one", 60.0, NOW, {"line": "one"}).encode()
    found = gate(world, TOKENS).check(Presented(client_id="c", method="K8S-SAT", data=token), NOW)
    assert isinstance(found, Accepted) and found.identity.attributes == (("line", "one"),)


def test_again_only_as_the_same(world: World) -> None:
    token = world[0].issue("aio-internal", "one", 60.0, NOW).encode()
    subject = "system:serviceaccount:azure-iot-operations:one"
    check = gate(world, TOKENS).check
    assert isinstance(
        check(Presented(client_id="c", method="K8S-SAT", data=token, subject_before=subject), NOW), Accepted
    )
    assert code(check(Presented(client_id="c", method="K8S-SAT", data=token, subject_before="other"), NOW)) == 0x87


def test_a_password(world: World) -> None:
    both = gate(world, TOKENS, PasswordMethod())
    right = Presented(client_id="c", username="oven", password=b"password-1")
    assert both.is_slow(right)
    found = both.check(right, NOW)
    assert isinstance(found, Accepted) and (found.identity.subject, found.expires_wall) == ("oven", None)
    assert code(both.check(Presented(client_id="c", username="oven", password=b"no"), NOW)) == 0x86
    assert code(both.check(Presented(client_id="c", username="nobody", password=b"password-1"), NOW)) == 0x86
    assert not both.is_slow(Presented(client_id="c", method="K8S-SAT", data=b"x"))


def test_promise_03_a_certificate(world: World) -> None:
    check = gate(world, X509).check
    found = check(Presented(client_id="c", certificates_der=shown()), VALID_AT)
    assert isinstance(found, Accepted) and found.expires_wall is not None
    assert (found.identity.subject, found.identity.attributes) == ("CN=press-1", (("line", "1"),))
    other = check(Presented(client_id="c", certificates_der=shown("oven-1")), VALID_AT)
    assert isinstance(other, Accepted) and other.identity.attributes == ()
    assert code(check(Presented(client_id="c", certificates_der=shown(period=EXPIRED)), VALID_AT)) == 0x87
    server = ssl.PEM_cert_to_DER_cert(CA.server("x").certificate.decode())
    assert code(check(Presented(client_id="c", certificates_der=(server,)), VALID_AT)) == 0x87


def test_each_method_has_its_own_authorities_and_the_one_that_a_certificate_is_of_decides(world: World) -> None:
    other, line = ca("Another CA"), CA.intermediate("Line CA")
    cas = {"client-ca": other.certificate.decode(), "second": CA.certificate.decode()}
    assert code(gate(world, X509, cas=cas).check(Presented(client_id="c", certificates_der=shown()), VALID_AT)) == 0x87
    second = X509Method("second", (X509Attributes("all", "CN=press-1", (("line", "2"),)),))
    both = gate(world, X509, second, cas=cas)
    for chain, attributes in (
        ((other.client("press-1"),), (("line", "1"),)),
        ((CA.client("press-1"),), (("line", "2"),)),
        ((line.client("press-1"), line), (("line", "2"),)),
    ):
        certificates = tuple(ssl.PEM_cert_to_DER_cert(each.certificate.decode()) for each in chain)
        found = both.check(Presented(client_id="c", certificates_der=certificates), VALID_AT)
        assert isinstance(found, Accepted) and found.identity.attributes == attributes
    alone = (ssl.PEM_cert_to_DER_cert(line.client("press-1").certificate.decode()),)
    refused = both.check(Presented(client_id="c", certificates_der=alone), VALID_AT)
    assert refused == Refused(0x87, "its certificate is of no authority in client-ca or second")


def test_a_certificate_of_nobodys_leaves_the_word_to_a_password(world: World) -> None:
    cas = {"client-ca": ca("Another CA").certificate.decode()}
    check = gate(world, X509, PasswordMethod(), cas=cas).check
    presented = Presented(client_id="c", certificates_der=shown(), username="oven", password=b"password-1")
    found = check(presented, VALID_AT)
    assert isinstance(found, Accepted) and found.identity.subject == "oven"


def test_without_an_authority_no_certificate_is_good(world: World) -> None:
    cas = {"client-ca": ""}
    assert code(gate(world, X509, cas=cas).check(Presented(client_id="c", certificates_der=shown()), VALID_AT)) == 0x87


def test_the_first_relevant_method_decides(world: World) -> None:
    check = gate(world, X509, PasswordMethod()).check
    presented = Presented(client_id="c", certificates_der=shown(), username="oven", password=b"no")
    assert isinstance(check(presented, VALID_AT), Accepted)
    check = gate(world, PasswordMethod(), X509).check
    assert code(check(presented, VALID_AT)) == 0x86


def test_promise_09_a_user_that_is_gone_or_has_another_password_is_not_good_any_more(world: World) -> None:
    check = gate(world, TOKENS, PasswordMethod())
    found = check.check(Presented(client_id="c", username="oven", password=b"password-1"), NOW)
    assert isinstance(found, Accepted)
    again = Presented(client_id="c")
    world[1].set("another", b"password-1")
    assert check.judge_again(found.basis, again, NOW) is None
    world[1].set("oven", b"password-2")
    assert check.judge_again(found.basis, again, NOW) == Refused(0x87, "the user has another password")
    world[1].delete("oven")
    assert check.judge_again(found.basis, again, NOW) == Refused(0x87, "there is no such user any more")
    assert code(gate(world, TOKENS).judge_again(found.basis, again, NOW) or found) == 0x87


def test_a_file_of_users_that_cannot_be_read_throws_nobody_out(world: World, tmp_path: Path) -> None:
    check = gate(world, PasswordMethod())
    found = check.check(Presented(client_id="c", username="oven", password=b"password-1"), NOW)
    assert isinstance(found, Accepted)
    (tmp_path / "users.json").write_bytes(b"nonsense")
    assert check.judge_again(found.basis, Presented(client_id="c"), NOW) is None


def test_promise_09_a_token_is_good_while_a_method_takes_its_audience(world: World) -> None:
    token = world[0].issue("aio-internal", "one", 60.0, NOW).encode()
    found = gate(world, TOKENS).check(Presented(client_id="c", method="K8S-SAT", data=token), NOW)
    assert isinstance(found, Accepted) and found.basis == Basis("token", ("aio-internal",))
    again = Presented(client_id="c")
    both = TokenMethod(("other", "aio-internal"))
    assert gate(world, PasswordMethod(), both).judge_again(found.basis, again, NOW) is None
    for methods in ((PasswordMethod(),), (TokenMethod(("other",)),)):
        assert code(gate(world, *methods).judge_again(found.basis, again, NOW) or found) == 0x87


def test_promise_09_a_certificate_is_judged_by_the_authorities_and_attributes_of_now(world: World) -> None:
    presented = Presented(client_id="c", certificates_der=shown())
    found = gate(world, X509).check(presented, VALID_AT)
    assert isinstance(found, Accepted)
    other = X509Method("client-ca", (X509Attributes("press", "CN=press-1", (("line", "2"),)),))
    again = gate(world, other).judge_again(found.basis, presented, VALID_AT)
    assert isinstance(again, Accepted) and again.identity.attributes == (("line", "2"),)
    without = gate(world, X509, cas={"client-ca": ca("Another CA").certificate.decode()})
    assert code(without.judge_again(found.basis, presented, VALID_AT) or found) == 0x87


def test_promise_09_who_was_never_asked_is_not_good_where_clients_are(world: World) -> None:
    assert code(gate(world, TOKENS).judge_again(None, Presented(client_id="c"), NOW) or Accepted(Identity("c"))) == 0x87


def test_nothing_relevant(world: World) -> None:
    assert code(gate(world, TOKENS).check(Presented(client_id="c"), NOW)) == 0x87
    assert code(gate(world, TOKENS).check(Presented(client_id="c", username="oven", password=b"x"), NOW)) == 0x87
    assert code(gate(world, TOKENS).check(Presented(client_id="c", method="OAUTH2-JWT", data=b"x"), NOW)) == 0x8C


def valid_at() -> float:
    from tests.certificates import VALID

    return VALID.start.timestamp() + 86_400.0


VALID_AT = valid_at()

"""Who a client of the broker is: the methods of one BrokerAuthentication, tried in their order (facts 1.9).

Knows which method is meant by what a client presents, and the reason codes of refusals. Does not know connections.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from tidegate.auth.certificate_path import leads_to
from tidegate.auth.certificates import read_certificates, validity_problem
from tidegate.auth.passwords import Users
from tidegate.auth.token_verifier import TokenRefused, verify_token
from tidegate.broker.identity import Accepted, Basis, Identity, Presented, Refused, Verdict
from tidegate.broker.plan import MethodPlan, PasswordMethod, TokenMethod, X509Attributes, X509Method
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment

__all__ = ["TOKEN_METHOD", "Authenticator"]

TOKEN_METHOD = "K8S-SAT"  # noqa: S105 - it is the name of the method, and of the user whose password is a token

BAD_USER_NAME_OR_PASSWORD = 0x86
NOT_AUTHORIZED = 0x87
SERVER_UNAVAILABLE = 0x88
BAD_AUTHENTICATION_METHOD = 0x8C


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """Checks what clients present. `client_cas` are PEM bundles by the name of their config map."""

    methods: tuple[MethodPlan, ...]
    token_keys: Mapping[str, EllipticCurvePublicKey]
    users: Users
    client_cas: Mapping[str, str]

    def is_slow(self, presented: Presented) -> bool:
        """Tell whether `check` may take tens of milliseconds: when a password may be what decides."""
        has_password = presented.method is None and bool(presented.username) and presented.username != TOKEN_METHOD
        return has_password and any(isinstance(method, PasswordMethod) for method in self.methods)

    def check(self, presented: Presented, now_wall: float) -> Verdict:
        """Judge what a client presented by the first method that it is meant for."""
        method = self._relevant(presented, now_wall)
        match method:
            case None:
                return self._nothing_relevant(presented)
            case TokenMethod():
                verdict = self._check_token(method, presented, now_wall)
            case X509Method():
                verdict = _check_certificate(method, presented, now_wall)
            case PasswordMethod():
                verdict = self._check_password(presented)
        before = presented.subject_before
        if isinstance(verdict, Accepted) and before is not None and verdict.identity.subject != before:
            return Refused(NOT_AUTHORIZED, "it authenticated again as somebody else")
        return verdict

    def judge_again(self, basis: Basis | None, presented: Presented, now_wall: float) -> Verdict | None:
        """Judge a client that was let in, by other methods or users than these perhaps; None while nothing is different.

        Of what it presented only its name and certificates are left.
        """
        match basis:
            case None:
                return Refused(NOT_AUTHORIZED, "the listener asks who its clients are, and it was not asked")
            case Basis(kind="certificate"):
                return self.check(presented, now_wall)
            case Basis(kind="token", names=audiences):
                methods = [method for method in self.methods if isinstance(method, TokenMethod)]
                if not any(audience in method.audiences for method in methods for audience in audiences):
                    return Refused(NOT_AUTHORIZED, "no method of the listener takes tokens of its audience any more")
            case Basis(names=(user, *_), mark=mark):
                if not any(isinstance(method, PasswordMethod) for method in self.methods):
                    return Refused(NOT_AUTHORIZED, "no method of the listener takes passwords any more")
                return self._judge_user_again(user, mark)
        return None

    def _judge_user_again(self, user: str, mark: bytes) -> Refused | None:
        try:
            current = self.users.mark(user)
        except CredentialError:
            return None  # Nobody is let in meanwhile, and nobody is proved wrong by a file that cannot be read.
        if current == mark:
            return None
        what = "there is no such user any more" if current is None else "the user has another password"
        return Refused(NOT_AUTHORIZED, what)

    def _relevant(self, presented: Presented, now_wall: float) -> MethodPlan | None:
        is_token = presented.method == TOKEN_METHOD or (
            # MQTT 3.1.1 has no enhanced authentication, so a token may be the password of a user of that name.
            presented.method is None and presented.username == TOKEN_METHOD
        )
        for method in self.methods:
            match method:
                case TokenMethod() if is_token:
                    return method
                case X509Method() if presented.method is None and self._is_of(method, presented, now_wall):
                    return method
                case PasswordMethod() if presented.method is None and presented.username and not is_token:
                    return method
        return None

    def _nothing_relevant(self, presented: Presented) -> Refused:
        if presented.method is not None:
            return Refused(BAD_AUTHENTICATION_METHOD, f"no method of the listener is {presented.method!r}")
        names = [each.trusted_client_ca_config_map for each in self.methods if isinstance(each, X509Method)]
        if presented.certificates_der and names:
            return Refused(NOT_AUTHORIZED, f"its certificate is of no authority in {' or '.join(names)}")
        return Refused(NOT_AUTHORIZED, "it presented nothing that a method of the listener is for")

    def _is_of(self, method: X509Method, presented: Presented, now_wall: float) -> bool:
        """Tell whether a client has a certificate of the method's own authorities; those of others are for other methods."""
        bundle = self.client_cas.get(method.trusted_client_ca_config_map, "")
        if not presented.certificates_der or not bundle:
            return False
        chain = [x509.load_der_x509_certificate(each) for each in presented.certificates_der]
        trusted = read_certificates(bundle.encode())
        return leads_to(chain, trusted, now_wall, is_only_choice=len(self.client_cas) == 1)

    def _check_token(self, method: TokenMethod, presented: Presented, now_wall: float) -> Verdict:
        token = presented.data if presented.method is not None else presented.password
        if not token:
            return Refused(NOT_AUTHORIZED, "there is no token")
        try:
            claims = verify_token(token, self.token_keys, method.audiences, now_wall)
        except TokenRefused as error:
            return Refused(NOT_AUTHORIZED, str(error))
        identity = Identity(presented.client_id, claims.subject, claims.attributes)
        return Accepted(identity, claims.expires_wall, Basis("token", claims.audiences))

    def _check_password(self, presented: Presented) -> Verdict:
        username = presented.username or ""
        try:
            mark = self.users.check(username, presented.password or b"")
        except CredentialError as error:
            return Refused(SERVER_UNAVAILABLE, str(error))
        if mark is None:
            return Refused(BAD_USER_NAME_OR_PASSWORD, "the user name or the password is wrong")
        return Accepted(Identity(presented.client_id, username), basis=Basis("password", (username,), mark))


def _check_certificate(method: X509Method, presented: Presented, now_wall: float) -> Verdict:
    """Judge a certificate of the method's authorities; TLS has verified that the client has its key."""
    certificate = x509.load_der_x509_certificate(presented.certificates_der[0])
    problem = validity_problem(certificate, Moment(0.0, now_wall))
    if problem is not None:
        return Refused(NOT_AUTHORIZED, f"its certificate {problem}")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    if usage is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        return Refused(NOT_AUTHORIZED, "its certificate is not for clients")
    subject = certificate.subject.rfc4514_string()
    identity = Identity(presented.client_id, subject, _attributes(method.attributes, certificate.subject))
    return Accepted(identity, certificate.not_valid_after_utc.timestamp(), Basis("certificate"))


def _attributes(rules: tuple[X509Attributes, ...], subject: x509.Name) -> tuple[tuple[str, str], ...]:
    """Return the attributes of the first rule whose subject is the certificate's, or its end (facts 1.9)."""
    parts = _name_parts(subject)
    for rule in rules:
        try:
            wanted = _name_parts(x509.Name.from_rfc4514_string(rule.subject))
        except ValueError:
            continue  # a form that RFC 4514 has and no certificate
        if wanted and parts[-len(wanted) :] == wanted:
            return rule.attributes
    return ()


def _name_parts(name: x509.Name) -> list[str]:
    return [each.rfc4514_string() for each in name.rdns][::-1]

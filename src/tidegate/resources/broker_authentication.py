"""`BrokerAuthentication`: how clients of the embedded broker prove who they are (facts 1.9).

Knows the methods and their settings. Does not know config maps' contents, or which port uses what.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource
from tidegate.resources.broker import BrokerPart
from tidegate.resources.certificate_subject import SubjectError, canonical_subject
from tidegate.resources.values import ConfigMapRef, NonEmpty, at_least_one

__all__ = [
    "AuthorizationAttributes",
    "BrokerAuthentication",
    "BrokerAuthenticationSpec",
    "Method",
    "ServiceAccountTokenSettings",
    "X509Settings",
]

METHOD_BLOCKS = {
    "ServiceAccountToken": "serviceAccountTokenSettings",
    "X509": "x509Settings",
    "UsernamePassword": None,
    "Custom": "customSettings",
}


def _subject(text: str) -> str:
    try:
        return canonical_subject(text)
    except SubjectError as error:
        hint = "write it as `CN=press-1,O=Plant`; `openssl x509 -noout -subject -nameopt RFC2253` shows it so"
        raise PydanticCustomError(
            "subject", "{detail}", {"detail": f"subject is `{text}`: {error}", "hint": hint}
        ) from None


class ServiceAccountTokenSettings(Model):
    """Settings of the method `ServiceAccountToken`."""

    audiences: Annotated[tuple[NonEmpty, ...], AfterValidator(at_least_one)] = Field(
        description="Audiences, one of which a token must carry."
    )


class AuthorizationAttributes(Model):
    """Attributes of clients by their certificate's subject."""

    subject: Annotated[str, AfterValidator(_subject)] = Field(
        description="Subject of the certificate, or its end, as in `CN = line1, O = Plant`."
    )
    attributes: dict[str, str] = Field(description="Attributes that authorization rules may name.")


class X509Settings(Model):
    """Settings of the method `X509`."""

    trusted_client_ca_cert: ConfigMapRef = Field(
        description="Config map whose PEM certificates are trusted to issue clients' certificates."
    )
    authorization_attributes: dict[str, AuthorizationAttributes] = Field(
        default={}, description="Attributes by rule; the first rule whose subject fits counts."
    )
    additional_validation: Literal["None", "AzureDeviceRegistry"] = Field(
        default="None", description="`AzureDeviceRegistry` has no effect, with a warning: no registry is asked."
    )


class Method(Model):
    """A way to prove who one is."""

    method: Literal["ServiceAccountToken", "X509", "UsernamePassword", "Custom"] = Field(
        description="`UsernamePassword` is Tidegate's own: the users of `tidegate user add`. `Custom` is refused: the "
        "embedded broker asks no server."
    )
    service_account_token_settings: ServiceAccountTokenSettings | None = Field(
        default=None, description="Settings of `ServiceAccountToken`."
    )
    x509_settings: X509Settings | None = Field(default=None, description="Settings of `X509`.")
    # Any: they are for a server that nobody asks.
    custom_settings: Any = Field(default=None, description="Settings of `Custom`.")

    @model_validator(mode="after")
    def _block_of_the_method(self) -> Self:
        present = [
            alias
            for alias, block in (
                ("serviceAccountTokenSettings", self.service_account_token_settings),
                ("x509Settings", self.x509_settings),
                ("customSettings", self.custom_settings),
            )
            if block is not None
        ]
        needed = METHOD_BLOCKS[self.method]
        wrong = [alias for alias in present if alias != needed]
        if wrong:
            detail, field = f"{wrong[0]} does not belong to the method {self.method}", wrong[0]
            hint = f"remove `{wrong[0]}`, or change `method`"
        elif needed is not None and needed not in present and self.method != "Custom":
            detail, field = f"the method {self.method} needs the settings block {needed}, which is missing", ""
            hint = f"add `{needed}`"
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class BrokerAuthenticationSpec(BrokerPart):
    """Methods, tried in their order; the first that fits what a client presents decides."""

    authentication_methods: Annotated[tuple[Method, ...], AfterValidator(at_least_one)] = Field(
        description="The methods."
    )


class BrokerAuthentication(Resource):
    """How clients of a port prove who they are."""

    kind_name: ClassVar[str] = "BrokerAuthentication"

    spec: BrokerAuthenticationSpec = Field(description="The methods.")

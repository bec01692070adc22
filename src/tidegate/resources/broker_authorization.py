"""`BrokerAuthorization`: what clients of the embedded broker may do (facts 1.9).

Knows rules, principals and what they may name. Does not know how a client is judged (`broker.access`).
"""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource, without_effect
from tidegate.resources.broker import BrokerPart
from tidegate.resources.values import NonEmpty

__all__ = [
    "AuthorizationPolicies",
    "AuthorizationRule",
    "BrokerAuthorization",
    "BrokerAuthorizationSpec",
    "BrokerResource",
    "Principals",
]


class Principals(Model):
    """Whom a rule is for: a client that any of these names."""

    client_ids: tuple[NonEmpty, ...] = Field(default=(), description="Client identifiers.")
    usernames: tuple[NonEmpty, ...] = Field(
        default=(), description="User names, service accounts (`system:serviceaccount:...`), or certificate subjects."
    )
    attributes: tuple[dict[str, str], ...] = Field(
        default=(), description="Sets of attributes; a client must have all of one set."
    )


class BrokerResource(Model):
    """Something a rule allows."""

    method: Literal["Connect", "Publish", "Subscribe"] = Field(description="What is allowed.")
    client_ids: tuple[NonEmpty, ...] = Field(
        default=(),
        description="`Connect`: client identifiers that may be used, `*` at the end for any that begin so; any when empty.",
    )
    topics: tuple[NonEmpty, ...] = Field(
        default=(),
        description="Topic filters; `{principal.clientId}` and `{principal.attributes.NAME}` stand for the client's own.",
    )

    @model_validator(mode="after")
    def _topics_where_they_count(self) -> Self:
        if self.method == "Connect" and self.topics:
            detail, field = "topics does not belong to the method Connect", "topics"
            hint = "remove `topics`, or write `method: Publish` or `Subscribe`"
        elif self.method != "Connect" and not self.topics:
            detail, field = f"the method {self.method} needs topics, which are missing", ""
            hint = "add `topics`"
        elif self.method != "Connect" and self.client_ids:
            detail, field = f"clientIds does not belong to the method {self.method}", "clientIds"
            hint = "name clients in `principals`"
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class AuthorizationRule(Model):
    """What some clients may do."""

    principals: Principals = Field(description="Whom it is for.")
    broker_resources: tuple[BrokerResource, ...] = Field(description="What they may do.")
    # Any: nothing here reads it.
    state_store_resources: Any = Field(
        default=None,
        description="Has no effect, with a warning: whoever may publish to the state store may read and write all keys.",
    )


class AuthorizationPolicies(Model):
    """Rules; what none of them allows is not allowed."""

    cache: Literal["Enabled", "Disabled"] = without_effect("rights are judged anew when they change", "Enabled")
    rules: tuple[AuthorizationRule, ...] = Field(description="The rules.")


class BrokerAuthorizationSpec(BrokerPart):
    """What clients of a port may do."""

    authorization_policies: AuthorizationPolicies = Field(description="The rules.")


class BrokerAuthorization(Resource):
    """What clients of a port may do."""

    kind_name: ClassVar[str] = "BrokerAuthorization"

    spec: BrokerAuthorizationSpec = Field(description="The rules.")

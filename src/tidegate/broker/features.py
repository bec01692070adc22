"""Which parts of MQTT a broker offers, for the emulation of brokers that offer less than ours, which offers all of it.

Knows no packet: what is refused for it, and how, is in `feature_rules`. Does not know which broker offers what.
"""

from dataclasses import dataclass

__all__ = ["ALL_FEATURES", "BrokerFeatures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFeatures:
    """What is offered.

    `user_properties_outside_publish`: whether other packets than PUBLISH may have user properties. `hands_over_sessions`:
    whether a client identifier whose session is somebody else's begins anew, or is refused. `sessions_per_subject_max`:
    how many sessions one subject may have, None for any number. `state_store`: whether the topic of its requests is one.
    `messages_per_second_max`: how many messages one session may publish in a second, None for any number; one more is
    refused with 0x97, or dropped with QoS 0.
    """

    maximum_qos: int = 2
    retain: bool = True
    shared_subscriptions: bool = True
    subscription_identifiers: bool = True
    version_3: bool = True
    user_properties_outside_publish: bool = True
    hands_over_sessions: bool = True
    sessions_per_subject_max: int | None = None
    state_store: bool = True
    messages_per_second_max: float | None = None


ALL_FEATURES = BrokerFeatures()

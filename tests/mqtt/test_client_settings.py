"""What a client asks for, and what it never shows."""

from tidegate.mqtt.client_settings import ClientSettings, Subscription


def test_a_credential_is_not_in_the_repr() -> None:
    settings = ClientSettings(
        authentication_method="K8S-SAT", authentication_data=b"canary", username="u", password=b"canary"
    )
    assert repr(settings) == "ClientSettings(authentication_method='K8S-SAT')"


def test_a_subscription_asks_for_the_retain_flag_as_published() -> None:
    assert Subscription("a/#", 1).retain_as_published

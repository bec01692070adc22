"""What a CONNACK says of a server, and what holds where it says nothing."""

from tidegate.mqtt.client_settings import ClientSettings
from tidegate.mqtt.packets import ConnAckPacket, QoS
from tidegate.mqtt.server_limits import ServerLimits, server_limits


def test_a_server_that_announces_nothing_has_the_limits_of_the_specification() -> None:
    limits = ServerLimits()
    assert (limits.receive_maximum, limits.maximum_qos, limits.topic_alias_maximum) == (65_535, 2, 0)
    assert limits.retain_available
    assert limits.wildcard_subscription_available
    assert limits.shared_subscription_available
    assert limits.packet_bytes_max is None


def test_what_connack_leaves_out_is_as_we_asked() -> None:
    asked = ClientSettings(keep_alive_seconds=7, session_expiry_seconds=8)
    limits = server_limits(ConnAckPacket(), asked)
    assert (limits.keep_alive_seconds, limits.session_expiry_seconds) == (7, 8)


def test_mqtt_3_2_2_21_the_server_has_the_last_word() -> None:
    packet = ConnAckPacket(
        server_keep_alive=3,
        session_expiry_interval=0,
        receive_max=5,
        max_qos=QoS.AT_MOST_ONCE,
        retain_available=False,
        max_packet_size=100,
        topic_alias_max=4,
        wildcard_subscription_available=False,
        shared_subscription_available=False,
    )
    assert server_limits(packet, ClientSettings()) == ServerLimits(
        receive_maximum=5,
        maximum_qos=0,
        retain_available=False,
        packet_bytes_max=100,
        topic_alias_maximum=4,
        wildcard_subscription_available=False,
        shared_subscription_available=False,
        session_expiry_seconds=0,
        keep_alive_seconds=3,
    )

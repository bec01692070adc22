"""The topics of the state store."""

from tidegate.broker.state_topics import notification_topic


def test_the_example_of_the_public_page() -> None:
    assert notification_topic("client-id1", b"SOMEKEY") == (
        "clients/statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8/636C69656E742D696431/command/notify/534F4D454B4559"
    )

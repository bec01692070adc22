import asyncio
import socket

from tests.engine.plans import flow_plan
from tests.telemetry.statuses import flow_status

from tidegate.engine.channel import Channel
from tidegate.engine.diff import Assignment, flow_key
from tidegate.engine.worker_channel import Apply, Reply, SecretValues, StatusWanted


def test_messages_arrive_as_they_were_sent() -> None:
    async def main() -> None:
        left, right = [await Channel.over(end) for end in socket.socketpair()]
        plan = flow_plan()
        apply = Apply(Assignment((plan,), frozenset([flow_key(plan)])))
        left.send(1, apply)
        left.send(2, StatusWanted())
        await left.flush()
        assert await right.receive() == (1, apply)
        assert await right.receive() == (2, StatusWanted())
        right.send(2, Reply([flow_status()]))
        assert await left.receive() == (2, Reply([flow_status()]))
        left.close()
        assert await right.receive() is None
        right.send(3, Reply(None))
        right.close()

    asyncio.run(main())


def test_secrets_are_not_shown() -> None:
    values = SecretValues(secrets={"s": {"key": b"hush"}}, config_maps={"c": {"ca": "x"}})
    assert repr(values) == "SecretValues(1 secrets, 1 config maps)"

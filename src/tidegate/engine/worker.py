"""The inside of a worker process: does what the engine says over the channel, and ends when the channel does.

Knows requests and a flow group. Does not know how the group is built (`app`) or how the process was started (`workers`).
"""

from collections.abc import Callable, Coroutine

from tidegate.engine.channel import Channel
from tidegate.engine.credentials import Credentials
from tidegate.engine.flow_group import FlowGroup
from tidegate.engine.worker_channel import (
    Apply,
    CheckAccounting,
    Reply,
    SecretValues,
    StatusWanted,
    StopFlows,
    UseSecrets,
)
from tidegate.net.tasks import Tasks
from tidegate.telemetry.logs import set_levels

__all__ = ["work"]


async def work(
    channel: Channel, group: FlowGroup, credentials: Callable[[SecretValues], Credentials], tasks: Tasks
) -> None:
    """Serve requests until the engine closes the channel or is gone.

    Then nothing is drained any more: another engine may already be starting these flows, and their sessions hold what is
    not settled.
    """
    while (received := await channel.receive()) is not None:
        number, message = received
        if isinstance(message, StopFlows):
            if message.at_once:
                group.abandon()
            # Draining takes time, and the engine goes on asking for the status meanwhile, or says stop once more.
            tasks.start(_answer_after(group.stop(), channel, number), "stop")
        elif isinstance(message, Apply):
            tasks.start(_answer_after(group.apply(message.assignment), channel, number), "apply")
        elif isinstance(message, UseSecrets):
            set_levels(message.log_level)
            group.use_credentials(credentials(message.secret_values))
            channel.send(number, Reply(None))
        elif isinstance(message, StatusWanted):
            channel.send(number, Reply(group.status()))
        elif isinstance(message, CheckAccounting):
            channel.send(number, Reply(group.check_accounting()))


async def _answer_after(step: Coroutine[None, None, None], channel: Channel, number: int) -> None:
    await step
    channel.send(number, Reply(None))

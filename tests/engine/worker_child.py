"""A stand-in for a worker process: answers without running anything. Its first argument says how it behaves."""

import asyncio
import socket
import sys

from tests.telemetry.statuses import flow_status

from tidegate.engine.channel import Channel
from tidegate.engine.worker_channel import Apply, CheckAccounting, Reply, StatusWanted, StopFlows


async def main(behaviour: str, descriptor: int) -> None:
    channel = await Channel.over(socket.socket(fileno=descriptor))
    applied = 0
    while (received := await channel.receive()) is not None:
        number, message = received
        if isinstance(message, Apply):
            applied = len(message.assignment.flows)
        if behaviour == "deaf" and number:
            continue
        if isinstance(message, StatusWanted):
            channel.send(number, Reply([flow_status(pending=applied)]))
        elif isinstance(message, CheckAccounting):
            channel.send(number, Reply(["it does not add up"]))
        else:
            channel.send(number, Reply(None))
        if isinstance(message, StopFlows):
            await channel.flush()
            return


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

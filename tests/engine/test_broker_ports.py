"""Listeners of the embedded broker come and go with the plan, and say what keeps them from opening."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from mqtt5 import ConnectPacket
from tests.engine.test_embedded_broker import NOTHING, free_port, plain_client, plan_of, run

from tidegate.broker.limits import BrokerLimits
from tidegate.engine.embedded_broker import EmbeddedBroker
from tidegate.engine.reachable import BROKER_FILE_NAME


def test_ports_come_and_go_with_the_plan(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        assert sorted(broker.ports) == sorted((secure, plain))
        shown = json.loads((tmp_path / BROKER_FILE_NAME).read_text())
        assert {each["port"]: each["tls"] for each in shown} == {secure: True, plain: False}
        other = free_port()
        await broker.apply(plan_of(secure, other), NOTHING)
        assert sorted(broker.ports) == sorted((secure, other))
        with pytest.raises(OSError):
            await plain_client(plain)
        client = await plain_client(other)
        await client.say(ConnectPacket("one"))
        await client.close()

    run(tmp_path, scenario)


def test_connections_above_the_limit_are_counted_also_those_of_ports_of_before(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        other = free_port()
        few = replace(plan_of(secure, other), limits=BrokerLimits(connections_per_address_max=1))
        await broker.apply(few, NOTHING)
        first = await plain_client(other)
        await first.say(ConnectPacket("one"))
        second = await plain_client(other)
        assert not await second.reader.read(1), "it is closed at once"
        await broker.apply(plan_of(secure, plain), NOTHING)
        shown = broker.status()
        assert shown is not None and shown.connections_refused == {"too many connections of one address": 1}
        await first.close()
        await second.close()

    run(tmp_path, scenario)


def test_a_port_that_is_taken_is_a_problem_and_the_rest_runs(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            await broker.apply(plan_of(secure, port), NOTHING)
            assert len(broker.problems) == 1
            assert broker.ports == [secure]
            shown = broker.status()
            assert shown is not None
            assert {each.port: each.problem for each in shown.ports} == {secure: None, port: broker.problems[0]}
            assert [each.port for each in shown.ports if each.listening] == [secure]
        await broker.look_again()
        assert not broker.problems

    run(tmp_path, scenario)

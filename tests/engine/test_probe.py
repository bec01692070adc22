"""The steps of a try, against a broker core and against what is none. Real brokers: `tests/integration/test_check.py`."""

import asyncio
from dataclasses import replace

from tests.engine.test_broker_host import World
from tests.engine.test_mqtt_tool import run
from tests.net.recorder import server
from tests.net.test_dialer import silent
from tests.play import flow_plan, side_plan

from tidegate.engine.mqtt_target import Target, address_target
from tidegate.engine.probe import TOPICS_MAX, Wanted, probe
from tidegate.engine.probe_findings import Finding
from tidegate.transform.spec import TransformSpec

FLOW = flow_plan(topic_filters=("a/#",), transform=TransformSpec(topic_template="b/${inputTopic}"))
WANTED = Wanted(client_id="tidegate-check", reading=(FLOW,), writing=(FLOW,), step_seconds=5.0)


def states(found: list[Finding]) -> dict[str, str]:
    return {each.step: each.state for each in found}


def test_every_step_is_a_line() -> None:
    async def scenario(world: World, target: Target) -> None:
        found = await probe(target, WANTED)
        assert states(found) == dict.fromkeys(
            ("dns", "tcp", "connect", "authentication", "capabilities", "subscribe", "publish"), "success"
        )
        assert [each.detail for each in found if each.step in ("dns", "connect", "subscribe", "publish")] == [
            "127.0.0.1",
            "MQTT 5, as tidegate-check",
            "may read `a/#`",
            "may write `b/a/tidegate-check`",
        ]

    run(scenario)


def test_what_is_not_tried_says_why() -> None:
    async def scenario(world: World, target: Target) -> None:
        async def publish(**changes: object) -> str:
            found = await probe(target, replace(WANTED, **changes))  # type: ignore[arg-type]
            (told,) = [each for each in found if each.step == "publish"]
            assert told.state == "skipped"
            return told.detail

        assert await publish(writing=()) == "no data flow writes to it"
        assert await publish(publishing="never") == "it was not to be tried"
        unknown = replace(FLOW, transform=TransformSpec(topic_template="${inputTopic.7}"))
        assert await publish(writing=(unknown,)) == "what would be written depends on the messages"
        found = await probe(target, replace(WANTED, reading=()))
        assert states(found)["subscribe"] == "skipped"

    run(scenario)


def test_no_more_is_tried_than_there_is_room_for() -> None:
    async def scenario(world: World, target: Target) -> None:
        filters = tuple(f"a/{number}" for number in range(100))
        many = replace(FLOW, topic_filters=filters, source=side_plan("source"))
        found = await probe(target, replace(WANTED, reading=(many,), writing=(many,)))
        for step in ("subscribe", "publish"):
            (told,) = [each for each in found if each.step == step]
            assert told.detail.count("`") == 2 * TOPICS_MAX

    run(scenario)


def test_a_port_that_is_silent_ends_at_connect() -> None:
    async def scenario() -> None:
        async with server(silent) as port:
            found = await probe(address_target("127.0.0.1", port, None), replace(WANTED, step_seconds=0.2))
        assert [(each.step, each.state) for each in found][:3] == [
            ("dns", "success"),
            ("tcp", "success"),
            ("connect", "error"),
        ]
        assert found[2].detail == "no answer within 0.2 s"
        assert {each.state for each in found[3:]} == {"skipped"}

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_name_that_does_not_resolve() -> None:
    found = asyncio.run(probe(address_target("nowhere.invalid", 1883, None), WANTED))
    assert (found[0].step, found[0].state, found[0].detail) == ("dns", "error", "the name does not resolve")
    assert found[0].hint
    assert {each.detail for each in found[1:]} == {"not reached"}

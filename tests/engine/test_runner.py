import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import mqtt5
import pytest
from tests.engine.flows import FakeCredentials, World, world
from tests.engine.plans import flow_plan, with_source
from tests.engine.skipping_loop import WALL_START, clock, run
from tests.engine.test_dataset_files import put
from tests.engine.token_sources import SteeredSource, provider_of
from tests.tokens import unsigned_token

from tidegate.auth.expiry import Expiry
from tidegate.engine.runner import FlowRunner
from tidegate.engine.tally import FlowTally
from tidegate.flow.plan import AuthenticationPlan, DatasetsPlan, FlowPlan, SystemIdentityPlan, TokenPlan
from tidegate.telemetry.status import iso_time
from tidegate.transform.spec import DatasetSpec, MapSpec, TransformSpec

SOURCE = "tidegate-bridge-0-source"

Test = Callable[[World, FlowRunner], Coroutine[Any, Any, None]]


def with_runner(directory: Path, test: Test, credentials: FakeCredentials | None = None) -> None:
    """Start one flow and run the test against it."""

    async def main() -> None:
        async with world(directory) as here:
            runner = FlowRunner(flow_plan(), here.tools, credentials or FakeCredentials(), FlowTally())
            runner.start()
            await test(here, runner)

    run(main())


def test_messages_flow_and_are_accounted_for(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.source.publish("plant/a", b"1")
        await here.source.until(lambda: here.source.acknowledged)
        assert here.destination.published == [("plant/a", b"1")]
        status = runner.status()
        assert (status.health, status.reason_code, status.pending) == ("Available", None, 0)
        assert (status.source.state, status.destination.state) == ("subscribed", "connected")
        assert (status.counters.received, status.counters.delivered) == (1, 1)
        runner.check_accounting()

    with_runner(tmp_path, test)


def test_stop_drains_keeps_the_session_and_its_record(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("plant/a", b"1")
        await here.destination.until(lambda: here.destination.published)
        stop = here.tasks.start(runner.stop(end_session=False, seconds=5), "stop")
        assert not here.source.acknowledged
        here.destination.release()
        await stop
        assert here.source.acknowledged == [1]
        assert here.source.sessions == {SOURCE: {"#"}}
        assert here.records.held_filters(SOURCE) == {"#"}

    with_runner(tmp_path, test)


def test_stop_leaves_what_does_not_settle_to_the_source(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("plant/a", b"1")
        await here.destination.until(lambda: here.destination.published)
        await runner.stop(end_session=False, seconds=5)
        assert here.source.acknowledged == []
        assert "still 1 messages pending after draining for 5 s" in caplog.text

    with caplog.at_level(logging.INFO, "tidegate"):
        with_runner(tmp_path, test)


def test_ending_the_session_unsubscribes_and_forgets(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        await runner.stop(end_session=True, seconds=60)
        assert here.source.sessions == {}
        assert here.records.held_filters(SOURCE) == frozenset()

    with_runner(tmp_path, test)


def test_a_source_that_cannot_be_reached_keeps_its_session_and_its_record(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.source.unreachable = "connection refused"
        here.source.disconnect(SOURCE, mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN)
        await here.source.until(lambda: len(here.source.dialled) == 2)
        await runner.stop(end_session=True, seconds=60)
        assert here.records.held_filters(SOURCE) == {"#"}
        assert "stopped, its session kept" in caplog.text

    with caplog.at_level(logging.INFO, "tidegate"):
        with_runner(tmp_path, test)


def test_what_the_session_holds_is_written_down_before_the_source_is_asked(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.source.until(lambda: here.source.live)
        assert here.source.sessions == {SOURCE: set()}
        while not list(tmp_path.iterdir()):
            await asyncio.sleep(0)
        assert here.source.sessions == {SOURCE: set()}

    with_runner(tmp_path, test)


def test_a_full_disk_is_said_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.source.publish("plant/a", b"1")
        await here.source.until(lambda: here.source.acknowledged)
        assert "what the source session holds cannot be written down (No such file or directory)" in caplog.text

    with caplog.at_level(logging.INFO, "tidegate"):
        with_runner(tmp_path / "not-there", test)


def test_a_second_word_to_stop_does_not_wait(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("plant/a", b"1")
        await here.destination.until(lambda: here.destination.published)
        began = here.tools.clock().monotonic
        stop = here.tasks.start(runner.stop(end_session=False, seconds=1000), "stop")
        runner.abandon()
        await stop
        assert here.tools.clock().monotonic - began < 10

    with_runner(tmp_path, test)


def test_an_unreachable_side_is_shown_with_its_error_and_next_retry(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        here.destination.unreachable = "connection refused"
        await here.source.until(lambda: here.source.live)
        await here.destination.until(lambda: len(here.destination.dialled) >= 3)
        status = runner.status()
        assert (status.health, status.reason_code) == ("Unavailable", "DataflowMqttTargetConnectionFailed")
        assert "connection refused" in status.message
        assert "connection refused" in (status.destination.last_error or "")
        assert status.destination.next_retry_seconds is not None
        assert status.destination.errors == {"DataflowMqttTargetConnectionFailed": 3}
        assert status.source.last_error is None

    with_runner(tmp_path, test)


def test_reconnects_are_counted_by_reason(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.source.disconnect(SOURCE, mqtt5.DisconnectReasonCode.SERVER_BUSY)
        await here.source.until(lambda: len(here.source.dialled) == 2 and here.source.live)
        assert runner.status().source.reconnects == {"server_busy": 1}

    with_runner(tmp_path, test)


def test_a_session_taken_over_twice_stops_the_flow_and_says_so(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        for _ in range(2):
            await here.source.until(lambda: here.source.live)
            here.source.disconnect(SOURCE, mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER)
            await here.source.until(lambda: not here.source.live)
        await here.destination.until(lambda: not here.destination.live)
        status = runner.status()
        assert (status.health, status.reason_code) == ("Unavailable", "DataflowMqttSourceConnectionFailed")
        assert "another client took the session of the source over twice" in status.message
        assert len(here.source.dialled) == 2
        await runner.stop(end_session=False, seconds=5)

    with_runner(tmp_path, test)


def test_a_changed_credential_re_makes_only_the_side_that_uses_it(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        runner.use_credentials(FakeCredentials(there=b"2"))
        await here.destination.until(lambda: len(here.destination.dialled) == 2 and here.destination.live)
        runner.use_credentials(FakeCredentials(there=b"2"))
        assert len(here.source.dialled) == 1
        assert len(here.destination.dialled) == 2
        assert runner.status().destination.reconnects == {"credentials_changed": 1}

    with_runner(tmp_path, test)


def test_a_half_written_secret_keeps_the_connection_and_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        broken = FakeCredentials(here=b"1", there=b"2", problem="the key does not belong to the certificate")
        runner.use_credentials(broken)
        runner.use_credentials(broken)
        status = runner.status()
        assert (status.health, status.reason_code) == ("Degraded", "DataflowMqttTargetConfigurationError")
        assert caplog.text.count("the key does not belong to the certificate") == 1
        assert len(here.destination.dialled) == 1
        runner.use_credentials(FakeCredentials())
        assert runner.status().health == "Available"
        runner.use_credentials(FakeCredentials(there=b"3"))
        await here.destination.until(lambda: len(here.destination.dialled) == 2 and here.destination.live)
        assert runner.status().health == "Available"

    with caplog.at_level(logging.INFO, "tidegate"):
        with_runner(tmp_path, test)


def test_a_certificate_that_ends_soon_is_said_once_shown_and_degrades_until_it_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def ends_in(days: float) -> tuple[Expiry, ...]:
        end = WALL_START + days * 86_400
        name = "CN=press-1 (secret s, client_cert.pem)"
        return (Expiry(kind="certificate", name=name, begins_wall=end - 365 * 86_400, expires_wall=end),)

    credentials = FakeCredentials()
    credentials.ends["there"] = ends_in(13)

    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        for _ in range(2):
            status = runner.status()
            assert (status.health, status.reason_code) == ("Degraded", "DataflowMqttTargetConfigurationError")
            assert "CN=press-1 (secret s, client_cert.pem), ends on 2027-01-28" in status.message
        assert status.destination.credential_expires == iso_time(WALL_START + 13 * 86_400)
        assert [each.kind for each in status.destination.credentials] == ["certificate"]
        assert status.destination.errors == {}
        next_ones = FakeCredentials(there=b"2")
        next_ones.ends["there"] = ends_in(365)
        runner.use_credentials(next_ones)
        await here.destination.until(lambda: len(here.destination.dialled) == 2 and here.destination.live)
        assert runner.status().health == "Available"
        assert caplog.text.count("ends on 2027-01-28") == 1

    with caplog.at_level(logging.INFO, "tidegate"):
        with_runner(tmp_path, test, credentials)


def test_a_missing_secret_is_tried_again_as_soon_as_it_is_there(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        while runner.status().source.next_retry_seconds is None:
            await asyncio.sleep(0.001)
        status = runner.status()
        assert (status.health, status.reason_code) == ("Unavailable", "DataflowMqttSourceConfigurationError")
        began = here.tools.clock().monotonic
        runner.use_credentials(FakeCredentials(b"2"))
        await here.connected()
        assert here.tools.clock().monotonic - began < 1

    with_runner(tmp_path, test, FakeCredentials(problem="not found"))


def test_credentials_that_did_not_change_hurry_no_attempt(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        here.destination.unreachable = "connection refused"
        await here.destination.until(lambda: len(here.destination.dialled) == 5)
        await asyncio.sleep(0)
        waited = runner.status().destination.next_retry_seconds
        runner.use_credentials(FakeCredentials())
        await asyncio.sleep(0)
        assert len(here.destination.dialled) == 5
        assert waited is not None
        assert runner.status().destination.next_retry_seconds == waited

    with_runner(tmp_path, test)


def test_packets_are_logged_at_level_debug_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(here: World, runner: FlowRunner) -> None:
        await here.connected()
        here.source.publish("plant/a", b"canary")
        await here.source.until(lambda: here.source.acknowledged)

    flow_logger = "tidegate.profile.default.flow"
    with caplog.at_level(logging.INFO, flow_logger):
        with_runner(tmp_path, test)
    assert "PUBLISH" not in caplog.text
    with caplog.at_level(logging.DEBUG, flow_logger):
        with_runner(tmp_path, test)
    texts = [record.getMessage() for record in caplog.records]
    received = next(text for text in texts if text.startswith("received PUBLISH `plant/a` qos 1 id 1"))
    assert texts.index(received) < next(
        index for index, text in enumerate(texts) if text.startswith("sent PUBACK id 1")
    )
    assert "canary" not in caplog.text


def with_token(
    directory: Path,
    test: Callable[[World, FlowRunner, SteeredSource], Coroutine[Any, Any, None]],
    method: AuthenticationPlan,
) -> None:
    """Run a test against a flow whose source presents tokens with a life of an hour, a new one each time."""
    source = SteeredSource()
    source.next = lambda: unsigned_token("my-broker", clock().wall, clock().wall + 3600)
    plan = flow_plan()
    plan = with_source(plan, endpoint=replace(plan.source.endpoint, authentication=method))

    async def main() -> None:
        async with world(directory) as here:
            credentials = FakeCredentials()
            credentials.providers["here"] = provider_of(source)
            runner = FlowRunner(plan, here.tools, credentials, FlowTally())
            runner.start()
            await test(here, runner, source)

    run(main())


@pytest.mark.parametrize(
    ("method", "name"),
    [(TokenPlan(audience="my-broker"), "K8S-SAT"), (SystemIdentityPlan(audience="my-broker"), "OAUTH2-JWT")],
)
def test_a_token_is_presented_and_renewed_on_the_live_connection(
    tmp_path: Path, method: AuthenticationPlan, name: str
) -> None:
    async def test(here: World, runner: FlowRunner, source: SteeredSource) -> None:
        await here.connected()
        before = runner.status().source
        assert (before.renewals, before.credential_expires) == (0, iso_time(WALL_START + 3600))
        await asyncio.sleep(3 * 3600)
        assert [each for each, _ in here.source.credentials] == [name] * 5
        assert len({token for _, token in here.source.credentials}) == 5
        status = runner.status()
        assert (status.source.renewals, status.source.reconnects, status.health) == (4, {}, "Available")
        assert status.source.credential_expires == iso_time(WALL_START + 9600 + 3600)
        assert here.destination.credentials == [(None, None)]
        assert status.destination.credential_expires is None

    with_token(tmp_path, test, method)


def test_failure_24_a_server_that_refuses_a_renewed_token_is_connected_to_with_it(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner, source: SteeredSource) -> None:
        await here.connected()
        here.source.refuses_authentication = True
        await asyncio.sleep(2401)
        await here.source.until(lambda: len(here.source.credentials) == 3 and SOURCE in here.source.live)
        assert here.source.credentials[1] == here.source.credentials[2]
        status = runner.status()
        assert (status.source.renewals, status.source.reconnects) == (0, {"not_authorized": 1})
        assert status.health in ("Available", "Unknown")

    with_token(tmp_path, test, TokenPlan(audience="my-broker"))


def test_failure_24_a_token_that_cannot_be_renewed_is_reported_and_the_connection_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(here: World, runner: FlowRunner, source: SteeredSource) -> None:
        await here.connected()
        source.problem = "cannot be read"
        await asyncio.sleep(2401)
        status = runner.status()
        assert (status.health, status.reason_code) == ("Degraded", "DataflowMqttSourceConfigurationError")
        assert "token of a test: cannot be read" in status.message
        runner.use_credentials(runner._credentials)
        assert runner.status().health == "Degraded"
        source.problem = None
        await asyncio.sleep(61)
        assert runner.status().health == "Available"
        assert runner.status().source.reconnects == {}
        assert caplog.text.count("cannot be read") == 1

    with caplog.at_level(logging.INFO, "tidegate"):
        with_token(tmp_path, test, TokenPlan(audience="my-broker"))


def test_failure_24_a_token_that_is_missing_at_first_is_taken_as_soon_as_it_is_there(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner, source: SteeredSource) -> None:
        source.problem = "cannot be read"
        while runner.status().source.next_retry_seconds is None:
            await asyncio.sleep(0.001)
        status = runner.status()
        assert (status.health, status.reason_code) == ("Unavailable", "DataflowMqttSourceConfigurationError")
        source.problem, source.token = None, b"another version"
        began = clock().monotonic
        runner.use_credentials(runner._credentials)
        await here.connected()
        assert clock().monotonic - began < 1

    with_token(tmp_path, test, TokenPlan(audience="my-broker"))


def test_failure_24_a_refused_token_is_asked_for_anew_for_the_next_attempt(tmp_path: Path) -> None:
    async def test(here: World, runner: FlowRunner, source: SteeredSource) -> None:
        here.source.refusal = mqtt5.ConnAckReasonCode.NOT_AUTHORIZED
        await here.source.until(lambda: len(here.source.credentials) == 2)
        assert here.source.credentials[0] != here.source.credentials[1]
        assert source.asked == 2

    with_token(tmp_path, test, SystemIdentityPlan(audience="my-broker"))


def enriching(folder: Path) -> FlowPlan:
    """Return a flow that adds `max` of the data set `limits`."""
    spec = TransformSpec(
        topic_template="${inputTopic}",
        datasets=(DatasetSpec(key="limits", name="l", inputs=("id", "$context.id"), expression="$1 == $2"),),
        maps=(MapSpec(inputs=("*",), output="*"), MapSpec(inputs=("$context(l).max",), output="max")),
    )
    return replace(flow_plan(), transform=spec, datasets=DatasetsPlan(keys=("limits",), folder=folder))


def test_a_source_is_not_connected_before_the_data_sets_are_loaded(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            runner = FlowRunner(enriching(tmp_path), here.tools, FakeCredentials(), FlowTally())
            runner.start()
            await here.destination.until(lambda: here.destination.live)
            while runner.status().health != "Unavailable":
                await asyncio.sleep(0.1)
            status = runner.status()
            assert (status.reason_code, status.source.state) == ("DataflowTransformEnrichDataFailed", "idle")
            assert "there is no such key; the flow waits for it" in status.message
            assert here.source.dialled == []
            put(tmp_path / "limits.jsonl", '{"id": "x1", "max": 240}')
            await here.connected()
            here.source.publish("plant/a", b'{"id":"x1"}')
            await here.source.until(lambda: len(here.source.acknowledged) == 1)
            put(tmp_path / "limits.jsonl", '{"id": "x1", "max": 250}\n{}\n')
            while runner.status().datasets[0].records != 2:
                await asyncio.sleep(0.1)
            here.source.publish("plant/a", b'{"id":"x1"}')
            await here.source.until(lambda: len(here.source.acknowledged) == 2)
            assert here.destination.published == [
                ("plant/a", b'{"id":"x1","max":240}'),
                ("plant/a", b'{"id":"x1","max":250}'),
            ]
            assert runner.status().health == "Available"
            await runner.stop(end_session=False, seconds=5)

    run(main())


def test_a_session_is_ended_although_the_data_sets_never_came(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            runner = FlowRunner(enriching(tmp_path), here.tools, FakeCredentials(), FlowTally())
            runner.start()
            await here.destination.until(lambda: here.destination.live)
            await runner.stop(end_session=True, seconds=60)
            assert [endpoint.name for endpoint in here.source.dialled] == ["here"]
            assert here.source.sessions == {}

    run(main())


def test_a_stop_does_not_wait_for_data_sets(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            runner = FlowRunner(enriching(tmp_path), here.tools, FakeCredentials(), FlowTally())
            runner.start()
            await here.destination.until(lambda: here.destination.live)
            await runner.stop(end_session=False, seconds=60)
            assert here.source.dialled == []

    run(main())

"""Which change does what, in words; `tests/integration/test_plan.py` compares it with what the engine then does."""

from dataclasses import replace

from tests.engine.plans import flow_plan

from tidegate.broker.plan import BrokerPlan, ListenerPlan, TokenMethod
from tidegate.engine.diff import Assignment, diff
from tidegate.engine.plan_document import running_plans
from tidegate.engine.plan_effects import Effect, Effects, plan_effects
from tidegate.engine.supervisor import Wanted
from tidegate.flow.plan import FlowPlan


def effects(before: list[FlowPlan], after: list[FlowPlan], disabled: frozenset[str] = frozenset()) -> Effects:
    running = running_plans(Wanted(flows=tuple(before)), None)
    return plan_effects(running, running_plans(Wanted(flows=tuple(after), disabled=disabled), None))


def only(before: list[FlowPlan], after: list[FlowPlan], disabled: frozenset[str] = frozenset()) -> Effect:
    (effect,) = effects(before, after, disabled).flows
    return effect


def test_nothing_changes() -> None:
    found = effects([flow_plan()], [flow_plan()])
    assert found.changes_nothing
    assert found.summary == "nothing changes"
    assert [each.action for each in found.flows] == ["keep"]


def test_from_nothing() -> None:
    found = plan_effects(None, running_plans(Wanted(flows=(flow_plan(),)), None))
    assert found.summary == "starts 1 data flow"
    assert not found.changes_nothing


def test_a_setting_reconnects_and_is_named() -> None:
    changed = replace(flow_plan(), source=replace(flow_plan().source, keep_alive_seconds=30))
    effect = only([flow_plan()], [changed])
    assert effect.action == "reconnect"
    assert effect.words == ("what is pending is settled; both sides connect anew with their sessions kept",)
    assert [(each.path, each.before, each.after) for each in effect.changes] == [
        (("source", "keep_alive_seconds"), 60, 30)
    ]
    assert effects([flow_plan(), flow_plan("b")], [changed, flow_plan("b")]).summary == (
        "reconnects 1 data flow; 1 data flow not touched"
    )


def test_other_filters_are_subscribed_and_unsubscribed() -> None:
    words = only([flow_plan(filters=("a", "b"))], [flow_plan(filters=("b", "c"))]).words
    assert words[1:] == (
        "subscribes to `c`",
        "unsubscribes from `a`; what still comes of it is dropped and counted",
    )


def test_another_client_id_is_another_session() -> None:
    effect = only([flow_plan()], [flow_plan(prefix="site")])
    assert effect.action == "renew"
    assert effect.words == (
        "new client id site-bridge-0-source: once it is subscribed, "
        "the old session tidegate-bridge-0-source is drained, and ended",
    )


def test_another_client_id_at_the_destination_alone() -> None:
    changed = replace(flow_plan(), destination=replace(flow_plan().destination, client_id="other"))
    effect = only([flow_plan()], [changed])
    assert effect.action == "reconnect"
    assert "the session tidegate-bridge-0-destination there is left to its expiry" in effect.words[1]


def test_another_broker_leaves_its_session_behind() -> None:
    words = only([flow_plan()], [flow_plan(source_port=99)]).words
    assert words[1:] == (
        "the source is no more broker.example:1883 but broker.example:99; what its session there holds stays behind",
    )


def test_deleted_and_switched_off() -> None:
    assert only([flow_plan()], []).action == "stop"
    off = only([flow_plan()], [], frozenset({"bridge"}))
    assert off.action == "disable"
    assert "is kept" in off.words[0]
    assert effects([flow_plan()], [], frozenset({"bridge"})).summary == "switches off 1 data flow"


def test_instances_are_counted() -> None:
    found = effects([flow_plan()], [flow_plan(), flow_plan(ordinal=1), flow_plan(ordinal=2)])
    assert [(each.action, each.instances) for each in found.flows] == [("keep", 1), ("start", 2)]


def test_a_profile_that_gets_workers_moves_its_data_flows() -> None:
    running = running_plans(Wanted(flows=(flow_plan(),)), None)
    wanted = running_plans(Wanted(flows=(flow_plan(),), worker_profiles=frozenset({"default"})), None)
    (effect,) = plan_effects(running, wanted).flows
    assert effect.action == "reconnect"
    assert effect.words[1] == "it moves between the engine and a worker process"


def test_the_broker() -> None:
    def of(before: BrokerPlan | None, after: BrokerPlan | None) -> tuple[str, ...]:
        found = plan_effects(running_plans(Wanted(), before), running_plans(Wanted(), after))
        assert found.changes_nothing is (before == after)
        return found.broker

    one = BrokerPlan(listeners=(ListenerPlan(name="a", addresses=("127.0.0.1",), port=1883),))
    two = BrokerPlan(
        listeners=(
            ListenerPlan(name="a", addresses=("127.0.0.1",), port=1883, protocol="WebSockets"),
            ListenerPlan(name="a", addresses=("127.0.0.1",), port=1884),
        ),
        authentications={"default": (TokenMethod(("a",)),)},
    )
    assert of(one, one) == ()
    assert of(None, one) == ("the embedded broker starts on 1883",)
    assert of(one, None) == (
        "the embedded broker is not needed any more; it closes its ports and keeps what it stores",
    )
    assert of(one, two) == (
        "port 1883 of the broker changes: protocol",
        "port 1884 of the broker opens",
        "who may connect changes for those who connect from then on",
    )
    assert "port 1884 of the broker closes, and its clients with it" in of(two, one)


def test_the_engine_decides_alike() -> None:
    """`diff` is what the engine goes by."""
    before = [flow_plan("kept"), flow_plan("gone"), flow_plan("edited"), flow_plan("renamed")]
    after = [flow_plan("kept"), flow_plan("edited", topic="x"), flow_plan("renamed", prefix="p"), flow_plan("new")]
    change = diff(before, Assignment(tuple(after)))
    found = {each.name: each.action for each in effects(before, after).flows}
    assert {plan.name for plan in change.keep} == {name for name, action in found.items() if action == "keep"}
    assert {old.name for old, _ in change.replace} == {name for name, action in found.items() if action == "reconnect"}
    assert {stop.plan.name for stop in change.stop if stop.successor} == {n for n, a in found.items() if a == "renew"}
    assert {stop.plan.name for stop in change.stop if not stop.successor} == {
        n for n, a in found.items() if a == "stop"
    }
    assert {plan.name for plan in change.start} == {n for n, a in found.items() if a in ("start", "renew")}

"""Plans as JSON."""

import json
from dataclasses import replace
from typing import Any

from tests.engine.plans import flow_plan

from tidegate.broker.plan import AccessRule, BrokerPlan, ListenerPlan, TlsAutomatic
from tidegate.engine.plan_document import PROCESS_FIELDS, plan_document, running_plans
from tidegate.engine.supervisor import Wanted
from tidegate.flow.plan import AnonymousPlan, TokenPlan


def test_every_plan_is_json_and_says_of_which_class_it_is() -> None:
    broker = BrokerPlan(
        listeners=(ListenerPlan(name="default", addresses=("127.0.0.1",), port=1883, tls=TlsAutomatic()),),
        authorizations={"rules": (AccessRule(client_ids=frozenset({"b", "a"})),)},
    )
    made = running_plans(Wanted(flows=(flow_plan(),), disabled=frozenset({"z", "a"})), broker)
    assert json.loads(json.dumps(made)) == made
    assert made["disabled"] == ["a", "z"]
    document: Any = plan_document(broker)
    assert document["authorizations"]["rules"][0]["client_ids"] == ["a", "b"]
    assert document["listeners"][0]["tls"] == {"is": "TlsAutomatic", "names": []}


def test_two_classes_with_the_same_fields_are_told_apart() -> None:
    assert plan_document(AnonymousPlan()) != plan_document(TokenPlan(audience="a"))


def test_what_options_of_the_process_decide_is_left_out() -> None:
    plan = replace(flow_plan(), stall_seconds=1.0, on_rejected="drop", hops_max=3)
    other = replace(flow_plan(), stall_seconds=2.0, packet_bytes_max=5, hops_max=9)
    one, two = (running_plans(Wanted(flows=(each,)), None) for each in (plan, other))
    assert one == two
    flows: Any = one["flows"]
    (flow,) = flows
    assert flow["counts_hops"] is True
    assert not set(flow) & set(PROCESS_FIELDS)
    assert running_plans(Wanted(flows=(flow_plan(),)), None) != one

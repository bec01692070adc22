"""Which data flows count hops. What is said about loops is in `tests/cases/manifests/loop_*`."""

import json
from dataclasses import replace
from pathlib import PurePath

import pytest
from tests.integration.harness.manifests import Declared, dataflow, endpoint

from tidegate.engine.loop_rules import broker_of, check_loops
from tidegate.engine.loops import Broker
from tidegate.engine.plan import build
from tidegate.engine.transform_plan import topic_template
from tidegate.resources.finding_list import FindingList
from tidegate.resources.manifest import Manifest, parse
from tidegate.resources.resolved_flow import resolve, resolve_endpoint
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings

SETTINGS = Settings(data_dir=PurePath("state"), no_broker=True)
ENDPOINTS = [endpoint("default", 1883), endpoint("cloud", 1883, host="cloud.example.com")]


def annotated(flow: Declared, choice: str, name: str = "count-hops") -> Declared:
    metadata = flow["metadata"]
    assert isinstance(metadata, dict)
    return flow | {"metadata": metadata | {"annotations": {f"tidegate.dev/{name}": choice}}}


def read(*flows: Declared) -> Manifest:
    return parse([SourceText(f"{index}.json", json.dumps(each)) for index, each in enumerate((*ENDPOINTS, *flows))])


def counting(*flows: Declared, settings: Settings = SETTINGS) -> set[str]:
    declared = read(*flows)
    assert declared.diagnostics == ()
    made = {each.name: each.hops_max for each in build(declared.resources, settings).flows}
    assert set(made.values()) <= {None, settings.hops_max}
    counts = {name for name, hops_max in made.items() if hops_max is not None}
    resolved = [flow for each in declared.resources.dataflows.values() if (flow := resolve(each, declared.resources))]
    findings = FindingList(declared.source_map)
    templates = {each.key: topic_template(each.dataflow) for each in resolved}
    check_loops(resolved, templates, declared.resources, settings, findings)
    assert bool(findings.diagnostics) <= bool(counts)
    return counts


UP = dataflow("uplink", filters=["plant/#"])
DOWN = dataflow("downlink", source="cloud", filters=["plant/line/#"], destination="default")


def test_nothing_is_counted_unless_there_is_a_reason() -> None:
    assert counting(UP) == set()
    assert counting(UP, dataflow("other", source="cloud", filters=["commands/#"], destination="default")) == set()
    assert counting(dataflow("stage", destination="default", topic="made/${inputTopic}")) == set()


def test_two_that_go_both_ways_with_topics_that_overlap_count_by_themselves() -> None:
    assert counting(UP, DOWN) == {"uplink", "downlink"}
    assert counting(UP, dataflow("downlink", source="cloud", destination="default", mode="Disabled")) == set()


def test_what_a_map_writes_may_close_the_loop() -> None:
    topic = {"map": [{"inputs": ["*"], "output": "*"}, {"inputs": ["to"], "output": "$metadata.topic"}]}
    down = dataflow("downlink", source="cloud", destination="default", topic="${outputTopic}", transformation=topic)
    assert counting(UP, down) == {"uplink", "downlink"}


@pytest.mark.parametrize(("choice", "names"), [("always", {"uplink"}), ("never", set())])
def test_the_annotation_decides_for_its_data_flow(choice: str, names: set[str]) -> None:
    assert counting(annotated(UP, choice)) == names
    assert counting(annotated(UP, choice), DOWN) == names | {"downlink"}


def test_a_loop_of_three_that_was_found_counts() -> None:
    third = endpoint("third", 1883, host="third.example.com")
    flows = [
        dataflow("one"),
        dataflow("two", source="cloud", destination="third"),
        dataflow("three", source="third", destination="default"),
    ]
    assert counting(third, *flows) == {"one", "two", "three"}


def test_data_flows_that_do_not_take_each_others_messages_are_no_loop() -> None:
    up, down = annotated(UP, "downlink", "no-echo-of"), annotated(DOWN, "uplink", "no-echo-of")
    assert counting(up, down) == set()
    plans = {each.name: each for each in build(read(up, down).resources, SETTINGS).flows}
    assert plans["uplink"].echoes_of == {"tidegate-downlink-0-destination"}
    assert plans["downlink"].echoes_of == {"tidegate-uplink-0-destination"}
    assert plans["uplink"].leaves_mark
    assert plans["downlink"].leaves_mark


def test_a_mark_is_left_only_where_somebody_looks_for_it() -> None:
    plans = {
        each.name: each for each in build(read(UP, annotated(DOWN, " uplink", "no-echo-of")).resources, SETTINGS).flows
    }
    assert (plans["uplink"].leaves_mark, plans["downlink"].leaves_mark) == (True, False)
    assert plans["uplink"].echoes_of == frozenset()
    alone = build(read(annotated(UP, "downlink", "no-echo-of")).resources, SETTINGS).flows[0]
    assert alone.echoes_of == frozenset()


def test_one_broker_by_several_names() -> None:
    declared = read(
        endpoint("loop", 1883, host="LOCALHOST"),
        endpoint("six", 1883, host="[::1]"),
        endpoint("ours", 1884, host="aio-broker"),
    )
    resources = declared.resources

    def broker(name: str, settings: Settings) -> Broker:
        found = resolve_endpoint(name, resources)
        assert found is not None
        return broker_of(found, resources, settings)

    assert broker("loop", SETTINGS) == broker("six", SETTINGS) == broker("default", SETTINGS)
    assert broker("ours", SETTINGS) == ("aio-broker", 1884)
    assert broker("ours", replace(SETTINGS, no_broker=False)) == broker("ours", replace(SETTINGS, no_broker=False))
    assert broker("cloud", SETTINGS) == ("cloud.example.com", 1883)

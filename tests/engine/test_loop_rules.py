"""Which data flows count hops. What is said about loops is in `tests/cases/manifests/loop_*`."""

import json
from pathlib import PurePath

import pytest
from tests.integration.harness.manifests import Declared, dataflow, endpoint

from tidegate.engine.loop_rules import check_loops, counting_flows
from tidegate.engine.plan import build
from tidegate.resources.finding_list import FindingList
from tidegate.resources.manifest import parse
from tidegate.resources.resolved_flow import resolve
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings
from tidegate.transform.topic_template import parse as parse_template

SETTINGS = Settings(data_dir=PurePath("state"), no_broker=True)
ENDPOINTS = [endpoint("default", 1883), endpoint("cloud", 1883, host="cloud.example.com")]


def annotated(flow: Declared, choice: str) -> Declared:
    metadata = flow["metadata"]
    assert isinstance(metadata, dict)
    return flow | {"metadata": metadata | {"annotations": {"tidegate.dev/count-hops": choice}}}


def counting(*flows: Declared, settings: Settings = SETTINGS) -> set[str]:
    texts = [SourceText(f"{index}.json", json.dumps(each)) for index, each in enumerate((*ENDPOINTS, *flows))]
    declared = parse(texts)
    assert declared.diagnostics == ()
    made = {each.name: each.hops_max for each in build(declared.resources, settings).flows}
    assert set(made.values()) <= {None, settings.hops_max}
    counts = {name for name, hops_max in made.items() if hops_max is not None}
    resolved = [
        each for each in (resolve(flow, declared.resources) for flow in declared.resources.dataflows.values()) if each
    ]
    templates = {each.key: parse_template(each.topic_template) for each in resolved}
    assert counting_flows(resolved, templates, declared.resources, settings) == counts
    findings = FindingList(declared.source_map)
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

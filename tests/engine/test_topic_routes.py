"""Which data flows take a topic, and each reason for which one does not."""

import json
from pathlib import PurePath

import pytest
from tests.integration.harness.manifests import Declared, dataflow, endpoint

from tidegate.engine.plan import validate
from tidegate.engine.topic_routes import TopicRoute, topic_routes
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings

SETTINGS = Settings(data_dir=PurePath("state"), no_broker=True)
ENDPOINTS = [
    endpoint("default", 1883),
    endpoint("cloud", 1883, host="cloud.example.com"),
    endpoint("other", 1883, host="other.example.com"),
    endpoint("twin", 1883, host="localhost"),
]


def routes(topic: str, *flows: Declared, at: str | None = None) -> dict[str, TopicRoute]:
    texts = [SourceText(f"{index}.json", json.dumps(each)) for index, each in enumerate((*ENDPOINTS, *flows))]
    declared = parse(texts)
    found = validate(declared.resources, declared.source_map, SETTINGS, None)
    made = topic_routes(topic, declared.resources, found, SETTINGS, endpoint=at)
    assert len(made) == len(flows)
    return {each.flow: each for each in made}


def test_what_is_taken_comes_out_and_who_reads_it_then() -> None:
    up, down = (
        dataflow("up", topic="north/${inputTopic}"),
        dataflow("next", source="cloud", filters=["north/#"], destination="default", topic="back"),
    )
    found = routes("plant/a", down, up)
    assert list(found) == ["up", "next"]
    assert found["up"] == TopicRoute("up", "default", "cloud", "takes", "`plant/#` matches", "north/plant/a", ("next",))


@pytest.mark.parametrize(
    ("topic", "topic_filter", "reason"),
    [
        ("plant/a", "site/#", "`site/#` has `site` in level 1, and the topic `plant`"),
        ("plant/a", "plant/a/b", "`plant/a/b` has 3 levels, and the topic 2"),
        ("plant/a", "plant", "`plant` has 1 level, and the topic 2"),
        ("plant/a/b", "+/a/c", "`+/a/c` has `c` in level 3, and the topic `b`"),
        ("$SYS/a", "#", "`#` begins with a wildcard, which stands for no topic that begins with `$`"),
        (
            "$SYS/a",
            "$share/g/+/a",
            "`$share/g/+/a` begins with a wildcard, which stands for no topic that begins with `$`",
        ),
    ],
)
def test_why_no_filter_matches(topic: str, topic_filter: str, reason: str) -> None:
    found = routes(topic, dataflow("up", filters=[topic_filter]))["up"]
    assert (found.verdict, found.reason, found.topic) == ("no", f"no topic filter matches: {reason}", None)


def test_every_filter_has_its_reason() -> None:
    found = routes("a/b", dataflow("up", filters=["c", "d/#"]))["up"]
    assert found.reason == (
        "no topic filter matches: `c` has `c` in level 1, and the topic `a`; `d/#` has `d` in level 1, and the topic `a`"
    )


def test_what_is_disabled_or_does_not_validate_takes_nothing() -> None:
    found = routes("plant/a", dataflow("off", mode="Disabled"), dataflow("bad", destination="nowhere"))
    assert found["off"].reason == "it is disabled (`mode: Disabled`)"
    assert found["bad"].reason.startswith("it does not validate: endpointRef is `nowhere`, which is not declared")
    assert {each.verdict for each in found.values()} == {"no"}


def test_what_a_template_cannot_make_would_be_dropped() -> None:
    found = routes("plant/a", dataflow("up", topic="x/${inputTopic.3}"))["up"]
    assert (found.verdict, found.topic) == ("drops", None)
    assert found.reason == (
        "`plant/#` matches, and it would be dropped (topic): `${inputTopic.3}` asks for segment 3, "
        "and the source topic `plant/a` has 2"
    )


def test_a_shared_subscription_gives_each_message_to_one_of_its_members() -> None:
    members = [dataflow(name, filters=["$share/g/plant/#"]) for name in ("one", "two")]
    alone = dataflow("alone", filters=["$share/g/plant/#", "plant/#"])
    elsewhere = dataflow("elsewhere", source="cloud", filters=["$share/g/plant/#"], destination="default", topic="x")
    found = routes("plant/a", *members, alone, elsewhere)
    assert found["one"].verdict == found["two"].verdict == "shares"
    assert found["one"].reason == (
        "`$share/g/plant/#` matches; each message goes to it or to `alone` or `two`, which share it"
    )
    assert found["alone"].verdict == found["elsewhere"].verdict == "takes"


def test_what_depends_on_the_message_is_said() -> None:
    middle = {
        "filter": [{"inputs": ["a"], "expression": "$1 > 1"}],
        "map": [{"inputs": ["a"], "output": "$metadata.topic"}],
    }
    found = routes("plant/a", dataflow("up", topic="x/${outputTopic}", transformation=middle))["up"]
    assert (found.verdict, found.topic) == ("takes", None)
    assert found.reason == (
        "`plant/#` matches; its filters decide by each message and its map writes the topic, see `tidegate trace`"
    )


def test_a_message_is_published_on_one_broker() -> None:
    flows = [dataflow("up"), dataflow("down", source="cloud", filters=["plant/#"], destination="default", topic="x")]
    assert [each.verdict for each in routes("plant/a", *flows, at="twin").values()] == ["takes", "no"]
    found = routes("plant/a", *flows, at="other")
    assert found["up"].reason == "it reads from `default`, which is another broker than `other`"

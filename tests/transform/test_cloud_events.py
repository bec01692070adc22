"""Both tables of `cloudEventAttributes`, a row a case (facts 4.4)."""

from itertools import count
from typing import Literal

import pytest
from tests.transform.transforms import NOW

from tidegate.transform.cloud_events import attribute_maker
from tidegate.transform.headers import Properties
from tidegate.transform.spec import TransformSpec

COMPLETE: Properties = (("specversion", "1.0"), ("type", "t"), ("source", "s"), ("id", "7"))
MADE: Properties = (
    ("specversion", "1.0"),
    ("type", "ms.aio-dataflow.telemetry"),
    ("source", "aio://cloud"),
    ("id", "id-1"),
    ("subject", "out"),
    ("time", "2023-11-14T22:13:20.250Z"),
)


def attributes(
    mode: Literal["Propagate", "CreateOrRemap"],
    properties: Properties,
    content_type: str | None = None,
    schema: str | None = None,
) -> tuple[Properties, str | None]:
    numbers = count(1)
    spec = TransformSpec(topic_template="out", cloud_events=mode, target_name="cloud", output_schema=schema)
    make = attribute_maker(spec, lambda: f"id-{next(numbers)}")
    assert make is not None
    return make(properties, content_type, "out", NOW.wall)


def test_without_the_setting_there_is_nothing_to_do() -> None:
    assert attribute_maker(TransformSpec(topic_template="out"), str) is None


@pytest.mark.parametrize("mode", ["Propagate", "CreateOrRemap"])
def test_a_complete_event_passes_as_it_is(mode: Literal["Propagate", "CreateOrRemap"]) -> None:
    given = (*COMPLETE, ("subject", "x"), ("time", "2018-04-05T17:31:00Z"), ("other", "1"))
    assert attributes(mode, given, "text/plain") == (given, "text/plain")
    assert attributes(mode, COMPLETE) == (COMPLETE, None)


@pytest.mark.parametrize("missing", ["specversion", "type", "source", "id"])
def test_an_event_that_is_not_complete(missing: str) -> None:
    given = tuple(each for each in COMPLETE if each[0] != missing)
    assert attributes("Propagate", given) == (given, None)
    made, _ = attributes("CreateOrRemap", given)
    assert dict(made) == {**dict(MADE), **dict(given)}
    assert len(made) == 6


def test_what_is_no_event_becomes_one() -> None:
    json = ("datacontenttype", "application/json")
    assert attributes("CreateOrRemap", (), "application/json") == ((*MADE, json), "application/json")
    assert attributes("CreateOrRemap", (("unit", "C"),)) == ((("unit", "C"), *MADE), None)
    given = (("subject", "mine"), ("time", "then"), ("id", ""))
    made, _ = attributes("CreateOrRemap", given)
    assert dict(made) == {**dict(MADE), "subject": "mine", "time": "then"}


@pytest.mark.parametrize("mode", ["Propagate", "CreateOrRemap"])
def test_the_content_type_is_that_of_the_output(mode: Literal["Propagate", "CreateOrRemap"]) -> None:
    json, text = ("datacontenttype", "application/json"), ("datacontenttype", "text/plain")
    assert attributes(mode, (text, *COMPLETE)) == ((text, *COMPLETE), "text/plain")
    assert attributes(mode, (text, *COMPLETE, text), "application/json") == ((json, *COMPLETE), "application/json")
    assert attributes(mode, COMPLETE, "application/json") == (COMPLETE, "application/json")
    assert attributes("Propagate", (("datacontenttype", "text/plain"),)) == ((("datacontenttype", "text/plain"),), None)


def test_the_schema_is_that_of_the_output() -> None:
    schema = "aio-sr://n/oven:1"
    assert attributes("Propagate", COMPLETE, schema=schema)[0] == (*COMPLETE, ("dataschema", schema))
    given = (*COMPLETE, ("dataschema", "other"))
    assert attributes("Propagate", given, schema=schema)[0] == (*COMPLETE, ("dataschema", schema))
    assert attributes("Propagate", given)[0] == given
    assert attributes("CreateOrRemap", (), schema=schema)[0] == (*MADE, ("dataschema", schema))


@pytest.mark.parametrize("mode", ["Propagate", "CreateOrRemap"])
def test_structured_mode_passes_as_it_is(mode: Literal["Propagate", "CreateOrRemap"]) -> None:
    content_type = "application/cloudevents+json; charset=utf-8"
    assert attributes(mode, (("a", "b"),), content_type) == ((("a", "b"),), content_type)


def test_time_goes_on() -> None:
    spec = TransformSpec(topic_template="out", cloud_events="CreateOrRemap")
    make = attribute_maker(spec, lambda: "id")
    assert make is not None
    times = [dict(make((), None, "t", wall)[0])["time"] for wall in (1.999, 2.0, 1.0, 951_782_400.5)]
    assert times == [
        "1970-01-01T00:00:01.999Z",
        "1970-01-01T00:00:02.000Z",
        "1970-01-01T00:00:01.000Z",
        "2000-02-29T00:00:00.500Z",
    ]

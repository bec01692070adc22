"""From texts to resources."""

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read

from tidegate.resources.base import ResourceKey
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData:\n  pin: |\n    swordfish\n  # kept\n"


def test_a_text_that_does_not_parse_spoils_no_other() -> None:
    manifest = parse([SourceText("a.yaml", "a: b: c"), SourceText("b.yaml", CLOUD)])
    assert "cloud" in manifest.resources.endpoints
    assert not manifest.resources.is_complete
    assert [diagnostic.span.file for diagnostic in manifest.diagnostics if diagnostic.span] == ["a.yaml"]


def test_what_came_before_an_error_is_read() -> None:
    manifest = read(CLOUD, "a: b: c")
    assert "cloud" in manifest.resources.endpoints
    assert not manifest.resources.is_complete


def test_a_resource_that_does_not_validate_is_remembered() -> None:
    manifest = read(CLOUD.replace("Mqtt\n", "Mqttt\n"), UPLINK)
    assert manifest.resources.unread == {ResourceKey("DataflowEndpoint", "cloud")}
    assert list(manifest.resources.dataflows) == ["uplink"]


def test_a_broken_default_does_not_bring_back_the_built_in_one() -> None:
    assert "default" not in read(DEFAULT.replace("1883", "x")).resources.endpoints
    assert "default" in read("").resources.endpoints


def test_lists_may_be_of_one_kind_and_nested() -> None:
    text = "kind: DataflowProfileList\nitems:\n- kind: List\n  items:\n  - {kind: Deployment}\n"
    assert [diagnostic.code for diagnostic in read(text).diagnostics] == ["kind"]


def test_contents_of_secrets_are_masked_in_lines() -> None:
    lines = read(SECRET).lines["manifest.yaml"]
    masked = SECRET.replace("{name: client}", "*name: client*").replace("|", "*")
    assert lines == masked.replace("swordfish", "*********").replace("# kept", "* ****")


def test_promise_06_what_is_below_a_key_of_a_secret_is_masked_with_its_names() -> None:
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
    lines = read(head + "stringData: {key: {swordfish: 1}, list: [{swordfish: 2}]}\n").lines["manifest.yaml"]
    assert (
        lines == head.replace("{name: a}", "*name: a*") + "stringData: *key: *********** *** list: ************ ****\n"
    )


def test_promise_06_of_a_secrets_metadata_only_the_name_is_shown() -> None:
    """`kubectl apply` leaves an annotation there that holds the whole secret."""
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, annotations: {last: 'swordfish'}}\ntype: [swordfish]\n"
    shown = read(text).lines["manifest.yaml"]
    assert "swordfish" not in shown and "kind: Secret" in shown and "name: a" in shown


def test_a_text_with_a_secret_that_does_not_parse_is_not_shown() -> None:
    assert read(SECRET + "a: b: c").lines == {}
    assert read("{\"kind\" : 'Secret', x").lines == {}
    assert "manifest.yaml" in read("a: b: c").lines

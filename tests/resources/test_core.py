"""Secrets and config maps: their content, and that no secret is shown."""

import pytest
from tests.resources.manifests import read, read_clean

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: client}
type: kubernetes.io/tls
data:
  a: aGVsbG8=
  b: >-
    aGVs
    bG8=
stringData:
  a: swordfish
"""

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: plant-ca}
data: {a.crt: text}
binaryData: {b.crt: aGVsbG8=, c.crt: //8=}
"""


def test_content_of_a_secret() -> None:
    assert read_clean(SECRET).resources.secrets["client"].content == {"a": b"swordfish", "b": b"hello"}


def test_content_of_a_config_map() -> None:
    assert read_clean(CONFIG_MAP).resources.config_maps["plant-ca"].content == {"a.crt": "text", "b.crt": "hello"}


def test_empty_ones_have_no_content() -> None:
    manifest = read_clean(SECRET.split("\ntype:", maxsplit=1)[0], "\n---", CONFIG_MAP.split("\ndata:", maxsplit=1)[0])
    assert manifest.resources.secrets["client"].content == {}
    assert manifest.resources.config_maps["plant-ca"].content == {}


def test_no_repr_shows_a_secret() -> None:
    manifest = read_clean(SECRET)
    for shown in (repr(manifest), str(manifest), repr(manifest.resources.secrets["client"])):
        assert "swordfish" not in shown
        assert "aGVs" not in shown


def test_no_line_and_no_finding_shows_a_secret() -> None:
    for broken in (
        SECRET.replace("swordfish", "[swordfish]"),
        SECRET.replace("swordfish", '"swordfish\\q"'),
        SECRET.replace("swordfish", "swordfish: x"),
        SECRET.replace("swordfish", "!!binary swordfish"),
        SECRET + "  pin: 0x5w0\n  a: swordfish\n",
        SECRET.replace("stringData", "stringdata"),
    ):
        manifest = read(broken)
        assert manifest.diagnostics
        shown = repr(manifest.diagnostics) + repr(manifest.lines)
        assert "swordfish" not in shown


@pytest.mark.parametrize("key", ["../up", "a/b", "..", "", "a b", "k" * 254, "a\\0"])
def test_promise_14_a_key_is_no_path(key: str) -> None:
    for text, field in ((SECRET, "stringData"), (CONFIG_MAP, "data")):
        head = text.split(f"\n{field}:", maxsplit=1)[0]
        manifest = read(head, f"\n{field}: {{'{key}': swordfish}}\n")
        (found,) = manifest.diagnostics
        assert (found.code, found.hint) == ("key", "a key is no path")
        assert "swordfish" not in repr(manifest.diagnostics)
        assert not manifest.resources.declared

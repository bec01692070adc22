"""Names and hosts."""

import pytest

from tidegate.resources.values import HostAddress, HostError, kubernetes_name_error, parse_host, resource_name_error


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("broker", "broker", None, None),
        ("aio-broker:18883", "aio-broker", 18883, None),
        ("a.b.example.com.:1", "a.b.example.com.", 1, None),
        ("broker_1:65535", "broker_1", 65535, None),
        ("broker:443/mqtt", "broker", 443, "/mqtt"),
        ("broker/mqtt/a", "broker", None, "/mqtt/a"),
        ("broker:443/", "broker", 443, "/"),
        ("127.0.0.1:1883", "127.0.0.1", 1883, None),
        ("[::1]", "::1", None, None),
        ("[fe80::1]:1883/mqtt", "fe80::1", 1883, "/mqtt"),
    ],
)
def test_parse_host(text: str, host: str, port: int | None, path: str | None) -> None:
    assert parse_host(text) == HostAddress(host, port, path)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("mqtt://broker", "mqtt://"),
        ("a b", " "),
        ("a\tb", "\t"),
        ("", ""),
        (":1883", ":1883"),
        ("/mqtt", "/"),
        ("broker:", ":"),
        ("broker:0", "0"),
        ("broker:65536", "65536"),
        ("broker:x/y", "x"),
        ("broker:\u0661", "\u0661"),
        ("::1", "::1"),
        ("[::1", "[::1"),
        ("[::1]1883", "1883"),
        ("[x]:1", "x"),
        ("-a.example.com", "-a.example.com"),
        ("a..b", "a..b"),
        ("a" * 64, "a" * 64),
    ],
)
def test_parse_host_says_which_characters_are_wrong(text: str, marked: str) -> None:
    with pytest.raises(HostError) as raised:
        parse_host(text)
    error = raised.value
    assert text[error.offset : error.offset + error.length] == marked
    assert error.length >= 1


@pytest.mark.parametrize("name", ["abc", "a-c", "123", "a" * 63])
def test_resource_names(name: str) -> None:
    assert resource_name_error(name) is None


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "Abc", "-ab", "ab-", "a.b", "a_b", "äbc", "abc\n"])
def test_no_resource_names(name: str) -> None:
    assert resource_name_error(name) is not None


@pytest.mark.parametrize("name", ["a", "a.b-c", "a" * 253])
def test_kubernetes_names(name: str) -> None:
    assert kubernetes_name_error(name) is None


@pytest.mark.parametrize("name", ["", "..", "../a", "a/b", "A", "a..b", "a.", "a" * 254, "a\n"])
def test_no_kubernetes_names(name: str) -> None:
    assert kubernetes_name_error(name) is not None

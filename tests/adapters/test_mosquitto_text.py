"""The lines of a mosquitto configuration."""

from tidegate.adapters.mosquitto_text import Line, masked, read_lines


def test_options_have_their_place_and_comments_are_none() -> None:
    text = '# a comment\n\nconnection  cloud \n  topic # out 1 "" b/\n \t# another\nnotifications\n'
    assert read_lines(text) == [
        Line(3, 1, "connection", "cloud"),
        Line(4, 3, "topic", '# out 1 "" b/'),
        Line(6, 1, "notifications", ""),
    ]


def test_two_quotes_are_an_empty_word() -> None:
    assert Line(1, 1, "topic", '"" out 1 a ""').words == ["", "out", "1", "a", ""]


def test_what_is_true() -> None:
    assert [Line(1, 1, "o", value).is_true for value in ("true", "1", "TRUE", "false", "0", "")] == [True] * 3 + [
        False
    ] * 3


def test_what_is_shown_has_no_secrets_and_the_same_lines() -> None:
    text = "address h\n  Password geheim\nremote_password geheim\nbridge_psk 12ab\nremote_username me"
    assert masked(text) == "address h\n  Password ***\nremote_password ***\nbridge_psk ***\nremote_username me"

"""What rules allow, and to whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.broker.access import ALLOW_ALL, Access, AccessRules
from tidegate.broker.identity import Identity
from tidegate.broker.plan import AccessRule
from tidegate.mqtt.topics import filter_error, matches

ONE = Identity("one", "alice", (("site", "north"), ("role", "press")))

LEVELS = st.lists(st.sampled_from(["a", "b", "+", "#", "", "$x"]), min_size=1, max_size=4).map("/".join)
NAMES = st.lists(st.sampled_from(["a", "b", "", "$x"]), min_size=1, max_size=4).map("/".join)


def rules(**fields: object) -> AccessRules:
    return AccessRules((AccessRule(**fields),))  # type: ignore[arg-type]


def test_without_rules_everything_is_allowed_and_with_them_nothing_else() -> None:
    assert ALLOW_ALL.may_connect("x") and ALLOW_ALL.may_publish("x") and ALLOW_ALL.may_subscribe("#")
    access = AccessRules(()).for_identity(ONE)
    assert not (access.may_connect("one") or access.may_publish("a") or access.may_subscribe("a"))
    assert not access.may_receive("a")


def test_any_principal_names_a_client() -> None:
    named: tuple[dict[str, object], ...] = (
        {"client_ids": frozenset({"one"})},
        {"subjects": frozenset({"alice"})},
        {"attributes": ((("site", "north"),), (("x", "y"),))},
        {"attributes": ((("site", "north"), ("role", "press")),)},
    )
    for principals in named:
        assert rules(publish=("a",), **principals).for_identity(ONE).may_publish("a")
    others: tuple[dict[str, object], ...] = (
        {"client_ids": frozenset({"two"})},
        {"attributes": ((("site", "north"), ("role", "oven")),)},
        {"attributes": ((),)},
    )
    for principals in others:
        assert not rules(publish=("a",), **principals).for_identity(ONE).may_publish("a")


def test_an_empty_subject_is_nobodys() -> None:
    assert not rules(subjects=frozenset({""}), publish=("a",)).for_identity(Identity("x")).may_publish("a")


def test_connect_with_named_identifiers_or_ones_own() -> None:
    everyone = frozenset({"one", "two"})
    assert rules(client_ids=everyone, may_connect=True).for_identity(ONE).may_connect("one")
    named = rules(client_ids=everyone, may_connect=True, connect=("two",)).for_identity(ONE)
    assert named.may_connect("two") and not named.may_connect("one")


def test_connect_with_identifiers_that_begin_as_the_rule_says() -> None:
    def access(*connect: str, site: str = "north") -> Access:
        identity = Identity("n", "alice", (("site", site),))
        return rules(subjects=frozenset({"alice"}), may_connect=True, connect=connect).for_identity(identity)

    own = access("{principal.attributes.site}-*", "spare")
    assert own.may_connect("north-1") and own.may_connect("north-") and own.may_connect("spare")
    assert not (own.may_connect("south-1") or own.may_connect("spare-1") or own.may_connect("north"))
    assert access("*").may_connect("whatever")
    assert not access("{principal.attributes.other}*").may_connect("x"), "what it does not have begins nothing"
    starred = access("{principal.attributes.site}", site="*")
    assert starred.may_connect("*") and not starred.may_connect("x"), "only the rule itself has a wildcard"


def test_promise_09_a_clients_own_name_may_not_become_a_wildcard() -> None:
    rule = {"publish": ("d/{principal.clientId}/#", "s/{principal.attributes.site}")}
    fine = rules(client_ids=frozenset({"one"}), **rule).for_identity(ONE)
    assert fine.may_publish("d/one/x") and fine.may_publish("s/north") and not fine.may_publish("d/two/x")
    for name in ("+", "#", "a/b", "{principal.attributes.site}", ""):
        hostile = Identity(name, "s", (("site", name),))
        access = rules(subjects=frozenset({"s"}), **rule).for_identity(hostile)
        assert not access.may_publish("d/one/x") and not access.may_publish("s/north")


@pytest.mark.parametrize("template", ["{principal.clientId}/data/#", "{principal.attributes.site}/g/#"])
def test_promise_09_a_clients_own_name_may_not_make_a_shared_filter(template: str) -> None:
    """With `$share` for a name, `$share/data/#` would match everything."""
    hostile = Identity("$share", "s", (("site", "$share"),))
    access = rules(subjects=frozenset({"s"}), publish=(template,), subscribe=(template,)).for_identity(hostile)
    for topic in ("secret", "data/secret", "$share/data/x", "$other"):
        assert not access.may_publish(topic) and not access.may_receive(topic)
    assert not access.may_subscribe("#") and not access.may_subscribe("$share/data/#")
    inside = rules(subjects=frozenset({"s"}), publish=("d/{principal.clientId}/#",)).for_identity(hostile)
    assert inside.may_publish("d/$share/x") and not inside.may_publish("x")


@pytest.mark.parametrize("written", ["$share/g/#", "a/#/b", "a+/b", "$share/g"])
def test_promise_09_what_is_no_filter_in_a_rule_allows_nothing(written: str) -> None:
    access = rules(client_ids=frozenset({"one"}), publish=(written,), subscribe=(written,)).for_identity(ONE)
    for topic in ("a/b", "a/x/b", "$SYS/x", written):
        assert not access.may_publish(topic) and not access.may_receive(topic)
    assert not access.may_subscribe("a/b") and not access.may_subscribe(written)


@given(LEVELS, LEVELS, NAMES)
def test_a_filter_is_allowed_only_if_all_it_matches_is(allowed: str, asked: str, topic: str) -> None:
    access = rules(client_ids=frozenset({"one"}), subscribe=(allowed,)).for_identity(ONE)
    if filter_error(asked) is None and access.may_subscribe(asked) and matches(asked, topic):
        assert matches(allowed, topic)
        assert access.may_receive(topic)


def test_a_shared_filter_is_looked_through() -> None:
    access = rules(client_ids=frozenset({"one"}), subscribe=("a/#",)).for_identity(ONE)
    assert access.may_subscribe("$share/g/a/b") and not access.may_subscribe("$share/g/b")

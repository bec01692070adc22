"""What a client may do: connect, publish, subscribe, receive.

Knows rules and who they name. Does not know where they are declared (`resources`) or who a client is (`auth`).
"""

from collections.abc import Iterable

from tidegate.broker.identity import Identity
from tidegate.broker.plan import AccessRule
from tidegate.broker.state_topics import NOTIFICATION_TOPICS
from tidegate.mqtt.topics import filter_error, matches, split_share

__all__ = ["ALLOW_ALL", "ANSWERS_CACHED_MAX", "OWN_TOPICS", "TOPIC_CHARACTERS_REMEMBERED_MAX", "Access", "AccessRules"]

OWN_TOPICS = ("$SYS/", NOTIFICATION_TOPICS)
"""What only the broker itself publishes to, whatever the rules."""

ANSWERS_CACHED_MAX = 4_096
"""How many answers one client's access remembers for each question; when there are more, all are forgotten."""

TOPIC_CHARACTERS_REMEMBERED_MAX = 256
"""Answers for longer topics are found anew each time: a client could fill the memory with them."""

_CLIENT_ID = "{principal.clientId}"
_ATTRIBUTE = "{principal.attributes."


class Access:
    """What one client may do. This one may do everything."""

    def may_connect(self, client_id: str) -> bool:
        """Tell whether it may connect with a client identifier."""
        return True

    def may_publish(self, topic: str) -> bool:
        """Tell whether it may publish to a topic name."""
        return True

    def may_subscribe(self, topic_filter: str) -> bool:
        """Tell whether it may have all that a topic filter matches; a `$share/` prefix is looked through."""
        return True

    def may_receive(self, topic: str) -> bool:
        """Tell whether it may be sent messages of a topic name."""
        return True


ALLOW_ALL = Access()
"""The access of every client where there are no rules."""


class AccessRules:
    """The rules of one BrokerAuthorization. What no rule allows is not allowed."""

    def __init__(self, rules: tuple[AccessRule, ...]) -> None:
        self._rules = rules

    def for_identity(self, identity: Identity) -> Access:
        """Return what a client may do."""
        return _RuledAccess([rule for rule in self._rules if _names(rule, identity)], identity)


class _RuledAccess(Access):
    def __init__(self, rules: list[AccessRule], identity: Identity) -> None:
        connects = [rule for rule in rules if rule.may_connect]
        self._connect = {text for rule in connects for text in _filled(rule.connect, identity)}
        starred = (text[:-1] for rule in connects for text in rule.connect if text.endswith("*"))
        self._connect_prefixes = tuple(_filled(starred, identity))
        if any(not rule.connect for rule in connects):
            self._connect.add(identity.client_id)
        self._publish = [filter_ for rule in rules for filter_ in _filled(rule.publish, identity) if _is_plain(filter_)]
        self._subscribe = [
            filter_ for rule in rules for filter_ in _filled(rule.subscribe, identity) if _is_plain(filter_)
        ]
        self._publish_answers: dict[str, bool] = {}
        self._receive_answers: dict[str, bool] = {}

    def may_connect(self, client_id: str) -> bool:
        return client_id in self._connect or client_id.startswith(self._connect_prefixes)

    def may_publish(self, topic: str) -> bool:
        return _remembered(self._publish_answers, self._publish, topic)

    def may_subscribe(self, topic_filter: str) -> bool:
        pattern = split_share(topic_filter)[1]
        return any(_covers(allowed, pattern) for allowed in self._subscribe)

    def may_receive(self, topic: str) -> bool:
        return _remembered(self._receive_answers, self._subscribe, topic)


def _remembered(answers: dict[str, bool], allowed: list[str], topic: str) -> bool:
    answer = answers.get(topic)
    if answer is None:
        if len(answers) >= ANSWERS_CACHED_MAX:
            answers.clear()
        answer = any(matches(each, topic) for each in allowed)
        if len(topic) <= TOPIC_CHARACTERS_REMEMBERED_MAX:
            answers[topic] = answer
    return answer


def _names(rule: AccessRule, identity: Identity) -> bool:
    """Tell whether any of a rule's principals is this client."""
    if identity.client_id in rule.client_ids or (identity.subject and identity.subject in rule.subjects):
        return True
    attributes = set(identity.attributes)
    return any(bool(wanted) and attributes.issuperset(wanted) for wanted in rule.attributes)


def _filled(texts: Iterable[str], identity: Identity) -> Iterable[str]:
    """Put a client's own values into texts; what would become another filter by that, or has no value, is left out."""
    attributes = dict(identity.attributes)
    for text in texts:
        filled = _replace(text, _CLIENT_ID, identity.client_id)
        while filled is not None and _ATTRIBUTE in filled:
            name = filled.partition(_ATTRIBUTE)[2].partition("}")[0]
            filled = _replace(filled, f"{_ATTRIBUTE}{name}}}", attributes.get(name))
        if filled is not None:
            yield filled


def _is_plain(topic_filter: str) -> bool:
    """Tell whether a rule's filter is one, and not shared; any other allows nothing."""
    return filter_error(topic_filter) is None and split_share(topic_filter)[0] is None


def _replace(text: str, placeholder: str, value: str | None) -> str | None:
    if placeholder not in text:
        return text
    # A client that calls itself `+` must not be given everybody's topics, nor may a value bring another placeholder.
    if not value or any(character in value for character in "+#/{}"):
        return None
    # Nor may it make a shared filter (`$share`) of an allowed one, which matches what stands two levels further on.
    if value.startswith("$") and text.startswith(placeholder):
        return None
    return text.replace(placeholder, value)


def _covers(allowed: str, pattern: str) -> bool:
    """Tell whether every topic that `pattern` matches is matched by `allowed`."""
    if filter_error(pattern) is not None:
        return False
    # A filter that begins with a wildcard matches no topic that begins with `$` [MQTT-4.7.2-1].
    if pattern.startswith("$") and allowed[0] in "+#":
        return False
    wide, narrow = allowed.split("/"), pattern.split("/")
    for index, level in enumerate(wide):
        if level == "#":
            return True
        if index >= len(narrow):
            return False
        other = narrow[index]
        if other == "#" or (level not in ("+", other)):
            return False
    return len(wide) == len(narrow)

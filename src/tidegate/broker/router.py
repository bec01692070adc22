"""The subscription tree: which sessions get the messages of a topic.

Knows filters, wildcards and shared groups. Does not know messages. What a match costs depends on the levels of the topic
and the wildcards that match it, not on the subscriptions that do not.
"""

from typing import TYPE_CHECKING

from tidegate.broker.subscription import ShareGroup, Subscription, Target, merge

if TYPE_CHECKING:
    from tidegate.broker.session import Session

__all__ = ["MATCHES_CACHED_MAX", "TARGETS_CACHED_MAX", "Matches", "Router"]

MATCHES_CACHED_MAX = 20_000
"""How many topics' matches are remembered; when there are more, all are forgotten."""

TARGETS_CACHED_MAX = 500_000
"""The same for what they match, of all topics together; long topics count as more."""

_TOPIC_CHARACTERS = 64
"""So much of a topic takes about as much memory as one target."""


class Matches:
    """What a topic matches: one target for each session, and the shared groups.

    `durable` are the sessions that keep on disk what they get of it, those of groups apart.
    """

    __slots__ = ("durable", "groups", "targets")

    def __init__(self, targets: tuple[Target, ...], groups: tuple[ShareGroup, ...]) -> None:
        self.targets = targets
        self.groups = groups
        self.durable = tuple(target.session for target in targets if target.session.is_durable and target.qos)


class _Node:
    __slots__ = ("children", "groups", "subscribers")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.subscribers: dict[Session, Subscription] = {}
        self.groups: dict[str, ShareGroup] = {}


class Router:
    """All subscriptions of all sessions."""

    def __init__(self) -> None:
        self._root = _Node()
        self._cache: dict[str, Matches] = {}
        self._cached_targets = 0
        self._count = 0
        self.levels = 0
        """How many nodes the tree has."""

    def __len__(self) -> int:
        return self._count

    def add(self, session: "Session", subscription: Subscription) -> bool:
        """Add a subscription, or replace the session's one of the same filter [MQTT-3.8.4-3]; return whether it is new."""
        node = self._root
        for level in subscription.pattern.split("/"):
            child = node.children.get(level)
            if child is None:
                child = node.children[level] = _Node()
                self.levels += 1
            node = child
        members = node.subscribers
        share_name = subscription.share_name
        if share_name is not None:
            members = node.groups.setdefault(share_name, ShareGroup()).members
        is_new = session not in members
        members[session] = subscription
        self._count += is_new
        self.forget_matches()
        return is_new

    def remove(self, session: "Session", subscription: Subscription) -> None:
        """Remove a subscription that was added, and the branches that only it needed."""
        path: list[tuple[_Node, str]] = []
        node = self._root
        for level in subscription.pattern.split("/"):
            path.append((node, level))
            node = node.children[level]
        share_name = subscription.share_name
        if share_name is None:
            del node.subscribers[session]
        else:
            group = node.groups[share_name]
            del group.members[session]
            if not group.members:
                del node.groups[share_name]
        self._count -= 1
        self.forget_matches()
        for parent, level in reversed(path):
            child = parent.children[level]
            if child.children or child.subscribers or child.groups:
                break
            del parent.children[level]
            self.levels -= 1

    def group(self, share_name: str, pattern: str) -> ShareGroup | None:
        """Return the shared group of a filter, None when nobody is in it."""
        node = self._root
        for level in pattern.split("/"):
            child = node.children.get(level)
            if child is None:
                return None
            node = child
        return node.groups.get(share_name)

    def match(self, topic: str) -> Matches:
        """Return what a topic name matches; the answer is good until the next `add`, `remove` or `forget_matches`."""
        matches = self._cache.get(topic)
        if matches is None:
            if len(self._cache) >= MATCHES_CACHED_MAX or self._cached_targets >= TARGETS_CACHED_MAX:
                self.forget_matches()
            matches = self._cache[topic] = self._find(topic)
            self._cached_targets += len(matches.targets) + len(matches.groups) + len(topic) // _TOPIC_CHARACTERS
        return matches

    def forget_matches(self) -> None:
        """Match anew from now on: a session has become durable."""
        self._cache.clear()
        self._cached_targets = 0

    def _find(self, topic: str) -> Matches:
        found: list[_Node] = []
        levels = topic.split("/")
        # [MQTT-4.7.2-1]: a filter that begins with a wildcard does not match a topic that begins with `$`.
        nodes = [self._root]
        for index, level in enumerate(levels):
            following: list[_Node] = []
            for node in nodes:
                children = node.children
                child = children.get(level)
                if child is not None:
                    following.append(child)
                if index == 0 and level.startswith("$"):
                    continue
                child = children.get("+")
                if child is not None and level != "+":
                    following.append(child)
                child = children.get("#")
                if child is not None and level != "#":
                    found.append(child)
            nodes = following
        for node in nodes:
            found.append(node)
            # `a/#` matches `a` itself (section 4.7.1.2).
            child = node.children.get("#")
            if child is not None:
                found.append(child)
        return _matches(found)


def _matches(nodes: list[_Node]) -> Matches:
    by_session: dict[Session, list[Subscription]] = {}
    groups: list[ShareGroup] = []
    for node in nodes:
        for session, subscription in node.subscribers.items():
            by_session.setdefault(session, []).append(subscription)
        groups.extend(node.groups.values())
    return Matches(tuple(merge(session, found) for session, found in by_session.items()), tuple(groups))

"""Retained messages by topic, found by filter.

Knows one message for each topic, when it ends, and how many bytes all take, the tree with them. Does not know who wants them.
"""

from collections.abc import Iterator

from tidegate.broker.identity import Identity
from tidegate.message import Message, message_bytes

__all__ = ["LEVEL_BYTES", "Retained", "RetainedMessages"]

LEVEL_BYTES = 400
"""What a level of the tree takes. Topics are as deep as clients make them."""


class Retained:
    """One retained message. `expires_at` is in seconds of the monotonic clock, None for never."""

    __slots__ = ("expires_at", "message", "publisher")

    def __init__(self, message: Message, publisher: Identity, expires_at: float | None) -> None:
        self.message = message
        self.publisher = publisher
        self.expires_at = expires_at


class _Node:
    __slots__ = ("children", "retained")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.retained: Retained | None = None


class RetainedMessages:
    """A tree of topic levels."""

    def __init__(self) -> None:
        self._root = _Node()
        self._count = 0
        self.size = 0
        """What all of it takes in memory, in bytes."""

    def __len__(self) -> int:
        return self._count

    def set(self, retained: Retained) -> None:
        """Keep a message in the place of what its topic had [MQTT-3.3.1-5]."""
        node = self._root
        for level in retained.message.topic.split("/"):
            child = node.children.get(level)
            if child is None:
                child = node.children[level] = _Node()
                self.size += LEVEL_BYTES
            node = child
        if node.retained is None:
            self._count += 1
        else:
            self.size -= message_bytes(node.retained.message)
        node.retained = retained
        self.size += message_bytes(retained.message)

    def get(self, topic: str) -> Retained | None:
        """Return what is retained for a topic."""
        node = self._root
        for level in topic.split("/"):
            child = node.children.get(level)
            if child is None:
                return None
            node = child
        return node.retained

    def remove(self, topic: str) -> bool:
        """Forget what a topic has [MQTT-3.3.1-6]; return whether it had anything."""
        path: list[tuple[_Node, str]] = []
        node = self._root
        for level in topic.split("/"):
            child = node.children.get(level)
            if child is None:
                return False
            path.append((node, level))
            node = child
        if node.retained is None:
            return False
        self._count -= 1
        self.size -= message_bytes(node.retained.message)
        node.retained = None
        for parent, level in reversed(path):
            child = parent.children[level]
            if child.children or child.retained is not None:
                break
            del parent.children[level]
            self.size -= LEVEL_BYTES
        return True

    def size_with(self, message: Message) -> int:
        """Return what all of it takes at most once a message is kept as well."""
        return self.size + message_bytes(message) + LEVEL_BYTES * (message.topic.count("/") + 1)

    def match(self, pattern: str) -> list[Retained]:
        """Return the messages whose topics a filter (without `$share/`) matches, in the order in which topics were made."""
        levels = pattern.split("/")
        nodes = [self._root]
        is_root = True
        for level in levels:
            if level == "#":
                found: list[Retained] = []
                for node in nodes:
                    # `a/#` matches `a` itself (section 4.7.1.2); `#` matches no topic that begins with `$`.
                    found.extend(
                        each.retained for each in _below(node, skips_dollar=is_root) if each.retained is not None
                    )
                return found
            if level == "+":
                nodes = [
                    child
                    for node in nodes
                    for name, child in node.children.items()
                    if not (is_root and name.startswith("$"))
                ]
            else:
                nodes = [node.children[level] for node in nodes if level in node.children]
            is_root = False
        return [node.retained for node in nodes if node.retained is not None]

    def expired(self, now: float) -> list[str]:
        """Return the topics whose message has ended."""
        return [
            node.retained.message.topic
            for node in _below(self._root, skips_dollar=False)
            if node.retained is not None and node.retained.expires_at is not None and node.retained.expires_at <= now
        ]

    def everything(self) -> list[Retained]:
        """Return all messages."""
        return [node.retained for node in _below(self._root, skips_dollar=False) if node.retained is not None]


def _below(start: _Node, *, skips_dollar: bool) -> Iterator[_Node]:
    """Yield a node and all below it. A stack and no recursion: topics are as deep as clients make them."""
    yield start
    stack = [child for name, child in reversed(start.children.items()) if not (skips_dollar and name.startswith("$"))]
    while stack:
        node = stack.pop()
        yield node
        if node.children:
            stack.extend(reversed(node.children.values()))

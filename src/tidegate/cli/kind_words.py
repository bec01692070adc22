"""How people name resources on the command line: `dataflow uplink`, `endpoints`, `secret/client`, `dataflows,profiles`.

Knows the words for each kind. Does not know the models, so that to name something takes no time.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from tidegate.cli.output import NotUnderstood
from tidegate.resources.resource_key import ResourceKey

__all__ = ["KIND_WORDS", "NotFound", "keys_of", "kind_of", "kinds_and_names", "one_key"]

KIND_WORDS = {
    "DataflowEndpoint": ("dataflowendpoint", "dataflowendpoints", "endpoint", "endpoints"),
    "Dataflow": ("dataflow", "dataflows", "flow", "flows"),
    "DataflowProfile": ("dataflowprofile", "dataflowprofiles", "profile", "profiles"),
    "Broker": ("broker", "brokers"),
    "BrokerListener": ("brokerlistener", "brokerlisteners", "listener", "listeners"),
    "BrokerAuthentication": ("brokerauthentication", "brokerauthentications", "authentication", "authentications"),
    "BrokerAuthorization": ("brokerauthorization", "brokerauthorizations", "authorization", "authorizations"),
    "Secret": ("secret", "secrets"),
    "ConfigMap": ("configmap", "configmaps", "cm"),
}

_ALL = "all"
_KIND_OF = {word: kind for kind, words in KIND_WORDS.items() for word in words}


class NotFound(Exception):
    """A resource that was named is not there; the exit code is 3."""

    def __init__(self, key: ResourceKey, names: Sequence[str]) -> None:
        near = get_close_matches(key.name, names, n=1)
        self.hint = f"did you mean `{near[0]}`?" if near else f"see `tidegate get {KIND_WORDS[key.kind][0]}`"
        super().__init__(f"there is no {key}")


def kind_of(word: str) -> str:
    """Return the kind that a word means, in which upper and lower case do not matter, nor what stands behind a dot.

    Raises:
        NotUnderstood: it is no kind.
    """
    kind = _KIND_OF.get(word.partition(".")[0].lower())
    if kind is None:
        near = get_close_matches(word.lower(), _KIND_OF, n=1)
        there_are = ", ".join(words[0] for words in KIND_WORDS.values())
        raise NotUnderstood(f"`{word}` is no kind", f"did you mean `{near[0]}`?" if near else f"there are {there_are}")
    return kind


def kinds_and_names(words: Sequence[str]) -> tuple[list[str], list[ResourceKey]]:
    """Return the kinds that are meant as a whole, and the resources that are named.

    Raises:
        NotUnderstood: a word is no kind, or the forms are mixed.
    """
    if not words or list(words) == [_ALL]:
        return list(KIND_WORDS), []
    if any("/" in word for word in words):
        return [], [_key(word) for word in words]
    if len(words) == 1:
        return [kind_of(word) for word in words[0].split(",")], []
    return [], [ResourceKey(kind_of(words[0]), name) for name in words[1:]]


def keys_of(words: Sequence[str]) -> list[ResourceKey]:
    """Return the resources that are named. Raises `NotUnderstood`, also where a kind stands alone."""
    kinds, keys = kinds_and_names(words)
    if kinds:
        raise NotUnderstood("the name is missing", "write a kind and a name, as in `dataflow uplink`")
    return keys


def one_key(words: Sequence[str]) -> ResourceKey:
    """Return the one resource that is named. Raises `NotUnderstood`."""
    keys = keys_of(words)
    if len(keys) != 1:
        raise NotUnderstood(f"{len(keys)} resources are named; allowed is one", "repeat the command for each")
    return keys[0]


def _key(word: str) -> ResourceKey:
    kind, slash, name = word.partition("/")
    if not (slash and name):
        raise NotUnderstood(f"`{word}` is no KIND/NAME", "write all of them so, or one kind and then names")
    return ResourceKey(kind_of(kind), name)

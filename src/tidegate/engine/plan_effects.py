"""What would happen if other resources were declared: the difference to what runs, and its effect in words.

Knows plans as documents, and which change does what (`diff` is how the engine itself decides). Does not know where the documents
come from.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tidegate.engine.plan_document import RunningPlans
from tidegate.resources.differences import Absent, Difference, differences
from tidegate.resources.source_map import Json, path_text

__all__ = ["Action", "Effect", "Effects", "plan_effects"]

Action = Literal["start", "stop", "disable", "renew", "reconnect", "keep"]
"""`renew`: another client identifier, hence another session. `reconnect`: the same sessions on new connections."""

Document = Mapping[str, Any]  # Any: a plan as JSON; its shape is that of `flow.plan.FlowPlan`


class _Key(NamedTuple):
    """One running copy of a data flow."""

    name: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one data flow: to how many of its instances what is done, in words, and because of which changes."""

    name: str
    action: Action
    instances: int
    words: tuple[str, ...]
    changes: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that happens; `broker` has a sentence for each change of the embedded broker."""

    flows: tuple[Effect, ...]
    broker: tuple[str, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether all of it stays as it is."""
        return not self.broker and all(each.action == "keep" for each in self.flows)

    @property
    def summary(self) -> str:
        """What happens, counted."""
        names: defaultdict[Action, list[str]] = defaultdict(list)
        for each in self.flows:
            names[each.action].append(each.name)
        words: dict[Action, str] = {
            "start": "starts {}",
            "reconnect": "reconnects {}",
            "renew": "gives {} a new session",
            "disable": "switches off {}",
            "stop": "ends {}",
        }
        parts = [text.format(_count(len(names[action]))) for action, text in words.items() if names[action]]
        parts += ["changes the broker"] if self.broker else []
        if not parts:
            return "nothing changes"
        untouched = len(names["keep"])
        return ", ".join(parts) + (f"; {_count(untouched)} not touched" if untouched else "")


def plan_effects(running: RunningPlans | None, wanted: RunningPlans) -> Effects:
    """Compare what runs, None for nothing, with what should run."""
    before, after = _by_key(running), _by_key(wanted)
    disabled = set(_texts(wanted["disabled"]))
    moved = set(_texts(wanted["workers"])) ^ set(_texts(running["workers"]) if running is not None else ())
    grouped: defaultdict[tuple[str, Action], list[tuple[tuple[str, ...], tuple[Difference, ...]]]] = defaultdict(list)
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        action, words, changes = _compare(old, new, disabled, moved)
        grouped[key.name, action].append((words, changes))
    flows = [
        Effect(
            name, action, len(found), tuple(dict.fromkeys(word for words, _ in found for word in words)), found[0][1]
        )
        for (name, action), found in grouped.items()
    ]
    return Effects(tuple(flows), tuple(_broker(running["broker"] if running is not None else None, wanted["broker"])))


def _by_key(plans: RunningPlans | None) -> dict[_Key, Document]:
    if plans is None:
        return {}
    flows = plans["flows"]
    assert isinstance(flows, list)
    return {_Key(each["name"], each["ordinal"]): each for each in flows if isinstance(each, dict)}


def _compare(
    old: Document | None, new: Document | None, disabled: set[str], moved: set[str]
) -> tuple[Action, tuple[str, ...], tuple[Difference, ...]]:
    if old is None:
        assert new is not None
        return (
            "start",
            (f"a session of its own, {new['source']['client_id']}, or the one that is kept under this name",),
            (),
        )
    client_id = old["source"]["client_id"]
    if new is None:
        if old["name"] in disabled:
            return (
                "disable",
                (f"what is pending is settled; the session {client_id} is kept, and gathers messages",),
                (),
            )
        words = f"the session {client_id} is drained first: unsubscribed, received from until it is quiet, and ended"
        return "stop", (words,), ()
    changes = tuple(each for each in differences(old, new) if each.path[-1] != "is")
    if new["source"]["client_id"] != client_id:
        words = f"new client id {new['source']['client_id']}: once it is subscribed, the old session {client_id} is drained, "
        return "renew", (words + "and ended", *_more(old, new)), changes
    where = ("it moves between the engine and a worker process",) if new["profile"] in moved else ()
    if not changes and not where:
        return "keep", (), ()
    return (
        "reconnect",
        ("what is pending is settled; both sides connect anew with their sessions kept", *where, *_more(old, new)),
        changes,
    )


def _more(old: Document, new: Document) -> Iterator[str]:
    """Say what else follows from a change."""
    before, after = old["topic_filters"], new["topic_filters"]
    added = [f"`{each}`" for each in after if each not in before]
    removed = [f"`{each}`" for each in before if each not in after]
    if added:
        yield f"subscribes to {', '.join(added)}"
    if removed:
        yield f"unsubscribes from {', '.join(removed)}; what still comes of it is dropped and counted"
    side = old["destination"]["client_id"]
    if side != new["destination"]["client_id"] and old["source"]["client_id"] == new["source"]["client_id"]:
        yield f"new client id at the destination; the session {side} there is left to its expiry"
    for name in ("source", "destination"):
        was, now = old[name]["endpoint"], new[name]["endpoint"]
        if (was["host"], was["port"]) != (now["host"], now["port"]):
            place = f"{was['host']}:{was['port']}"
            left = "; what its session there holds stays behind" if name == "source" else ""
            yield f"the {name} is no more {place} but {now['host']}:{now['port']}{left}"


def _broker(old: Json, new: Json) -> Iterator[str]:
    """Say what changes at the embedded broker."""
    if old is None or new is None:
        if old is not None:
            yield "the embedded broker is not needed any more; it closes its ports and keeps what it stores"
        elif new is not None:
            yield f"the embedded broker starts on {', '.join(map(str, _ports(new)))}"
        return
    was, now = _ports(old), _ports(new)
    for port in sorted(was.keys() | now.keys()):
        if port not in now:
            yield f"port {port} of the broker closes, and its clients with it"
        elif port not in was:
            yield f"port {port} of the broker opens"
        elif was[port] != now[port]:
            yield f"port {port} of the broker changes: {_fields(differences(was[port], now[port]))}"
    for name, words in (
        ("authentications", "who may connect changes for those who connect from then on"),
        ("authorizations", "what clients may do is judged anew, for those that are connected too"),
        ("limits", "limits of the broker count from its next start"),
    ):
        assert isinstance(old, dict) and isinstance(new, dict)
        if old[name] != new[name]:
            yield words


def _ports(broker: Json) -> dict[int, Json]:
    assert isinstance(broker, dict)
    listeners = broker["listeners"]
    assert isinstance(listeners, list)
    return {each["port"]: each for each in listeners if isinstance(each, dict)}


def _fields(changes: Sequence[Difference]) -> str:
    return ", ".join(path_text(each.path) for each in changes if not isinstance(each.before, Absent) or each.path)


def _texts(value: Json) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def _count(number: int) -> str:
    return f"{number} data flow{'' if number == 1 else 's'}"

"""`tidegate route`: which data flows take a topic, what comes out, and why others do not. Nothing is connected or sent.

Knows what is printed. What is told comes from `engine/topic_routes.py`.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.declared_options import (
    DeclaredOptions,
    declared_options,
    from_store_option,
    load_declared,
    show_findings,
)
from tidegate.cli.output import NotUnderstood, Outcome, table

if TYPE_CHECKING:
    from tidegate.engine.topic_routes import TopicRoute

__all__ = ["EXAMPLES", "arguments", "route"]

EXAMPLES = (
    ("See where a message on a topic goes.", "tidegate route ovens/oven-9 flows/"),
    ("See it for what the engine that runs was given.", "tidegate route ovens/oven-9"),
    ("Count only what is published on one broker.", "tidegate route ovens/oven-9 flows/ --endpoint default"),
    (
        "List the topics that come out.",
        "tidegate route ovens/oven-9 flows/ --query \"[?verdict=='takes'].topic\" -o tsv",
    ),
)

_HEAD = ("FLOW", "TAKES IT", "FROM", "TO", "TOPIC", "THEN", "WHY")
_SHOWN = {"takes": "yes", "shares": "in turn", "drops": "drops it", "no": "no"}


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    declared_options(context)
    from_store_option(context)
    # knack knows one positional argument.
    context.positional(
        "paths", nargs="+", metavar="TOPIC PATH", help="Topic; and manifests, and folders of them (folders below too)."
    )
    context.argument(
        "endpoint",
        options_list=["--endpoint"],
        metavar="NAME",
        help="Endpoint on whose broker the message is published. Default: any.",
    )


def route(endpoint: str | None = None, from_store: bool = False, **kwargs: Unpack[DeclaredOptions]) -> Outcome:
    """Return what each data flow does with a topic; the exit code is 1 when none takes it."""
    from tidegate.engine.topic_routes import topic_routes
    from tidegate.mqtt.topics import topic_error

    topic, *paths = kwargs["paths"]
    if error := topic_error(topic):
        raise NotUnderstood(f"{topic!r}: {error}", "name one topic, as a publisher does")
    loaded, settings = load_declared(kwargs, paths, from_store=from_store, follows_engine=not paths and not from_store)
    show_findings(loaded, errors_only=True)
    if endpoint is not None and endpoint not in loaded.resources.endpoints:
        names = ", ".join(sorted(loaded.resources.endpoints))
        raise NotUnderstood(f"there is no endpoint {endpoint}", f"there are {names}")
    routes = topic_routes(topic, loaded.resources, loaded.diagnostics, settings, endpoint=endpoint)
    takes = any(each.verdict != "no" for each in routes)
    return Outcome([asdict(each) for each in routes], _text(routes), 0 if takes else 1)


def _text(routes: "list[TopicRoute]") -> str:
    if not routes:
        return "no data flow is declared\n"
    rows = [_HEAD]
    for each in routes:
        topic = each.topic or ("-" if each.verdict in ("no", "drops") else "by the map")
        following = ", ".join(each.following) or "-"
        rows.append((each.flow, _SHOWN[each.verdict], each.source, each.destination, topic, following, each.reason))
    return "".join(f"{line}\n" for line in table(rows))

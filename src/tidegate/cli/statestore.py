"""`tidegate statestore set`, `get`, `delete` and `list`: keys of a broker's state store, which data sets are read from.

Knows the options and exit codes. Does not know the protocol (`engine.state_client`) or what values mean.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from tidegate.cli.mqtt_options import ConnectionOptions, chosen_target, client_options, connection_options
from tidegate.cli.output import NotUnderstood, Outcome, print_error
from tidegate.cli.payload import read_payload

if TYPE_CHECKING:
    from tidegate.engine.state_client import StateClient

__all__ = ["EXAMPLES", "arguments", "delete", "get", "set_value", "show"]

EXAMPLES = (
    (
        "Write the records of the data set `limits`, a JSON object a line.",
        "tidegate statestore set limits -f limits.jsonl",
    ),
    ("Write a value that is typed.", 'tidegate statestore set limits -v \'{"id": "x1", "max": 240}\''),
    ("Show what a key holds.", "tidegate statestore get limits"),
    ("Show all keys.", "tidegate statestore list"),
    ("Remove a key.", "tidegate statestore delete limits"),
    ("Use the state store of another broker.", "tidegate statestore get limits -h localhost -p 1883"),
)

Result = TypeVar("Result")


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    connection_options(context, paths_are_option=True)
    if context.command_scope != "statestore list":
        context.positional("name", metavar="KEY", help="Key.")
    if context.command_scope == "statestore set":
        context.argument("value", options_list=["--value", "-v"], help="Value. Default: standard input, whole.")
        context.argument("file", options_list=["--file", "-f"], metavar="FILE", help="File whose content is the value.")


def set_value(
    name: str, value: str | None = None, file: str | None = None, **kwargs: Unpack[ConnectionOptions]
) -> Outcome:
    """Give a key a value; the broker has it on disk before this ends."""
    if value is not None and file is not None:
        raise NotUnderstood("more than one value", "give one of -v and -f")
    key, content = _key(name), read_payload(value, file, hint="give one with -v or -f, or on standard input")
    _run(kwargs, lambda client: client.write(key, content))
    return Outcome({"key": name, "bytes": len(content)}, f"{name}: {len(content)} bytes\n")


def get(name: str, **kwargs: Unpack[ConnectionOptions]) -> Outcome | None:
    """Write the value of a key to standard output, its bytes as they are."""
    key = _key(name)
    value = _run(kwargs, lambda client: client.read(key))
    if value is None:
        return _missing(name)
    sys.stdout.buffer.write(value)
    sys.stdout.buffer.flush()
    return None


def delete(name: str, **kwargs: Unpack[ConnectionOptions]) -> Outcome:
    """Remove a key."""
    key = _key(name)
    if not _run(kwargs, lambda client: client.remove(key)):
        return _missing(name)
    return Outcome({"key": name}, f"{name}: deleted\n")


def show(**kwargs: Unpack[ConnectionOptions]) -> Outcome:
    """List the keys."""
    names = [key.decode(errors="backslashreplace") for key in _run(kwargs, lambda client: client.keys())]
    return Outcome(names, "".join(f"{name}\n" for name in names))


def _run(options: ConnectionOptions, step: "Callable[[StateClient], Awaitable[Result]]") -> Result:
    """Do something with the state store of the broker that the options mean."""
    import asyncio

    from tidegate.engine.mqtt_tool import Client
    from tidegate.engine.state_client import StateClient

    of_client, target = client_options("statestore", options), chosen_target(options)

    async def run() -> Result:
        async with Client(target, of_client) as client:
            store = StateClient(client, of_client.client_id)
            await store.open()
            return await step(store)

    try:
        return asyncio.run(run())
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _key(name: str) -> bytes:
    key = os.fsencode(name)
    if not key:
        raise NotUnderstood("the key is empty", "name a key")
    return key


def _missing(name: str) -> Outcome:
    print_error(f"the state store has no key {name}", "see `tidegate statestore list`")
    return Outcome(None, "", 1)

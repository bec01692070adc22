"""`tidegate sub`: print messages as they come.

Knows the options, what is printed and the exit codes. Does not know how it is done (`engine.mqtt_tool`).
"""

import sys
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.message_form import SEQUENCES, FormError, MessageForm, NotJson, Shown
from tidegate.cli.mqtt_options import ConnectionOptions, chosen_target, client_options, connection_options, number
from tidegate.cli.output import NotUnderstood, Outcome, print_error

if TYPE_CHECKING:
    from tidegate.engine.mqtt_tool import Client, Received

__all__ = ["EXAMPLES", "TIMED_OUT", "Printer", "arguments", "sub"]

EXAMPLES = (
    ("Print everything on the embedded broker, with topics.", "tidegate sub -t '#' -v"),
    ("Print ten messages, or fail after a minute.", "tidegate sub -t 'ovens/#' -C 10 -W 60"),
    ("Print in a form of one's own.", "tidegate sub -t '#' -F '@H:@M:@S %t %q %r %p'"),
    ("Print what is retained, as JSON, and end.", "tidegate sub -t '#' --retained-only -F %j"),
    ("See what comes from the source of a data flow.", "tidegate sub --endpoint plant -t 'press/#' -v flows/"),
)

TIMED_OUT = 27
"""The exit code where `-W` ended it, as mosquitto_sub has it."""

NEVER_EXPIRES = 2**32 - 1


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    connection_options(context)
    flag = {"action": "store_true"}
    filters = {"action": "append", "metavar": "FILTER"}
    context.argument("topic", options_list=["--topic", "-t"], help="Topic filter; may be given again.", **filters)
    context.argument(
        "filter_out", options_list=["--filter-out", "-T"], help="Print nothing of these; may be given again.", **filters
    )
    context.argument("qos", options_list=["--qos", "-q"], type=int, choices=[0, 1, 2], help="QoS to subscribe with.")
    context.argument("with_topic", options_list=["--verbose", "-v"], help="Print the topic before the payload.", **flag)
    sequences = ", ".join(f"%{sequence} {what}" for sequence, what in SEQUENCES.items())
    form = f"{sequences}; @ and a letter for strftime, \\n, \\t, \\0 and the like. Widths as in %10t and %.8t."
    context.argument("form", options_list=["--format", "-F"], help=form.replace("%", "%%"))
    context.argument("no_newline", options_list=["--no-newline", "-N"], help="Print no end of line after each.", **flag)
    context.argument("count", options_list=["-C"], type=number(1, 2**63), help="End after so many messages.")
    context.argument(
        "seconds", options_list=["-W"], type=number(1, 10**9), help=f"End after so many seconds, exit code {TIMED_OUT}."
    )
    context.argument("no_stale", options_list=["--no-retained", "-R"], help="Print nothing that was retained.", **flag)
    context.argument(
        "retained_only",
        options_list=["--retained-only"],
        help="End at the first message that was not retained.",
        **flag,
    )
    context.argument(
        "as_published", options_list=["--retain-as-published"], help="Show RETAIN as it was published.", **flag
    )
    context.argument("keep_session", options_list=["-c"], help="Keep the session when this ends; needs -i.", **flag)
    context.argument(
        "session_expiry",
        options_list=["--session-expiry-interval", "-x"],
        type=number(0, NEVER_EXPIRES),
        metavar="SECONDS",
        help="Keep the session for so long; needs -i.",
    )
    context.argument("only_subscribe", options_list=["-E"], help="End when the broker has answered SUBSCRIBE.", **flag)


class Printer:
    """Prints messages as the options ask, and knows when it is enough."""

    def __init__(
        self,
        form: MessageForm,
        *,
        end: bytes = b"\n",
        filters_out: list[str] | None = None,
        count: int | None = None,
        no_stale: bool = False,
        retained_only: bool = False,
    ) -> None:
        self._form = form
        self._end = end
        self._filters_out = filters_out or []
        self._left = count
        self._no_stale = no_stale
        self._retained_only = retained_only
        self.is_done = False

    def show(self, received: "list[Received]") -> int:
        """Print what is to be printed of some messages; return how many of them are dealt with."""
        from tidegate.mqtt.topics import matches

        lines = []
        number_done = 0
        for each in received:
            message = each.message
            if self._retained_only and not message.retain:
                self.is_done = True
                break
            number_done += 1
            if self._no_stale and message.retain:
                continue
            if any(matches(topic_filter, message.topic) for topic_filter in self._filters_out):
                continue
            try:
                lines.append(self._form.format(Shown(message, each.packet_id, each.received_ns)) + self._end)
            except NotJson as error:
                print_error(str(error))
            if self._left is not None:
                self._left -= 1
                if not self._left:
                    self.is_done = True
                    break
        sys.stdout.buffer.write(b"".join(lines))
        sys.stdout.buffer.flush()
        return number_done


def sub(
    topic: list[str],
    filter_out: list[str] | None = None,
    qos: int = 1,
    with_topic: bool = False,
    form: str | None = None,
    no_newline: bool = False,
    count: int | None = None,
    seconds: int | None = None,
    no_stale: bool = False,
    retained_only: bool = False,
    as_published: bool = False,
    keep_session: bool = False,
    session_expiry: int | None = None,
    only_subscribe: bool = False,
    **kwargs: Unpack[ConnectionOptions],
) -> Outcome | None:
    """Print messages until told to stop."""
    import asyncio

    from tidegate.engine.mqtt_tool import Client
    from tidegate.mqtt.client_settings import Subscription
    from tidegate.mqtt.topics import filter_error

    for topic_filter in (*topic, *(filter_out or ())):
        error = filter_error(topic_filter)
        if error is not None:
            raise NotUnderstood(f"{topic_filter!r}: {error}", "see `tidegate sub --help`")
    try:
        chosen_form = MessageForm(form if form is not None else "%t %p" if with_topic else "%p")
    except FormError as error:
        raise NotUnderstood(f"-F {form!r}: {error}", f"there are %{', %'.join(SEQUENCES)}; see --help") from None
    expiry = session_expiry if session_expiry is not None else NEVER_EXPIRES if keep_session else 0
    if expiry and kwargs["client_id"] is None:
        raise NotUnderstood("a session that is kept needs a name", "add -i ID")
    options, target = client_options("sub", kwargs, expiry), chosen_target(kwargs)
    printer = Printer(
        chosen_form,
        end=b"" if no_newline else b"\n",
        filters_out=filter_out,
        count=count,
        no_stale=no_stale,
        retained_only=retained_only,
    )

    async def receive() -> None:
        async with asyncio.timeout(seconds), Client(target, options) as client:
            await client.subscribe([Subscription(each, qos, as_published) for each in topic])
            if not only_subscribe:
                await _print(client, printer)

    try:
        asyncio.run(receive())
    except TimeoutError:
        return Outcome(None, "", TIMED_OUT)
    except KeyboardInterrupt:
        return None
    return None


async def _print(client: "Client", printer: Printer) -> None:
    async for received in client.received():
        # Acknowledged when it is printed, so that a session that is kept loses nothing to Ctrl-C.
        client.acknowledge(received[: printer.show(received)])
        if printer.is_done:
            return

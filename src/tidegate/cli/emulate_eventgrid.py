"""`tidegate emulate eventgrid`: a broker under the rules of an Event Grid namespace.

Knows the options. Does not know the rules (`engine.emulate_eventgrid`).
"""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.options import emulation_option
from tidegate.cli.output import NotUnderstood

if TYPE_CHECKING:
    from tidegate.engine.emulate_eventgrid import EventGridSettings

__all__ = ["EXAMPLES", "arguments", "eventgrid"]

EXAMPLES = (
    ("Take tokens of `tidegate emulate identity`.", "tidegate emulate eventgrid"),
    ("Let one identity publish and nothing else.", "tidegate emulate eventgrid --publisher CLIENT_ID"),
    ("Take certificates of an authority.", "tidegate emulate eventgrid --client-ca ca.pem --client press-1"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    emulation_option(context)
    context.argument("host", options_list=["--host"], help="Address to listen on.")
    context.argument("port", options_list=["--port"], type=int, help="Port of MQTT.")
    context.argument("websocket_port", options_list=["--websocket-port"], type=int, help="Port of WebSockets.")
    context.argument("tenant_id", options_list=["--tenant-id"], help="The tenant whose tokens are taken.")
    for name, what in (
        ("topic_space", "A topic filter of the topic space. Default: #."),
        ("publisher", "Who may publish: client id of an identity, or authentication name. Default: everybody."),
        ("subscriber", "Who may subscribe, likewise."),
        ("client", "A registered authentication name. Default: any name in a certificate."),
    ):
        option = f"--{name.replace('_', '-')}"
        context.argument(name, options_list=[option], action="append", help=f"{what} Can be given several times.")
    context.argument(
        "client_ca", options_list=["--client-ca"], metavar="FILE", help="Authorities of certificates, PEM."
    )
    context.argument("sessions", options_list=["--sessions"], type=int, help="Sessions of one client, at most.")
    context.argument(
        "message_rate",
        options_list=["--message-rate"],
        type=float,
        help="Messages that a session may publish, and is sent, in a second; 0 for any number.",
    )
    context.argument("retain", options_list=["--retain"], action="store_true", help="Take retained messages.")


def eventgrid(
    data_dir: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8883,
    websocket_port: int = 8443,
    tenant_id: str | None = None,
    topic_space: list[str] | None = None,
    publisher: list[str] | None = None,
    subscriber: list[str] | None = None,
    client: list[str] | None = None,
    client_ca: str | None = None,
    sessions: int = 3,
    message_rate: float = 100.0,
    retain: bool = False,
) -> None:
    """Run until SIGTERM or SIGINT."""
    from tidegate.engine.emulate_eventgrid import EventGridSettings
    from tidegate.engine.emulation import emulation_directory
    from tidegate.engine.identity_stand_in import DEFAULT_TENANT
    from tidegate.telemetry.logs import set_levels, set_up_logs

    settings = EventGridSettings(
        tenant_id=tenant_id or DEFAULT_TENANT,
        topic_spaces=tuple(topic_space or ("#",)),
        roles=(
            *(("publisher", each) for each in publisher or ()),
            *(("subscriber", each) for each in subscriber or ()),
        ),
        client_ca_pem=_read(client_ca) if client_ca is not None else None,
        clients=frozenset(client or ()),
        sessions_per_client_max=sessions,
        messages_per_second_max=message_rate if message_rate > 0 else None,
        retain=retain,
        host=host,
        port=port,
        websocket_port=websocket_port,
    )
    set_up_logs(None)
    set_levels("info")
    asyncio.run(_serve(emulation_directory(data_dir, os.environ), settings))


async def _serve(directory: Path, settings: "EventGridSettings") -> None:
    from tidegate.engine.broker_log import BrokerLog
    from tidegate.engine.emulate_eventgrid import EmulatedEventGrid
    from tidegate.moment import Moment
    from tidegate.net.tasks import Tasks

    def clock() -> Moment:
        return Moment(time.monotonic(), time.time())

    def failed(name: str, error: Exception) -> None:
        raise error

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    log, tasks = BrokerLog(clock), Tasks(failed)
    emulated = EmulatedEventGrid(directory, settings, clock=clock, tasks=tasks, report=log.event)
    await emulated.start()
    mqtt, websockets = emulated.ports
    print(f"A stand-in for tests, not Azure: MQTT on port {mqtt}, WebSockets on {websockets}, tenant ", end="")
    print(f"{settings.tenant_id}; trust {directory / 'ca.crt'}", flush=True)
    try:
        await ended.wait()
    finally:
        await emulated.stop()
        await tasks.close()


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise NotUnderstood(f"{path} cannot be read: {error}", "name a file with certificates as PEM text") from None

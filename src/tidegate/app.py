"""The composition root: the only place that builds things, for the engine's process and for a worker's.

Knows every part and how they fit. Decides nothing at run time.
"""

import asyncio
import gc
import os
import random
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec

from tidegate import __version__
from tidegate.auth.cluster import find_cluster
from tidegate.auth.secret_directory import DirectorySource
from tidegate.auth.secret_source import DeclaredSource, OverlaySource, SecretSource
from tidegate.auth.secrets_key import secrets_key_path
from tidegate.engine.channel import Channel
from tidegate.engine.console import Console, ConsoleSetup, NewCertificate, console_certificate
from tidegate.engine.control import Control
from tidegate.engine.credentials import SourceCredentials
from tidegate.engine.data_directory import DataDirectory, sessions_path
from tidegate.engine.declared import Declared, Rejected, declared_by
from tidegate.engine.engine import Engine, EngineParts, Watched
from tidegate.engine.flow_group import FlowGroup
from tidegate.engine.identifiers import new_ids
from tidegate.engine.listeners import Listeners
from tidegate.engine.process_limits import set_process_limits
from tidegate.engine.routes import engine_routes, profile_routes
from tidegate.engine.runner import FlowTools
from tidegate.engine.session_records import SessionRecords
from tidegate.engine.supervisor import Place, Supervisor
from tidegate.engine.token_pool import TokenPool
from tidegate.engine.worker import work
from tidegate.engine.worker_channel import SecretValues, WorkerSetup
from tidegate.engine.workers import Worker
from tidegate.exceptions import CredentialError, ListenFailed
from tidegate.flow.plan import EndpointPlan, X509Plan
from tidegate.moment import Moment
from tidegate.net.daemon_thread import in_daemon_thread
from tidegate.net.dialer import dial
from tidegate.net.stream import Stream
from tidegate.net.tasks import Tasks
from tidegate.settings import Settings, TokenSettings
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import engine_logger, log_engine_line, set_levels, set_up_logs

if TYPE_CHECKING:
    from tidegate.auth.authority import ServerCertificate
    from tidegate.engine.embedded_broker import EmbeddedBroker
    from tidegate.engine.load import Loaded
    from tidegate.engine.workspace import Workspace
    from tidegate.web.server import HttpServer

__all__ = ["run_console", "run_engine", "run_worker"]

Setup = TypeVar("Setup", ConsoleSetup, WorkerSetup)

WORKER_COMMAND = (sys.executable, "-P", "-m", "tidegate.app", "worker")
CONSOLE_COMMAND = (sys.executable, "-P", "-m", "tidegate.app", "console")

# What a relay makes and drops has no cycles, so a collection finds nothing and only costs a pause.
YOUNG_OBJECTS_BEFORE_COLLECTION = 50_000


def run_engine(paths: Sequence[str], settings: Settings, show: "Callable[[Loaded], None]") -> bool:
    """Run what `paths` declare, and where the settings say so the resource store, until a signal says stop.

    Args:
        show: is handed what was loaded first, findings included.

    Returns:
        False when what is declared does not validate.

    Raises:
        DataDirectoryInUse: another engine holds the data directory.
        StoreFailed, CredentialError: the resource store cannot be used, or the key of its secrets lies inside of it.
        OSError: the data directory cannot be used.
    """
    # Imported here: a worker has no use for the resource models, which are a third of the memory.
    from tidegate.engine.given import given_by
    from tidegate.engine.sources import Sources
    from tidegate.engine.store_feed import open_feed

    directory = Path(settings.data_dir)
    settings = replace(settings, secrets_key_file=settings.secrets_key_file or secrets_key_path(os.environ))
    store = open_feed(settings, _clock)
    sources = Sources(paths, settings, store)
    # Taken before the files are read, so that an edit in between is seen.
    seen = sources.signature()
    loaded = sources.load()
    show(loaded)
    first = declared_by(loaded)
    if isinstance(first, Rejected):
        return False
    set_up_logs(settings.log_format)
    set_levels(settings.log_level or "info")
    if store is not None and store.set_aside is not None:
        log_engine_line(
            "engine",
            Line("error", "!", str(store.set_aside), "a new store was begun; what is in the old may be mended"),
        )
    given = msgspec.json.encode(given_by(paths, settings))
    with DataDirectory(directory) as held:
        watched = Watched(load=sources.reload, signature=sources.signature, seen=seen, store=store, given=given)
        _run_loop(_engine(settings, first, watched, held))
    if store is not None:
        store.close()
    return True


def run_worker(descriptor: int) -> None:
    """Run what the engine at the other end of the inherited socket says, until that end closes."""
    _run_loop(_worker(socket.socket(fileno=descriptor)))


def run_console(descriptor: int) -> None:
    """Serve the HTTP API that the engine at the other end of the inherited socket asks for, until that end closes."""
    _run_loop(_console(socket.socket(fileno=descriptor)))


async def _engine(
    settings: Settings,
    first: Declared,
    watched: Watched,
    directory: DataDirectory,
) -> None:
    tasks = Tasks(_report_failure)
    records = SessionRecords(sessions_path(directory.path))
    credentials = _credentials(settings.secrets_dir, settings.configmaps_dir, settings.tokens)

    def new_broker() -> "EmbeddedBroker":
        # Imported here: its cryptography takes memory and time that an engine without a broker is spared.
        from tidegate.engine.embedded_broker import EmbeddedBroker

        return EmbeddedBroker(directory.path, clock=_clock, tasks=tasks, token_seconds=settings.own_token_seconds)

    tools = _flow_tools(records, tasks, settings, lambda: engine.broker)
    group = FlowGroup(tools, credentials(first.secret_values), drain_seconds=settings.drain_seconds)

    def new_worker(place: Place) -> Worker:
        return Worker(
            f"{place.profile}-{place.ordinal}",
            lambda: _worker_setup(settings, place, engine, directory),
            tasks,
            command=WORKER_COMMAND,
            drain_seconds=settings.drain_seconds,
            monotonic=time.monotonic,
            random=random.random,
        )

    supervisor = Supervisor(group, new_worker, tasks)
    engine = Engine(
        EngineParts(
            supervisor=supervisor,
            new_broker=new_broker,
            tasks=tasks,
            watched=watched,
            credentials=credentials,
            secret_source=partial(_secret_source, DirectorySource(settings.secrets_dir, settings.configmaps_dir)),
            clock=_clock,
            log_level=settings.log_level,
            process_id=os.getpid(),
            version=__version__,
        ),
        listeners=lambda engine: Listeners(
            settings.http_host,
            settings.http_port,
            engine_routes(engine.status, supervisor.check_accounting),
            lambda profiles: profile_routes(engine.status, profiles),
            tasks,
        ),
        control=lambda engine: Control(directory.path, engine.handlers(), tasks),
    )
    tasks.start(group.refresh(), "refresh health")
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, engine.stop)
    consoles: list[Console] = []
    try:
        await engine.run(first, lambda: _started(settings, directory.path, tasks, consoles))
    finally:
        for console in consoles:
            await console.stop()
        await tasks.close()
        records.close()


def _started(settings: Settings, directory: Path, tasks: Tasks, consoles: list[Console]) -> None:
    """Start what can wait until messages flow."""
    _tune_collector()
    if not settings.api_port:
        return

    def certificate() -> "ServerCertificate":
        return console_certificate(directory, settings.api_names, time.time())

    consoles.append(Console(settings, certificate, tasks, command=CONSOLE_COMMAND, clock=_clock, random=random.random))


async def _console(end: socket.socket) -> None:
    # Imported here: nobody else has a use for the web framework.
    from tidegate.engine.resource_health import ask_resource_health
    from tidegate.web.api_tokens import api_tokens
    from tidegate.web.application import application
    from tidegate.web.deployments_api import DeploymentsApi
    from tidegate.web.operations import Operations
    from tidegate.web.resources_api import ResourcesApi
    from tidegate.web.server import HttpServer
    from tidegate.web.store_api import StoreApi

    begun = await _begun(end, ConsoleSetup)
    if begun is None:
        return
    channel, setup = begun
    settings, directory = setup.settings, Path(setup.settings.data_dir)
    set_up_logs(settings.log_format)
    set_levels(settings.log_level or "info")
    tasks = Tasks(_report_failure)

    def open_workspace() -> "Workspace":
        from tidegate.engine.workspace import Workspace

        return Workspace(settings, environment=os.environ, now_wall=time.time())

    operations = Operations(new_ids())
    resources = ResourcesApi(open_workspace, lambda: ask_resource_health(directory), operations)
    try:
        tokens = api_tokens(directory)
        deployments = DeploymentsApi(open_workspace, operations)
        store = StoreApi(open_workspace)
        served = application(resources, deployments, store, operations, tokens, frozenset(settings.api_names))
        server = HttpServer(served, setup.chain_pem, setup.key_pem)
        tasks.start(_follow(channel, server), "console")
        await server.run(settings.api_host, settings.api_port)
    except (ListenFailed, CredentialError) as error:
        log_engine_line("console", Line("error", "!", str(error), getattr(error, "hint", None)))
        raise SystemExit(1) from None
    finally:
        await tasks.close()


async def _follow(channel: Channel, server: "HttpServer") -> NoReturn:
    """Take what the engine sends, and end with it: what the store has promised is on the disk, and nothing else is kept."""
    while (received := await channel.receive()) is not None:
        message = received[1]
        assert isinstance(message, NewCertificate), "the engine sends new certificates"
        server.renew(message.chain_pem, message.key_pem)
    os._exit(0)


async def _begun(end: socket.socket, kind: type[Setup]) -> tuple[Channel, Setup] | None:
    """Return the channel and the set-up that an engine sends first, None when the engine is gone already."""
    loop = asyncio.get_running_loop()
    # An interrupt from the terminal reaches the whole process group; the engine says when to stop.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, lambda: None)
    channel = await Channel.over(end)
    received = await channel.receive()
    if received is None:
        return None
    assert isinstance(received[1], kind), "the first message of an engine is the set-up"
    return channel, received[1]


async def _worker(end: socket.socket) -> None:
    begun = await _begun(end, WorkerSetup)
    if begun is None:
        return
    channel, setup = begun
    set_up_logs(setup.log_format)
    set_levels(setup.log_level)
    tasks = Tasks(_report_failure)
    credentials = _credentials(setup.secrets_dir, setup.configmaps_dir, setup.tokens)
    records = SessionRecords(Path(setup.sessions_directory))
    tools = _flow_tools(records, tasks, setup, lambda: None)
    group = FlowGroup(tools, credentials(setup.secret_values), drain_seconds=setup.drain_seconds)
    tasks.start(group.refresh(), "refresh health")
    _tune_collector()
    try:
        await work(channel, group, credentials, tasks)
    finally:
        await tasks.close()
        records.close()


def _flow_tools(
    records: SessionRecords,
    tasks: Tasks,
    settings: Settings | WorkerSetup,
    broker: "Callable[[], EmbeddedBroker | None]",
) -> FlowTools:
    async def dial_endpoint(endpoint: EndpointPlan, tls: ssl.SSLContext | None) -> Stream:
        # A client certificate is shown in a TLS handshake and nowhere else.
        embedded = broker()
        if endpoint.is_embedded and embedded is not None and not isinstance(endpoint.authentication, X509Plan):
            return embedded.connect(endpoint)
        return await dial(endpoint, tls=tls, timeout_seconds=settings.connect_timeout_seconds)

    return FlowTools(
        dial=dial_endpoint,
        records=records,
        tasks=tasks,
        clock=_clock,
        random=random.random,
        new_id=new_ids(),
        credential_warning_seconds=settings.credential_warning_days * 86_400,
    )


def _credentials(
    secrets_dir: PurePath | None, configmaps_dir: PurePath | None, tokens: TokenSettings
) -> Callable[[SecretValues], SourceCredentials]:
    """Return what makes the credentials that belong to declared secrets; the pool of token sources stays the same."""
    mounted = DirectorySource(secrets_dir, configmaps_dir)
    pool = TokenPool(
        tokens, cluster=find_cluster(os.environ), environment=os.environ, clock=_clock, run_blocking=in_daemon_thread
    )

    def credentials(values: SecretValues) -> SourceCredentials:
        pool.use_own_tokens(values.tokens)
        return SourceCredentials(_secret_source(mounted, values), _clock, pool)

    return credentials


def _secret_source(mounted: SecretSource, values: SecretValues) -> SecretSource:
    """Make a source in which a declared secret hides a mounted one, as `load` has it."""
    return OverlaySource(DeclaredSource(values.secrets, values.config_maps), mounted)


def _worker_setup(settings: Settings, place: Place, engine: Engine, directory: DataDirectory) -> WorkerSetup:
    return WorkerSetup(
        sessions_directory=sessions_path(directory.path),
        secrets_dir=settings.secrets_dir,
        configmaps_dir=settings.configmaps_dir,
        drain_seconds=settings.drain_seconds,
        connect_timeout_seconds=settings.connect_timeout_seconds,
        credential_warning_days=settings.credential_warning_days,
        log_format=settings.log_format,
        log_level=settings.log_level or engine.declared.wanted.log_levels.get(place.profile, "info"),
        tokens=settings.tokens,
        secret_values=engine.secret_values,
    )


def _clock() -> Moment:
    return Moment(time.monotonic(), time.time())


def _run_loop(main: Coroutine[None, None, None]) -> None:
    set_process_limits()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Choose uvloop where it installs."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _tune_collector() -> None:
    """Leave what was made at the start out of collections for good, and collect seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_BEFORE_COLLECTION, 20, 50)


def _report_failure(name: str, error: Exception) -> None:
    engine_logger("engine").error("the task %s failed", name, exc_info=error)
    log_engine_line(
        "engine", Line("error", "!", f"internal error in {name}", "please report this with the lines above")
    )


if __name__ == "__main__":
    {"worker": run_worker, "console": run_console}[sys.argv[1]](int(sys.argv[2]))

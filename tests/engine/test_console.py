"""`engine/console.py`: what the console process is told, and its certificate."""

import asyncio
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path, PurePath

import pytest

from tidegate.auth.authority import ServerCertificate
from tidegate.engine import console as console_module
from tidegate.engine.console import Console, ConsoleSetup, NewCertificate, console_certificate
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment
from tidegate.net.tasks import Tasks
from tidegate.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(data_dir=PurePath("/d"), api_port=8443)
WRITES_WHAT_IT_IS_TOLD = """
import asyncio, socket, sys
from tidegate.engine.channel import Channel
async def main():
    channel = await Channel.over(socket.socket(fileno=int(sys.argv[2])))
    while (received := await channel.receive()) is not None:
        with open(sys.argv[1], "a") as file:
            file.write(f"{type(received[1]).__name__} {received[1].chain_pem.decode()}\\n")
asyncio.run(main())
"""


def told_by(tmp_path: Path, certificate: Callable[[], ServerCertificate], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what processes are told up to the second message."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    told = tmp_path / "told"

    async def main() -> None:
        failures: list[Exception] = []
        tasks = Tasks(lambda name, error: failures.append(error))
        command = (sys.executable, "-c", WRITES_WHAT_IT_IS_TOLD, str(told))
        clock = lambda: Moment(time.monotonic(), time.time())  # noqa: E731
        console = Console(SETTINGS, certificate, tasks, command=command, clock=clock, random=lambda: 0.0)
        async with asyncio.timeout(30):
            while not told.exists() or told.read_text().count("\n") < 2:
                await asyncio.sleep(0.01)
        process = console.process_id
        assert process is not None
        await console.stop()
        assert not Path(f"/proc/{process}").exists()
        await tasks.close()
        assert failures == []

    asyncio.run(main())
    return told.read_text()


def test_it_is_told_its_settings_and_every_new_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = count(1)

    def certificate() -> ServerCertificate:
        # The first one is to be renewed at once, the second in a day.
        number = next(numbers)
        return ServerCertificate(f"chain-{number}".encode(), b"key", time.time() + (0 if number == 1 else 86_400))

    assert told_by(tmp_path, certificate, monkeypatch) == "ConsoleSetup chain-1\nNewCertificate chain-2\n"


def test_a_certificate_that_cannot_be_made_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(console_module, "RETRY_SECONDS", 0.0)
    numbers = count(1)

    def certificate() -> ServerCertificate:
        # The first one cannot be made, nor can that which is to replace the second.
        number = next(numbers)
        if number in (1, 3):
            raise CredentialError("ca.key", f"problem {number}", "mend it")
        return ServerCertificate(f"chain-{number}".encode(), b"key", time.time() + (0 if number == 2 else 86_400))

    assert told_by(tmp_path, certificate, monkeypatch) == "ConsoleSetup chain-2\nNewCertificate chain-4\n"
    said = [each for each in caplog.messages if "the console has no new certificate" in each]
    assert ["problem 1" in said[0], "problem 3" in said[1], len(said)] == [True, True, 2]


def test_no_key_is_shown() -> None:
    for message in (
        ConsoleSetup(settings=SETTINGS, chain_pem=b"c", key_pem=b"canary"),
        NewCertificate(chain_pem=b"c", key_pem=b"canary"),
    ):
        assert "canary" not in repr(message)


def test_the_certificate_is_of_the_local_authority(tmp_path: Path) -> None:
    made = console_certificate(tmp_path, ("plant.example",), time.time())
    assert (tmp_path / "ca.crt").exists()
    assert b"BEGIN CERTIFICATE" in made.chain_pem

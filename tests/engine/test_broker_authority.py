"""The authority of a broker that runs for years."""

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.engine.test_embedded_broker import run

from tidegate.auth import authority
from tidegate.auth.authority import Authority
from tidegate.engine.broker_authority import BrokerAuthority
from tidegate.engine.broker_log import BrokerLog
from tidegate.engine.embedded_broker import CA_CONFIG_MAP, EmbeddedBroker
from tidegate.engine.worker_channel import SecretValues
from tidegate.moment import Moment

DAY = 86_400.0


def test_the_authority_is_renewed_while_the_broker_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        def bundle() -> str:
            return broker.secret_values(SecretValues()).config_maps[CA_CONFIG_MAP]["ca.crt"]

        async def shake_hands(trusted: str) -> None:
            context = ssl.create_default_context(cadata=trusted)
            _, writer = await asyncio.open_connection("127.0.0.1", secure, ssl=context, server_hostname="aio-broker")
            writer.close()
            await writer.wait_closed()

        before = bundle()
        await shake_hands(before)
        monkeypatch.setattr(authority, "CA_RENEW_DAYS", 2 * authority.CA_DAYS)
        (tmp_path / "authority" / "ca.key").rename(tmp_path / "aside")
        await broker.look_again()
        assert len(broker.problems) == 1 and "cannot be renewed" in broker.problems[0]
        await shake_hands(before)
        (tmp_path / "aside").rename(tmp_path / "authority" / "ca.key")
        await broker.look_again()
        monkeypatch.undo()
        await broker.look_again()
        assert not broker.problems
        after = bundle()
        assert after.endswith(before) and after.count("BEGIN CERTIFICATE") == 2
        assert (tmp_path / "ca.crt").read_text() == after
        await shake_hands(after.removesuffix(before))

    run(tmp_path, scenario)


def test_a_certificate_is_issued_anew_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    issuing = BrokerAuthority(Authority.open(tmp_path, 0.0), tmp_path, BrokerLog(lambda: Moment(0.0, 0.0)))
    first = issuing.server_certificate(("gateway",), 0.0)
    assert issuing.server_certificate(("gateway",), 30 * DAY) == first
    assert issuing.server_certificate(("other",), 30 * DAY) != first
    assert issuing.server_certificate(("gateway",), 89 * DAY) != first

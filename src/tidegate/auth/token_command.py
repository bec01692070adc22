"""Tokens out of a command's standard output, for other clouds and for tests.

Knows processes. Does not know what a token says. No shell is involved, and nothing that the command writes is shown:
its standard error may hold the token as well as its output does.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Hashable
from contextlib import suppress

from tidegate.auth.client_token import TOKEN_BYTES_MAX
from tidegate.exceptions import CredentialError

__all__ = ["COMMAND_SECONDS_MAX", "TokenCommand"]

COMMAND_SECONDS_MAX = 30.0
"""How long a command may take before it is ended."""


class TokenCommand:
    """What `arguments`, a program and what it is given, writes; `audience` is for sentences."""

    is_cheap = False

    def __init__(self, audience: str, arguments: tuple[str, ...], *, seconds_max: float = COMMAND_SECONDS_MAX) -> None:
        self.reference = f"token command for {audience} ({os.path.basename(arguments[0])})"  # noqa: PTH119 - no path yet
        self._arguments = arguments
        self._seconds_max = seconds_max

    def fetch(self) -> bytes:
        """Run the command to its end. Its whole process group is ended when it takes too long or writes too much."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
            raise CredentialError(
                self.reference, f"it cannot be started: {reason}", "check its path and mode"
            ) from None
        try:
            output = self._read(process)
            code = process.wait()
        finally:
            _end(process)
        if code:
            how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
            raise CredentialError(self.reference, f"it ended {how}", "run it by hand to see what it says")
        return output

    def version(self) -> Hashable:
        """Tell nothing: a command is asked when its token is due."""
        return None

    def _read(self, process: "subprocess.Popen[bytes]") -> bytes:
        """Read its output until it ends, within the time and the size that a token may take."""
        assert process.stdout is not None
        deadline = time.monotonic() + self._seconds_max
        output = b""
        descriptor = process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise CredentialError(
                    self.reference,
                    f"it gave no token within {self._seconds_max:g} s",
                    "run it by hand to see what it waits for",
                )
            more = os.read(descriptor, TOKEN_BYTES_MAX)
            if not more:
                break
            output += more
            if len(output) > TOKEN_BYTES_MAX + 2:
                raise CredentialError(
                    self.reference,
                    f"it writes more than {TOKEN_BYTES_MAX} bytes",
                    "let it write a token and nothing else",
                )
        # It has closed its output, and may still run.
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise CredentialError(
                self.reference, f"it did not end within {self._seconds_max:g} s", "let it end after it wrote the token"
            ) from None
        return output


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdout is not None
    process.stdout.close()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

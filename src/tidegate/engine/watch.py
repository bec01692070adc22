"""Sees that declared files or mounted secrets changed, by looking at signatures that cost a `stat` each.

Knows when to look and how long to wait for a writer to finish. Does not know what the files hold or what a change does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from pathlib import Path

__all__ = ["POLL_SECONDS", "Watch", "file_signature"]

POLL_SECONDS = 0.5
"""Between two looks. A change is acted on once two looks in a row have seen the same."""

RESTLESS_SECONDS_MAX = 5.0
"""A place that never comes to rest is acted on after this time anyway."""


class Watch:
    """Calls `changed` after `signature` gives another value. `signature` runs in a thread: it may touch slow disks.

    `is_whole`: what is looked at is never half written, so that a change is acted on at the first look.
    """

    def __init__(
        self,
        signature: Callable[[], Hashable],
        changed: Callable[[], Awaitable[None]],
        *,
        poll_seconds: float = POLL_SECONDS,
        is_whole: bool = False,
    ) -> None:
        self._signature = signature
        self._changed = changed
        self._poll_seconds = poll_seconds
        self._is_whole = is_whole

    async def run(self, acted_on: Hashable) -> None:
        """Look until cancelled. `acted_on` is the signature of what is running already."""
        seen = acted_on
        restless_seconds = 0.0
        while True:
            await asyncio.sleep(self._poll_seconds)
            now = await asyncio.to_thread(self._signature)
            if now == acted_on:
                seen, restless_seconds = now, 0.0
                continue
            restless_seconds += self._poll_seconds
            if not self._is_whole and now != seen and restless_seconds < RESTLESS_SECONDS_MAX:
                seen = now
                continue
            # Noted before acting: what changes meanwhile is seen at the next look.
            acted_on = seen = now
            restless_seconds = 0.0
            await self._changed()


def file_signature(paths: Iterable[Path]) -> Hashable:
    """Return what tells whether files were edited, replaced, added or removed."""
    return tuple((str(path), *_state(path)) for path in sorted(paths))


def _state(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from tests.engine.skipping_loop import run

from tidegate.engine.watch import Watch, file_signature


def actions_for(signatures: Iterable[int]) -> list[int]:
    """Return at which looks, counted from 1, a watch acts when it sees these signatures one after the other."""
    seen = list(signatures)
    looks = 0
    actions: list[int] = []

    async def main() -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def signature() -> int:
            nonlocal looks
            looks += 1
            if looks == len(seen):
                loop.call_soon_threadsafe(done.set)
            return seen[min(looks, len(seen)) - 1]

        async def changed() -> None:
            actions.append(looks)

        watch = asyncio.get_running_loop().create_task(Watch(signature, changed, poll_seconds=0.5).run(0))
        await done.wait()
        while looks < len(seen) + 2:
            await asyncio.sleep(0.1)
        watch.cancel()

    run(main())
    return actions


def test_nothing_happens_while_nothing_changes() -> None:
    assert actions_for([0, 0, 0]) == []


def test_a_change_is_acted_on_once_it_is_at_rest() -> None:
    assert actions_for([0, 1, 2, 2, 2]) == [4]


def test_a_change_that_is_undone_in_time_is_none() -> None:
    assert actions_for([1, 0, 0]) == []


def test_every_change_is_acted_on() -> None:
    assert actions_for([1, 1, 2, 2]) == [2, 4]


def test_a_place_that_never_rests_is_acted_on_anyway() -> None:
    assert actions_for(range(1, 12))[:1] == [10]


def test_the_signature_tells_edits_replacements_and_removals_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a")
    signatures = [file_signature([path])]
    os.utime(path, ns=(1, 1))
    signatures.append(file_signature([path]))
    path.write_text("ab")
    signatures.append(file_signature([path]))
    replacement = tmp_path / "b"
    replacement.write_text("ab")
    replacement.replace(path)
    signatures.append(file_signature([path]))
    path.unlink()
    signatures += [file_signature([path]), file_signature([])]
    assert len(set(signatures)) == len(signatures)

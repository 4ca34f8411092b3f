"""A folder is held by one process, and whoever comes second reads why in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.files.locks import is_held, take_lock

HELD, INSTEAD = "it is in use; wait.", "copy it"
HOLDS = """
import sys, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_that_holds_it_is_told_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "data" / "run" / "run.lock"
    path.parent.mkdir(parents=True)
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(InputError, match=r"^data/run: it is in use; wait\.$"):
            take_lock(path, held=HELD, instead=INSTEAD)
        assert is_held(path)
        child.kill()
    lock = take_lock(path, held=HELD, instead=INSTEAD)
    with pytest.raises(InputError, match="in use"):
        take_lock(path, held=HELD, instead=INSTEAD)
    lock.release()
    assert not is_held(path), "it lets go of what it took itself"
    take_lock(path, held=HELD, instead=INSTEAD).release()
    assert not is_held(tmp_path / "none.lock")
    assert not (tmp_path / "none.lock").exists()


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (PermissionError(13, "Permission denied"), 13),
        (NotImplementedError("knows no locks"), None),
        (Timeout("a.lock"), 13),  # what some versions say on Windows
    ],
)
def test_what_cannot_be_written_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, number: int | None
) -> None:
    def refuse(_: FileLock) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    said = (
        r"a\.lock: cannot be written \((Permission denied|knows no locks)\); get the permission to "
        r"write to this folder, or copy it\."
    )
    with pytest.raises(WriteError, match=said) as refused:
        take_lock(tmp_path / "a.lock", held=HELD, instead=INSTEAD)
    assert refused.value.errno == number


def test_a_drive_that_knows_no_locks_may_be_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: FileLock) -> None:
        raise NotImplementedError

    monkeypatch.setattr(FileLock, "acquire", refuse)
    take_lock(tmp_path / "a.lock", held=HELD, instead=INSTEAD, needed=False).release()

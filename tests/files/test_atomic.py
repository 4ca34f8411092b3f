"""Every file is the old one or the new one, whatever fails at whatever moment."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import (
    WriteError,
    append_line,
    write_atomically,
    write_text,
)
from napari_inconsistency_masks.files.json_files import read_json_lines
from napari_inconsistency_masks.files.temporary import sweep

DOORS = [
    (os, "open"),
    (os, "fsync"),
    (os, "fstat"),
    (os, "replace"),
    (os, "stat"),
    (Path, "open"),
    (Path, "write_bytes"),
    (Path, "read_bytes"),
    (Path, "unlink"),
]
"""Everything through which `atomic` touches the disk."""


class Saboteur:
    """Lets the n-th call through any door fail, and those after it as well if ``broken``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, broken: bool) -> None:
        self.calls = 0
        self.number = number
        self.broken = broken
        for owner, name in DOORS:
            monkeypatch.setattr(owner, name, self.guarded(getattr(owner, name)))

    def guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == self.number or (self.broken and self.calls > self.number):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **options)

        return call


def error_of(action: Callable[[], object]) -> WriteError | None:
    try:
        action()
    except WriteError as error:
        return error
    return None


@pytest.mark.parametrize("broken", [False, True], ids=["one call fails", "all later calls fail"])
@pytest.mark.parametrize("action", ["replace", "create", "append"])
def test_failure_of_any_call(tmp_path: Path, action: str, broken: bool) -> None:
    old, new = ("{}\n", "{}\n" * 2) if action == "append" else ("old", "new, and longer than old")
    write = append_line if action == "append" else lambda path, value: write_text(path, new)
    failures = 0
    for number in range(1, 100):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "file.txt"
        if action != "create":
            path.write_text(old)
        with pytest.MonkeyPatch.context() as monkeypatch:
            saboteur = Saboteur(monkeypatch, number, broken)
            error = error_of(lambda: write(path, {}))  # noqa: B023  called at once
        if saboteur.calls < number:
            assert path.read_text() == new
            break
        failures += error is not None
        content = path.read_text() if path.exists() else None
        assert content in ((None, new) if action == "create" else (old, new))
        if error is None:
            assert content == new
        else:
            assert "file.txt" in str(error)
            assert error.errno == errno.ENOSPC
        if not broken and action != "append":
            assert {file.name for file in folder.iterdir()} <= {"file.txt"}
    else:
        pytest.fail("never got through")
    assert failures >= 2 if action == "append" else failures >= 6


def test_half_written_file_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def check(temporary: Path) -> None:
        if temporary.read_text() != "whole":
            raise InputError("a.txt: torn")

    with pytest.raises(InputError, match="torn"):
        write_atomically(path, lambda temporary: temporary.write_text("who"), check)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    write_atomically(path, lambda temporary: temporary.write_text("whole"), check)
    assert path.read_text() == "whole"


@pytest.mark.parametrize("raised", [KeyboardInterrupt, ZeroDivisionError, MemoryError])
def test_other_exceptions_come_through(tmp_path: Path, raised: type[BaseException]) -> None:
    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise raised

    with pytest.raises(raised):
        write_atomically(tmp_path / "a.txt", write, lambda temporary: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="needs limits on the size of files")
def test_full_disk_for_real(tmp_path: Path) -> None:
    """A limit on the size of files, the nearest thing to a full disk that a test may cause."""
    path = tmp_path / "a.bin"
    path.write_text("old")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))\n"
        "from napari_inconsistency_masks.files.atomic import WriteError, write_bytes\n"
        "try: write_bytes(sys.argv[1], bytes(25_000_000))\n"
        "except WriteError as error: sys.stdout.write(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert "a.bin: not written, the disk is full" in done.stdout
    assert "MB free" in done.stdout
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_killed_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    lines = tmp_path / "lines.jsonl"
    code = (
        "import itertools, sys\n"
        "from napari_inconsistency_masks.files.atomic import append_line, write_json\n"
        "for n in itertools.count():\n"
        "    write_json(sys.argv[1], [n] * 20_000)\n"
        "    append_line(sys.argv[2], {'n': n, 'text': 'x' * 5_000})\n"
        "    print(n, flush=True)\n"
    )
    last = -1
    for round_ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", code, path, lines], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(3 + round_):
            last = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        child.communicate()
        numbers = json.loads(path.read_text())
        assert len(numbers) == 20_000
        assert len(set(numbers)) == 1
        assert numbers[0] >= last
        assert read_json_lines(lines)[-1]["n"] >= last
    sweep(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"numbers.json", "lines.jsonl"}


def test_link_is_followed(tmp_path: Path) -> None:
    real = tmp_path / "there" / "real.txt"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WriteError, match="may not be written to"):
        write_text(tmp_path / "a.txt", "x")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "may not be written to"),
        (errno.ENOSPC, "disk is full"),
        (errno.ESTALE, "unchanged"),
        (errno.ETIMEDOUT, "unchanged"),
    ],
)
def test_what_the_system_says_becomes_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(WriteError, match=f"a.txt: not written.*{said}") as caught:
        write_text(tmp_path / "a.txt", "x")
    assert caught.value.errno == number
    assert len(str(caught.value)) <= 200


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="its folder does not exist"):
        write_text(tmp_path / "gone" / "a.txt", "x")


def test_drive_that_reports_success_without_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda source, target: None)
    with pytest.raises(WriteError, match="did not keep"):
        write_text(path, "something new")


def test_folder_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(folder: Path) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    real = os.fsync
    calls = []

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            unable(tmp_path)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").read_text() == "x"

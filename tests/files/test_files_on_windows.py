"""What Windows refuses that other systems allow: files that a program has open, long paths."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files import atomic, patience
from napari_inconsistency_masks.files.atomic import WriteError, append_line, write_text
from napari_inconsistency_masks.files.folders import remove
from napari_inconsistency_masks.files.json_files import read_json_lines
from napari_inconsistency_masks.projects.places_table import write_places

HELD = (5, 32, 33, 1224)


class Windows:
    """The module `os` as it is, but for its name; that of all programs must not change."""

    name = "nt"

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (atomic, patience):
        monkeypatch.setattr(module, "os", Windows())


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * 3)


class Refusing:
    """A call that the system refuses some times, and then does."""

    def __init__(self, real: Callable[..., Any], times: float, winerror: int | None) -> None:
        self.real, self.left, self.winerror, self.calls = real, times, winerror, 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.calls += 1
        if self.left > 0:
            self.left -= 1
            number = errno.EINVAL if self.winerror == 1224 else errno.EACCES
            error = OSError(number, "The process cannot access the file")
            if self.winerror is not None:
                error.winerror = self.winerror  # type: ignore[attr-defined]
            raise error
        return self.real(*args, **options)


@pytest.mark.parametrize("winerror", HELD)
def test_a_file_that_is_held_for_a_moment_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("old")
    replace = Refusing(os.replace, 2, winerror)
    monkeypatch.setattr(os, "replace", replace)
    write_text(path, "new")
    assert replace.calls == 3
    assert path.read_text() == "new"


@pytest.mark.parametrize("winerror", HELD)
def test_a_file_that_stays_open_elsewhere_is_named_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", Refusing(os.replace, float("inf"), winerror))
    with pytest.raises(WriteError, match=r"counts\.csv: not written, another program has it open"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_elsewhere_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Refusing(os.replace, float("inf"), None)
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(WriteError, match="this folder may not be written to"):
        write_text(tmp_path / "a.txt", "new")
    assert replace.calls == 1


@pytest.mark.usefixtures("windows")
def test_a_line_is_added_once_the_journal_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    append_line(path, {"n": 0})
    refusing = Refusing(Path.open, 1, None)  # open() tells no error of Windows, only EACCES
    monkeypatch.setattr(Path, "open", lambda *args, **options: refusing(*args, **options))
    append_line(path, {"n": 1})
    assert [line["n"] for line in read_json_lines(path)] == [0, 1]
    refusing.left = float("inf")
    with pytest.raises(WriteError, match=r"journal\.jsonl: not written, another program has it"):
        append_line(path, {"n": 2})


@pytest.mark.parametrize("winerror", HELD)
def test_a_damaged_table_that_is_held_for_a_moment_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    (tmp_path / "places.csv").write_text("no,such\r\ntable\r\n")
    rename = Refusing(Path.rename, 2, winerror)
    monkeypatch.setattr(Path, "rename", lambda *args: rename(*args))
    write_places(tmp_path, [])
    assert rename.calls == 3
    assert (tmp_path / "places.csv.damaged").read_text() == "no,such\ntable\n"


def test_a_file_that_is_held_for_a_moment_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a_masks.tif"
    path.touch()
    refusing = Refusing(Path.unlink, 2, 32)
    monkeypatch.setattr(Path, "unlink", lambda *args, **options: refusing(*args, **options))
    remove(path)
    assert not path.exists()
    refusing.left = float("inf")
    with pytest.raises(InputError, match="close what has it open"):
        remove(path)


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("depth", "said"), [(0, "Windows protects this folder"), (6, "its path is too long")]
)
def test_no_such_file_in_a_folder_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int, said: str
) -> None:
    folder = tmp_path.joinpath(*["x" * 40] * depth)
    folder.mkdir(parents=True, exist_ok=True)

    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(WriteError, match=f"not written, {said}") as caught:
        write_text(folder / "a.txt", "x")
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("number", [errno.EBADF, errno.EOPNOTSUPP])
def test_drives_that_sync_no_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real, calls = os.fsync, []

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:  # of the folder, after the file
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").read_text() == "x"

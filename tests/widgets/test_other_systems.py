"""What the window says and stores on Windows and on a Mac."""

from __future__ import annotations

import ntpath
import shlex
import sys
from pathlib import PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest

from napari_inconsistency_masks.files.command_line import join_command
from napari_inconsistency_masks.widgets.pages import chosen_runs, project_table
from napari_inconsistency_masks.widgets.parts.modifiers import several_key
from napari_inconsistency_masks.widgets.project import memory


@pytest.mark.parametrize(
    ("platform", "key"), [("darwin", "Cmd"), ("win32", "Ctrl"), ("linux", "Ctrl")]
)
def test_the_key_for_several_rows_is_the_one_of_the_keyboard(
    monkeypatch: pytest.MonkeyPatch, platform: str, key: str
) -> None:
    assert several_key() in chosen_runs.CHOOSE
    assert several_key() in project_table.CHOOSE
    monkeypatch.setattr(sys, "platform", platform)
    assert several_key() == key


@pytest.mark.parametrize(
    ("run", "stored"),
    [
        ("C:\\dish\\runs\\second", "runs/second"),
        ("c:\\Dish\\runs\\second", "runs/second"),
        ("D:\\other\\runs\\first", "D:\\other\\runs\\first"),
        ("\\\\lab\\share\\runs\\first", "\\\\lab\\share\\runs\\first"),
    ],
)
def test_networks_of_a_project_are_found_on_every_system(
    monkeypatch: pytest.MonkeyPatch, run: str, stored: str
) -> None:
    monkeypatch.setattr(memory, "Path", PureWindowsPath)
    monkeypatch.setattr(memory, "os", SimpleNamespace(path=ntpath))
    remembered: dict[str, object] = {}
    project = SimpleNamespace(folder=PureWindowsPath("C:\\dish"))
    data = SimpleNamespace(project=project, remember=remembered.update)
    itself: Any = SimpleNamespace(_data=data)
    memory.ProjectMemory.networks_loaded(itself, SimpleNamespace(run=PureWindowsPath(run)))
    assert remembered == {memory.NETWORKS: stored}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("run", "C:\\Users\\lab\\runs\\first"), "run C:\\Users\\lab\\runs\\first"),
        (("run", "\\\\lab\\My images\\ä"), 'run "\\\\lab\\My images\\ä"'),
        (("--out", "D:\\My results\\"), '--out "D:\\My results\\\\"'),
        (("--write=masks,votes", "--glob", "*.tif"), '"--write=masks,votes" --glob "*.tif"'),
        (("--description", 'the "best" ones', ""), '--description "the \\"best\\" ones" ""'),
    ],
)
def test_the_command_to_repeat_something_is_for_the_terminals_of_windows(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], line: str
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert join_command(words) == line


def test_the_command_to_repeat_something_elsewhere() -> None:
    words = ("napari-im", "run", "/data/My images/ä")
    assert shlex.split(join_command(words)) == list(words)

"""A window that is killed in the midst of drawing on a project loses nothing that was saved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project_steps import Steps, make_project

from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.widgets.session.session import Session


@pytest.mark.usefixtures("children", "at_once", "soon")
@pytest.mark.parametrize("lines", [1, 4])
def test_a_killed_window_is_opened_again(
    tmp_path: Path, session: Session, qtbot: Any, lines: int
) -> None:
    folder = make_project(tmp_path / "data")
    program = Path(__file__).with_name("project_program.py")
    command = [sys.executable, str(program), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [json.loads(child.stdout.readline()) for _ in range(lines)][-1]
        child.kill()
    project = Project.open(folder)
    for name, painted in said.items():
        labels = [project.read_frame(name, frame) for frame in range(3)]
        there = sum(int(item.masks["alive"].sum()) for item in labels if item is not None)
        assert there >= painted
    steps = Steps(session, qtbot)
    steps.open_project(folder)  # nobody holds it any more
    for name in said:
        steps.open(name)
        on_disk = [project.read_frame(name, frame) for frame in range(3)]
        for frame, labels in enumerate(on_disk):
            shown = steps.layer("alive").data[frame]
            expected = 0 if labels is None else int(labels.masks["alive"].sum())
            assert int((shown > 0).sum()) == expected

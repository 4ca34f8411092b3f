"""A program that paints and saves is killed: what it said was saved is there, or newer."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from toy_project import cells, movie

from napari_inconsistency_masks.projects import Project

PAINTER = """
import sys
from dataclasses import replace
import numpy as np
from toy_project import cells
from napari_inconsistency_masks.projects import Autosave, Project

class Printing:
    def __init__(self, project):
        self.project = project
    def write_frame(self, image, frame, labels):
        number = self.project.write_frame(image, frame, labels)
        print(frame, int(labels.positions[0, 0]), flush=True)
        return number

autosave = Autosave(Printing(Project.open(sys.argv[1])), 0.0, 0.0)
stroke = int(sys.argv[2])
while True:
    stroke += 1
    labels = replace(cells(stroke), positions=np.array([[stroke, 0.0]]), states=("",))
    autosave.touch("movie", stroke % 2, labels.copy)
"""


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_killed_while_painting(tmp_path: Path) -> None:
    project = movie(tmp_path)
    moments = random.Random(5)
    acknowledged = {0: 0, 1: 0}
    for _ in range(5):
        start = max(acknowledged.values()) + 1000
        child = subprocess.Popen(
            [sys.executable, "-c", PAINTER, project.folder, str(start)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(moments.randint(1, 6))]
        threading.Event().wait(moments.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        lines += child.communicate()[0].splitlines()
        for line in lines:
            frame, stroke = map(int, line.split())
            acknowledged[frame] = stroke
        project = Project.open(project.folder)
        for frame, stroke in acknowledged.items():
            read = project.read_frame("movie", frame)
            if read is None:
                assert stroke == 0
                continue
            found = int(read.positions[0, 0])
            assert found >= stroke
            assert all((read.masks[k] == cells(found).masks[k]).all() for k in read.masks)
    for frame in acknowledged:
        project.write_frame("movie", frame, cells(1))
        assert len(list((project.folder / f"corrections/movie/{frame}").iterdir())) <= 2

"""Paints on the files of a project until it is killed: a program for `test_project_kills.py`.

python project_program.py PROJECT

Prints, whenever all strokes are on disk, how many pixels are painted on each file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_inconsistency_masks.widgets.project import recent
from napari_inconsistency_masks.widgets.session.session import session_of

FILES = ("one", "two")


def main(folder: Path) -> None:
    """Paint a pixel every 20 ms, and change to the other file now and then."""
    recent.recent_file = lambda: folder.parent / "recent.json"
    application = QApplication([])
    viewer = ViewerModel()
    session = session_of(viewer)
    files, keeper = session.project.files, session.keeper
    painted = dict.fromkeys(FILES, 0)

    def paint() -> None:
        if files.current is None or files.busy:
            return
        name = files.current.subject.file
        number = painted[name]
        place = number % 3, number // 3 // 48, number // 3 % 48
        layer = session.layer_data.rows[0].layer
        layer.data_setitem(tuple(np.array([index]) for index in place), 1)
        painted[name] += 1

    def tell() -> None:
        if any(painted.values()) and not keeper.busy():
            print(json.dumps(painted), flush=True)

    def change() -> None:
        if files.current is not None:
            files.open(FILES[1 - FILES.index(files.current.subject.file)])

    session.project.data.opened.connect(lambda: files.open(FILES[0]))
    keeper.changed.connect(tell)
    timers = [(paint, 20), (change, 700)]
    running = [QTimer() for _ in timers]
    for timer, (do, pause) in zip(running, timers, strict=True):
        timer.timeout.connect(do)
        timer.start(pause)
    session.project.open(folder)
    application.exec_()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

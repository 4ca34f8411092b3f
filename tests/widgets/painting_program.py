"""Paints, and says what is kept on disk, until it is killed: a program for `test_keeper.py`.

python painting_program.py RUNS_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from napari.components import ViewerModel
from open_layers import add_image
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_inconsistency_masks.widgets import preferences
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.session.session import session_of


def main(folder: Path) -> None:
    """Paint a pixel every 20 ms, and tell how many are surely kept."""
    preferences.default_runs_folder = lambda: folder
    application = QApplication([])
    viewer = ViewerModel()
    session = session_of(viewer)
    add_image(viewer, (4, 40, 48), name="stack")
    add_missing_layers(session.layer_data)
    layer = session.layer_data.rows[0].layer
    painted = 0

    def paint() -> None:
        nonlocal painted
        frame, row, column = painted % 4, painted // 4 // 48, painted // 4 % 48
        layer.data_setitem((np.array([frame]), np.array([row]), np.array([column])), 1)
        painted += 1

    def tell() -> None:
        keeper = session.keeper
        if keeper.folder is not None and not keeper.busy():
            print(painted, flush=True)

    session.keeper.changed.connect(tell)
    timer = QTimer()
    timer.timeout.connect(paint)
    timer.start(20)
    pause = QTimer()  # now and then the person looks at what she has done
    pause.timeout.connect(lambda: timer.stop() if timer.isActive() else timer.start(20))
    pause.start(800)
    application.exec_()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

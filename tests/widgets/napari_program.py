"""A napari with a training and a prediction that go on until they are stopped, as a program.

    python napari_program.py RUNS NETWORKS END

Prints one line of JSON with the process ids of both children once both work. END is what then
happens: ``wait`` leaves it to somebody else, ``quit`` is the end of the application, and ``close``
that of the window: its X is pressed twice, and napari's question answered with no and then with
yes. Whether all went on after the no is a second line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari._qt.dialogs.confirm_close_dialog import ConfirmCloseDialog
from napari.layers import Image
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QDialog
from tiny import LONG, add_stack, setting

from napari_inconsistency_masks.training.events import EpochEnd
from napari_inconsistency_masks.widgets.session import session as session_module
from napari_inconsistency_masks.widgets.session.session import session_of

PLUGIN, DOCK = "napari-inconsistency-masks", "Inconsistency Masks"


class Program:
    """Starts both children, and ends as it was told once they work."""

    def __init__(self, runs: Path, networks: Path, end: str) -> None:
        self.viewer = napari.Viewer()
        self.session = session = session_of(self.viewer)
        session.devices._asked = True  # no third child
        self.viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)
        self.end: str | None = end
        self.image: Image | None = None
        session.setup.choose_folder(runs)
        session.setup.choose_recipe("labeled")
        session.setup.set(setting(LONG))
        add_stack(self.viewer)
        session.layer_data.scanned.connect(self.start)
        session.trainer.happened.connect(self.on_event)
        session.predictor.arrived.connect(self.on_frame)
        session.looking.use(networks)

    def start(self) -> None:
        trainer = self.session.trainer
        if self.session.next.problem() is None and trainer.run is None:
            trainer.press(self.session.next.request)

    def on_event(self, event: Any) -> None:
        if isinstance(event, EpochEnd) and self.session.predictor.model and self.image is None:
            frames = np.zeros((1000, 128, 128), np.uint8)
            self.image = self.viewer.add_layer(Image(frames, name="many frames"))
            self.session.looking.choose(self.image)
            self.session.looking.predict(whole=True)

    def on_frame(self, *_: Any) -> None:
        if self.end is None or self.image is None:
            return
        children = {"training": self.session.trainer, "prediction": self.session.predictor}
        print(json.dumps({name: it.child.pid for name, it in children.items()}), flush=True)
        if self.end != "wait":
            QTimer.singleShot(0, {"quit": QApplication.quit, "close": self.close}[self.end])
        self.end = None

    def close(self) -> None:
        self.press_x(QDialog.DialogCode.Rejected)
        QApplication.processEvents()
        window = self.viewer.window._qt_window
        print(json.dumps(self.session.trainer.machine.busy and window.isVisible()), flush=True)
        self.press_x(QDialog.DialogCode.Accepted)
        window.close()

    def press_x(self, answer: QDialog.DialogCode) -> None:
        ConfirmCloseDialog.exec_ = lambda _: answer
        QApplication.sendEvent(self.viewer.window._qt_window, PressOfX())


class PressOfX(QCloseEvent):
    """What Qt makes of the button of a window; only a window manager can press it for real."""

    def spontaneous(self) -> bool:
        return True


if __name__ == "__main__":
    session_module.PATIENCE = 60.0  # machines that run tests are busy
    program = Program(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    napari.run()

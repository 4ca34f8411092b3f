"""PySide6 6.12.0 takes references to None and True away from a Python that counts them."""

from __future__ import annotations

import subprocess
import sys

CALLS = 300_000
"""More than there are references to None in napari."""

PROGRAM = f"""
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QApplication

from napari_inconsistency_masks.widgets.session.session import session_of


class Sender(QObject):
    sent = Signal()


application, viewer, sender = QApplication([]), ViewerModel(), Sender()
session = session_of(viewer)
for _ in range({CALLS}):
    sender.setObjectName("")
    sender.sent.emit()
session.shut_down()
print("alive")
"""


def test_python_survives_more_calls_of_qt_than_there_are_references_to_none() -> None:
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert (program.stdout, program.returncode) == ("alive\n", 0), program.stderr

"""PySide6 6.12.0 takes references to None and True away from a Python that counts them."""

from __future__ import annotations

import subprocess
import sys

from napari_inconsistency_masks.widgets.work.lost_references import make_up_for_lost_references

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


def test_what_was_lost_is_made_up_for_once() -> None:
    """A count that grew with every viewer would come around to nothing."""
    make_up_for_lost_references()
    once = sys.getrefcount(None)
    make_up_for_lost_references()
    assert abs(sys.getrefcount(None) - once) < CALLS

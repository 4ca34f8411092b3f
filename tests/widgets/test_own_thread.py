"""PySide6 destroys an object of Qt in the thread that happens to collect it."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_inconsistency_masks.widgets.session.session import session_of

pytestmark = pytest.mark.usefixtures("children")


def test_a_session_that_a_thread_collects_ends_in_the_thread_of_the_window(qtbot: Any) -> None:
    ended: list[threading.Thread] = []

    def note(_: object = None) -> None:
        ended.append(threading.current_thread())

    def make_and_forget() -> None:
        session = session_of(ViewerModel())
        session._guard.close()
        session.destroyed.connect(note, Qt.ConnectionType.DirectConnection)

    gc.disable()
    try:
        make_and_forget()
        collecting = threading.Thread(target=gc.collect)
        collecting.start()
        collecting.join()
    finally:
        gc.enable()
    qtbot.waitUntil(lambda: bool(ended))
    assert ended == [threading.main_thread()]

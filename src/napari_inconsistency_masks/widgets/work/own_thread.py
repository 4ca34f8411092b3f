"""Objects of Qt that end in the thread they belong to, whoever is the last to know them.

Python collects what nobody knows any more in the thread that happens to need memory. There PySide6
destroys it at once, with timers that go on in the window's thread and end the program at their next
tick; PyQt leaves it to the thread it belongs to, as all do here.
"""

from __future__ import annotations

import sys

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QThread

_ending: set[QObject] = set()
"""Objects that Qt will destroy."""


def end_in_own_thread(item: QObject) -> None:
    """Leave an object without parent to its own thread; for its ``__del__``."""
    if sys.is_finalizing():  # no thread will do anything any more
        return
    for each in list(_ending):
        if not isalive(each):
            _ending.discard(each)
    if isalive(item) and item.thread() != QThread.currentThread():
        _ending.add(item)
        item.deleteLater()

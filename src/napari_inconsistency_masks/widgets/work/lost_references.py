"""Where Qt loses references to None and True, more of them than will ever be lost.

PySide6 6.12.0 returns None and True without taking a reference to them. Nobody notices from Python
3.12 on, which does not count those; before, each call of Qt and each signal takes one away, and
after some minutes Python finds that None is used by nobody, and ends at once.
"""

from __future__ import annotations

import ctypes
import sys

from qtpy.QtCore import QObject, Signal

TRIED = 100
"""Calls, of which each would lose a reference. Other threads may count up or down meanwhile."""

PLENTY = sys.maxsize // 4
"""References; a window that is busy loses some thousand in a second."""


class _Sender(QObject):
    sent = Signal()


def make_up_for_lost_references() -> None:
    """Give None and True as many references that no loss is felt, if Qt loses any."""
    sender = _Sender()
    for value, call in ((None, lambda: sender.setObjectName("")), (True, sender.sent.emit)):
        before = sys.getrefcount(value)
        for _ in range(TRIED):
            call()
        left = sys.getrefcount(value)
        if left < PLENTY // 2 and before - left > TRIED // 2:
            # A count is the first field of any object of the Pythons that count these.
            ctypes.c_ssize_t.from_address(id(value)).value += PLENTY

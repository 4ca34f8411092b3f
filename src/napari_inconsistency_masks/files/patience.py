"""Waiting for other programs to let go of a file."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSES = (0.01, 0.03, 0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts. Virus scanners, and programs that copy folders to a cloud, look at a
new file for some milliseconds."""

_ACCESS_DENIED, _SHARING, _LOCKED, _MAPPED = 5, 32, 33, 1224
_HELD = {_ACCESS_DENIED, _SHARING, _LOCKED, _MAPPED}
"""What Windows calls it when a file cannot be replaced or removed because it is in use."""


def patiently(action: Callable[[], T]) -> T:
    """Do something with a file, again and again for a moment while another program has it open.

    Only Windows refuses that; what is refused after the last attempt comes through.
    """
    for pause in PAUSES:
        try:
            return action()
        except OSError as error:
            if not is_held(error):
                raise
        time.sleep(pause)
    return action()


def is_held(error: OSError) -> bool:
    """Whether Windows refused something because a program has the file open.

    Or because it is protected from writing: Windows does not tell the two apart.
    """
    code = getattr(error, "winerror", None)
    return code in _HELD or (os.name == "nt" and code is None and error.errno == errno.EACCES)

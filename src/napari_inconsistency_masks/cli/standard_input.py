"""Reading standard input beside other work, until the program that writes to it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

GLANCE = 0.05
"""Seconds between two looks, on Windows, at whether something was written."""

_AT_ONCE = 4096


def input_lines() -> Iterator[bytes]:
    """The lines of standard input without their line breaks, as they come, until it is closed.

    A last line without line break is left out: whoever wrote it died meanwhile.
    """
    handle, rest = sys.stdin.fileno(), b""
    while _wait_for_input(handle) and (written := os.read(handle, _AT_ONCE)):
        *lines, rest = (rest + written).split(b"\n")
        yield from lines


def _wait_for_input(handle: int) -> bool:
    """Wait until reading gives something at once, where waiting in the read does harm.

    On Windows a read that waits blocks all other calls about the same pipe. Libraries make such
    calls as they are loaded: importing numpy would hang until something is written.
    """
    if sys.platform == "win32":
        import msvcrt
        from _winapi import PeekNamedPipe

        try:
            while PeekNamedPipe(msvcrt.get_osfhandle(handle), 0)[0] == 0:
                time.sleep(GLANCE)
        except BrokenPipeError:
            return False
        except OSError:  # a file or a console, which are read as they are
            return True
    return True

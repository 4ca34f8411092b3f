"""A display for the window where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError

SCREEN = "1600x1200x24"


def has_display() -> bool:
    """Whether a window can be opened for a person to see."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def virtual_display() -> Iterator[None]:
    """Run Xvfb, and name it to the programs started meanwhile; nothing where there is a screen.

    Only on Linux may there be none.

    Raises
    ------
    InputError
        If Xvfb is not installed or does not start.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    program = shutil.which("Xvfb")
    if program is None:
        raise InputError(
            "There is no display, and no Xvfb to make a virtual one: install it (Debian and "
            "Ubuntu: sudo apt-get install xvfb), or repeat on a computer with a screen."
        )
    reader, writer = os.pipe()
    server = subprocess.Popen(  # noqa: S603
        [program, "-displayfd", str(writer), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        if not number:
            raise InputError("There is no display, and the virtual one (Xvfb) does not start.")
        os.environ["DISPLAY"] = f":{number}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait()

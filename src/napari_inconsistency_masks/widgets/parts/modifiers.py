"""What keys are called on the keyboard at hand."""

from __future__ import annotations

import sys


def several_key() -> str:
    """The key that is held to choose several rows: Qt takes another one for Ctrl on a Mac."""
    return "Cmd" if sys.platform == "darwin" else "Ctrl"

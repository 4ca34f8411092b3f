"""A line for a terminal, whatever the names of files in it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence

_PLAIN = re.compile(r"[\w+=:./\\-]+")


def join_command(words: Sequence[str]) -> str:
    """The words as one line for a terminal, on Windows for its two."""
    return " ".join(map(_windows_word if sys.platform == "win32" else shlex.quote, words))


def _windows_word(word: str) -> str:
    """A word as both the command prompt, which knows no single quotes, and PowerShell take it."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    ending = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f'"{ending}"'

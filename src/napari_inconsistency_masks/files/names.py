"""How a file, or several, are called in a sentence a person reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePath

from ..errors import InputError

SENTENCE = 200
"""Longest message, in characters, that still fits a notification and a table cell."""

LONGEST, _BYTES = 60, 200
"""Of what a file is named after: letters to choose, and what fits in any case with an ending."""

_LISTED = 3

_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in "123456789"
}


def is_device(name: str) -> bool:
    """Whether Windows takes a name, with any extension, for that of a device: no file has it."""
    return name.partition(".")[0].rstrip().casefold() in _DEVICES


def refuse_long(what: str, name: str) -> None:
    """Refuse what a file is named after if no system could store it.

    Raises
    ------
    InputError
        With `what` it is the name of.
    """
    if len(name.encode()) > _BYTES:
        raise InputError(
            f"{what} {_shorten(printable(name), 30)!r}: it names a file, and is too long for that; "
            f"give at most {LONGEST} letters."
        )


def composed(name: str) -> str:
    """A name with composed letters (NFC): macOS stores ``ä`` as two characters, others as one."""
    return unicodedata.normalize("NFC", name)


def display_name(path: str | PurePath, depth: int = 2) -> str:
    """The name of a file behind that of its folder: one printable line of at most 90 characters.

    Line breaks, control characters and bytes that are no text are shown as escapes. With a `depth`
    of 3, the folder above is shown too, in at most 30 characters more.
    """
    parts = [part for part in PurePath(path).parts[-depth:] if part not in ("/", "\\")]
    return "/".join(_shorten(printable(part), 60 if part is parts[-1] else 29) for part in parts)


def folder_name(path: str | PurePath) -> str:
    """The name of a folder, also if it is given as ``.`` or ``..``, as one printable line."""
    return printable(Path(path).resolve().name or str(path))


def about(path: str | PurePath, reason: str, depth: int = 2) -> str:
    """The sentence ``<file>: <reason>``, at most 200 characters long; `depth` as above."""
    name = display_name(path, depth)
    return f"{name}: {_shorten(' '.join(printable(reason).split()), SENTENCE - len(name) - 2)}"


def printable(text: str) -> str:
    """The text with everything that cannot be shown replaced by escapes (line breaks too)."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def listed(names: Sequence[str]) -> str:
    """``"a, b, c and 4 more"``."""
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def _shorten(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    tail = length // 3
    return f"{text[: length - tail - 3]}...{text[-tail:]}"

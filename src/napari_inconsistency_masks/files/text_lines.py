"""Texts of many lines: written without holding them in memory, and read as other programs write."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable
from pathlib import Path

from ..errors import InputError
from .atomic import write_atomically
from .names import about

_CHUNK = 2**20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a UTF-8 text atomically, line after line; it is read back before it counts.

    Raises
    ------
    WriteError
        If the operating system refuses.
    """
    written = 0

    def write(temporary: Path) -> None:
        nonlocal written
        with temporary.open("wb") as file:
            for line in lines:
                data = line.encode() + b"\n"
                written = zlib.crc32(data, written)
                file.write(data)

    def check(temporary: Path) -> None:
        found = 0
        with temporary.open("rb") as file:
            while data := file.read(_CHUNK):
                found = zlib.crc32(data, found)
        if found != written:
            raise InputError(about(path, "not written: reading it back gave something else."))

    write_atomically(path, write, check)


def lines_of(data: bytes, path: Path) -> list[str]:
    """The lines of a text in UTF-8 or, as PowerShell writes one, in UTF-16.

    Raises
    ------
    InputError
        If it is in neither; it names `path`.
    """
    try:
        return data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(about(path, "no UTF-8 text; save it as one.")) from error

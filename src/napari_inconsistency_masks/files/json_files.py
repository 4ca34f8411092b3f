"""Reading JSON that somebody else may have written, edited or damaged."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from .atomic import is_record
from .guard import open_regular, read_bytes, refusing
from .names import about

MAX_BYTES = 256 * 2**20
"""No file of a project or run, and no line of a journal, comes near this size."""


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file strictly.

    Raises
    ------
    InputError
        If the file is missing, no regular file or no UTF-8, or its JSON is broken, nested
        absurdly deep, or has a key twice, NaN or infinity.
    """
    path = Path(path)
    return parse_json(read_bytes(path, MAX_BYTES), path)


def read_json_lines(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the JSON objects of a ``.jsonl`` file; see `iterate_json_lines`."""
    return list(iterate_json_lines(path))


def iterate_json_lines(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The JSON objects of a ``.jsonl`` file of any length; a last line cut by a crash is left out.

    Another process may append to the file meanwhile; what it adds is not read.

    Raises
    ------
    InputError
        As `read_json`, and if any other line is broken or is no object; the message counts lines.
    """
    path = Path(path)
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip() or not (line.endswith(b"\n") or is_record(line)):
            continue
        record = parse_json(line, path, f"line {number}: ")
        if not isinstance(record, dict):
            raise InputError(about(path, f"line {number}: expected a JSON object."))
        yield record


def _lines(path: Path) -> Iterator[bytes]:
    """The lines that a regular file has now, each with its line break but perhaps the last one."""
    file = open_regular(path)
    left = file.size
    with file.stream, refusing(path):
        while line := file.stream.readline(min(left, MAX_BYTES + 1)):
            if len(line) > MAX_BYTES:
                text = f"a line of more than {MAX_BYTES / 1e6:.0f} MB; this is no journal."
                raise InputError(about(path, text))
            left -= len(line)
            yield line
        file.check_not_shortened()


def parse_json(data: bytes, path: Path, where: str = "") -> Any:
    """Parse strict JSON; `path` and `where` go into the message."""
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_finite,
            parse_float=_finite,
        )
    except RecursionError:
        raise InputError(about(path, f"{where}its JSON is nested too deep.")) from None
    except ValueError as error:
        raise InputError(about(path, f"{where}no valid JSON ({error}).")) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not allowed")
    return number

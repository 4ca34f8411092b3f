"""CSV tables that every spreadsheet reads the same way, and that never run a formula."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..errors import InputError
from .atomic import write_atomically, write_text
from .guard import read_bytes
from .names import about

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_BYTES = 2**30
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


def write_csv(
    path: str | os.PathLike[str],
    rows: Iterable[Mapping[str, Any] | DataclassInstance],
    columns: Sequence[str],
) -> None:
    """Write a table atomically as RFC 4180 and UTF-8, in every country with decimal points.

    None and NaN become empty cells. Text that a spreadsheet would run as a formula (beginning with
    ``= + - @``, and no negative number) gets an apostrophe in front; `read_csv` takes it away.

    Parameters
    ----------
    path
        Where to; an existing file is replaced.
    rows
        Mappings or dataclass objects; what is not in `columns` is left out.
    columns
        Names and order of the columns.

    Raises
    ------
    InputError
        If a row lacks a column.
    WriteError
        If the operating system refuses.
    """
    text = io.StringIO(newline="")
    _write_rows(text, rows, columns, Path(path))
    write_text(path, text.getvalue())


def write_csv_rows(
    path: str | os.PathLike[str], rows: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    """`write_csv` for rows that are not in memory all at once."""
    digest = 0

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            _write_rows(file, rows, columns, Path(path))
        nonlocal digest
        digest = _checksum(temporary)

    def check(temporary: Path) -> None:
        if _checksum(temporary) != digest:
            raise InputError(about(Path(path), "not written: the drive gave back other bytes."))

    write_atomically(path, write, check)


def iterate_csv(path: str | os.PathLike[str]) -> Iterator[dict[str, str]]:
    """The rows of a table of any length written by this module, one by one.

    Excel puts a mark in front when it saves one; lines that are empty are no rows.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the header, or the file is no UTF-8.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        header = [_plain(cell) for cell in next(lines, [])]
        for line in filter(None, lines):
            yield dict(zip(header, map(_plain, line), strict=True))


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _write_rows(
    file: TextIO,
    rows: Iterable[Mapping[str, Any] | DataclassInstance],
    columns: Sequence[str],
    path: Path,
) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in columns])
    for number, row in enumerate(rows, start=1):
        values = row if isinstance(row, Mapping) else dataclasses.asdict(row)
        missing = [name for name in columns if name not in values]
        if missing:
            raise InputError(about(path, f"row {number} lacks {', '.join(missing)}."))
        writer.writerow([_cell(values[name]) for name in columns])


def read_csv(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Read a table written by `write_csv` or exported as UTF-8, with commas or semicolons.

    Semicolons are taken for what is between cells if there is no comma in the header, and all rows
    have as many cells as the header then, more than one.

    Returns
    -------
    list of dict
        One per row, column name to text; an empty cell is an empty text.

    Raises
    ------
    InputError
        If the file is missing, no UTF-8, or a row has more or fewer cells than the header.
    """
    path = Path(path)
    return parse_csv(read_bytes(path, MAX_BYTES), path)


def parse_csv(data: bytes, path: Path) -> list[dict[str, str]]:
    """`read_csv` for the bytes of a table; `path` is for messages."""
    try:
        text = data.decode("utf-8-sig")
        lines = _lines(text)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(about(path, f"no valid CSV table ({error}).")) from error
    if not lines:
        return []
    header = [_plain(cell) for cell in lines[0]]
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        if len(line) != len(header):
            raise InputError(
                about(path, f"row {number} has {len(line)} cells and the header {len(header)}.")
            )
        rows.append(dict(zip(header, map(_plain, line), strict=True)))
    return rows


def _lines(text: str) -> list[list[str]]:
    """The cells of all lines that are not empty."""
    lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    if not lines or len(lines[0]) > 1 or ";" not in lines[0][0]:
        return lines
    other = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=";") if line]
    width = len(other[0])
    return other if width > 1 and all(len(line) == width for line in other) else lines


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "item"):  # numpy scalars print as np.float64(...)
        return _cell(value.item())
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    runs = text.lstrip("'").startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return "'" + text if runs else text


def _plain(cell: str) -> str:
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)
    return cell[1:] if guarded else cell

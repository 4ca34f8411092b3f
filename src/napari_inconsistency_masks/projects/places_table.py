"""``places.csv``: the places worth a correction, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..boxes import Box
from ..errors import InputError
from ..files.atomic import WriteError
from ..files.names import about
from ..files.patience import patiently
from ..files.tables import read_csv, write_csv
from .layout import PLACES_FILE

PlaceState = Literal["open", "done", "skipped"]

COLUMNS = ("image", "frame", "y", "x", "class", "state")
BOX = ("y0", "x0", "y1", "x1")
SIZES = ("pixels", "disagreement", "effect")
"""Further columns, which may be empty or missing."""

_BETWEEN = ";"  # never part of a class name


@dataclass(frozen=True)
class PlaceRow:
    """A place in a frame, and whether somebody has looked at it.

    ``y`` and ``x`` are pixels, ``classes`` those that networks disagree about. The others are those
    of a `Place`: its box, its pixels, how much networks disagree, and about how many cells.
    """

    image: str
    frame: int
    y: float
    x: float
    classes: tuple[str, ...]
    state: PlaceState = "open"
    box: Box | None = None
    pixels: int = 0
    disagreement: float = 0.0
    effect: int = 0


def write_places(folder: Path, rows: Iterable[PlaceRow]) -> None:
    """Write the table of a project, in the order given.

    A table that cannot be read is not replaced but kept as ``places.csv.damaged``, or under that
    name with a number if there is one.

    Raises
    ------
    WriteError
        If the operating system refuses.
    """
    try:
        read_places(folder)
    except InputError:
        _set_aside(folder / PLACES_FILE)
    table = [
        {
            **vars(row),
            "class": _BETWEEN.join(row.classes),
            **dict(zip(BOX, row.box or ("",) * len(BOX), strict=True)),
        }
        for row in rows
    ]
    write_csv(folder / PLACES_FILE, table, (*COLUMNS, *BOX, *SIZES))


def read_places(folder: Path) -> list[PlaceRow]:
    """Read the table of a project; empty if there is none.

    With semicolons between the cells, numbers may have decimal commas.

    Raises
    ------
    InputError
        If the table is damaged; the message counts rows.
    """
    path = folder / PLACES_FILE
    if not path.exists():
        return []
    rows = []
    for number, row in enumerate(read_csv(path), start=1):
        try:
            rows.append(_parse(row))
        except (KeyError, ValueError) as error:
            raise InputError(about(path, f"row {number} is no place ({error}).")) from None
    return rows


def _set_aside(path: Path) -> None:
    """Rename a table; no file is replaced."""
    free, number = path.with_name(f"{path.name}.damaged"), 2
    while free.exists():
        free, number = path.with_name(f"{path.name}.damaged-{number}"), number + 1
    try:
        patiently(lambda: path.rename(free))
    except OSError as error:
        text = (
            f"cannot be read and not be renamed ({error.strerror or error}), so nothing is "
            f"written; close what has it open."
        )
        raise WriteError(about(path, text)) from error


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _parse(row: dict[str, str]) -> PlaceRow:
    state = next((name for name in get_args(PlaceState) if name == row["state"]), None)
    if state is None:
        raise ValueError(f"state {row['state']!r}")
    corners = [int(row[name]) for name in BOX if row.get(name)]
    if len(corners) not in (0, len(BOX)):
        raise ValueError("a box without all four corners")
    return PlaceRow(
        image=row["image"],
        frame=int(row["frame"]),
        y=_number(row["y"]),
        x=_number(row["x"]),
        classes=tuple(filter(None, row["class"].split(_BETWEEN))),
        state=state,
        box=(corners[0], corners[1], corners[2], corners[3]) if corners else None,
        pixels=int(row.get("pixels") or 0),
        disagreement=_number(row.get("disagreement") or "0"),
        effect=int(row.get("effect") or 0),
    )

"""Rows of the tables: counts of frames, and cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...cells import UNCLEAR
from ...files.calibration import MICROMETERS
from ...files.header import ImageHeader
from ...files.tables import write_csv_rows
from ...task import LabelScheme
from ..frame import FoundFrame
from ..images import Image
from ..layout import DONE
from ..model import Model

CELL_COLUMNS = (
    "image",
    "frame",
    "t",
    "z",
    "cell",
    "state",
    "y_px",
    "x_px",
    "y_um",
    "x_um",
    "area_px",
    "area_um2",
    "agreement",
)

COUNT_ENDS = ("", "_low", "_high")
"""Columns of a count: the estimate and its range."""

_AREA_ENDS = ("_area", "_area_low", "_area_high", "_area_um2")
_OTHERWISE = " cells"
_BEFORE = ("image", "frame", "t", "z", "time_s")
_BETWEEN = ("unclear", "inconsistent", "inconsistent_px", "inconsistent_um2")
_AFTER = ("model", "status", "notes")


def count_columns(scheme: LabelScheme) -> tuple[str, ...]:
    """Columns of counts.csv."""
    names = [column_of(name) for name in scheme.counted]
    counts = [f"{name}{end}" for name in names for end in COUNT_ENDS]
    areas = [f"{name}{end}" for name in names for end in _AREA_ENDS]
    return (*_BEFORE, *counts, *_BETWEEN, *areas, *_AFTER)


def column_of(name: str) -> str:
    """The column of a class in counts.csv: its name, unless another column might be called so."""
    taken = name in (*_BEFORE, *_BETWEEN, *_AFTER)
    ends = (*COUNT_ENDS[1:], *_AREA_ENDS, _OTHERWISE)
    return name + _OTHERWISE if taken or name.endswith(ends) else name


def table_columns(kind: str, scheme: LabelScheme) -> tuple[str, ...]:
    """Columns of a table, "counts" or "cells"."""
    return CELL_COLUMNS if kind == "cells" else count_columns(scheme)


def completed(
    rows: Iterable[Mapping[str, str]], columns: Sequence[str]
) -> Iterator[Mapping[str, str]]:
    """Rows with all columns: those that a table of an earlier version has not are empty."""
    for row in rows:
        yield {**dict.fromkeys(columns, ""), **row}


def count_row(image: Image, frame: FoundFrame, model: Model) -> dict[str, Any]:
    """The row of a frame in counts.csv; what is not known is None."""
    places = image.places(frame.index)
    interval, size = image.known.frame_interval, micrometers(image.known)
    row: dict[str, Any] = {
        **_where(image, frame),
        "time_s": None,
        "unclear": frame.counts.unclear,
        "inconsistent": round(frame.share, 6),
        "inconsistent_px": frame.inconsistent,
        "inconsistent_um2": _square_micrometers(frame.inconsistent, size),
        "model": model.short,
        "status": DONE,
        "notes": " ".join((*image.known.notes, *frame.notes)),
    }
    if interval is not None and "T" in places:
        row["time_s"] = round(interval * places["T"], 6)
    for name in frame.counts:
        column, (low, high) = column_of(name), frame.areas.span(name)
        row[column] = frame.counts[name]
        row[f"{column}_low"] = frame.counts.low[name]
        row[f"{column}_high"] = frame.counts.high[name]
        row[f"{column}_area"] = round(frame.areas[name], 6)
        row[f"{column}_area_low"] = round(low, 6)
        row[f"{column}_area_high"] = round(high, 6)
        row[f"{column}_area_um2"] = _square_micrometers(frame.areas.estimate[name], size)
    return row


def unfinished_row(
    name: str, columns: Sequence[str], model: Model, status: str
) -> Mapping[str, Any]:
    """The row of an image that was not counted: no number, but the reason."""
    return {**dict.fromkeys(columns), "image": name, "model": model.short, "status": status}


def write_cells(path: Path, frames: Iterable[FoundFrame], image: Image) -> None:
    """Write a row per cell of all frames."""
    rows = (row for frame in frames for row in _cell_rows(image, frame))
    write_csv_rows(path, rows, CELL_COLUMNS)


def _cell_rows(image: Image, frame: FoundFrame) -> Iterator[dict[str, Any]]:
    size = micrometers(image.known)
    cells, agreement, areas = frame.found.cells, frame.found.agreement, frame.cell_areas
    for number, ((row, column), state) in enumerate(zip(cells.centers, cells.states, strict=True)):
        yield {
            **_where(image, frame),
            "cell": number + 1,
            "state": state_name(int(state), cells.names),
            "y_px": round(float(row), 2),
            "x_px": round(float(column), 2),
            "y_um": None if size is None else round(float(row) * size[0], 4),
            "x_um": None if size is None else round(float(column) * size[1], 4),
            "area_px": None if areas is None else int(areas[number]),
            "area_um2": None if areas is None else _square_micrometers(int(areas[number]), size),
            "agreement": round(float(agreement[number]), 3),
        }


def _square_micrometers(pixels: int, size: tuple[float, float] | None) -> float | None:
    return None if size is None else round(pixels * size[0] * size[1], 3)


def state_name(state: int, names: Sequence[str]) -> str:
    """What a state is called."""
    return "unclear" if state == UNCLEAR else names[state]


def micrometers(header: ImageHeader) -> tuple[float, float] | None:
    """Height and width of a pixel in micrometers, or None if they are not known."""
    factor = MICROMETERS.get(header.unit or "")
    if factor is None or header.pixel_size is None:
        return None
    return header.pixel_size[0] * factor, header.pixel_size[1] * factor


def _where(image: Image, frame: FoundFrame) -> dict[str, Any]:
    places = image.places(frame.index)
    return {
        "image": image.name,
        "frame": image.label(frame.index),
        "t": places.get("T"),
        "z": places.get("Z"),
    }

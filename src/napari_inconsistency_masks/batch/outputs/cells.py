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
from ..columns import AREA_ENDS, AREA_UM2, COUNT_ENDS, column_of, count_columns
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
        column, counts, areas = column_of(name), frame.counts, frame.areas
        found = counts[name], counts.low[name], counts.high[name]
        shares = areas[name], *areas.span(name)
        row |= {f"{column}{end}": count for end, count in zip(COUNT_ENDS, found, strict=True)}
        for end, share in zip(AREA_ENDS, shares, strict=True):
            row[f"{column}{end}"] = round(share, 6)
        row[f"{column}{AREA_UM2}"] = _square_micrometers(areas.estimate[name], size)
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

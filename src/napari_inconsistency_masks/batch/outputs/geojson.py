"""Objects for QuPath as GeoJSON (RFC 7946): the outline of each cell, or its center."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...files.text_lines import write_lines
from ..colors import color_of
from ..frame import FoundFrame
from ..images import Image
from ..labels import outlines
from .cells import state_name

_PIXEL_CENTER = 0.5
"""QuPath counts from the corner of the first pixel."""

_UNCLEAR_COLOR = "#808080"
_IDS = uuid.UUID("6f1d2f8e-5b0e-4c53-9a42-3d6a7a8f0c11")
_HEAD, _FOOT = '{"type": "FeatureCollection", "features": [', "]}"


def write_geojson(path: Path, frames: Iterable[FoundFrame], image: Image) -> None:
    """Write a feature per cell of all frames, in pixels."""
    write_features(path, (_line(item) for frame in frames for item in _features(image, frame)))


def write_features(path: Path, lines: Iterable[str]) -> None:
    """Write features, each on a line of its own, atomically."""
    write_lines(path, _document(lines))


def _document(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a file, with a comma after each feature but the last."""
    yield _HEAD
    before = None
    for line in lines:
        if before is not None:
            yield f"{before},"
        before = line
    if before is not None:
        yield before
    yield _FOOT


def read_features(path: Path) -> Iterator[str]:
    """The lines of the features in a file that `write_features` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        for line in file:
            feature = line.rstrip("\n").removesuffix(",")
            if feature.startswith('{"type": "Feature",'):
                yield feature


def _line(feature: dict[str, Any]) -> str:
    return json.dumps(feature, ensure_ascii=False, allow_nan=False)


def _features(image: Image, frame: FoundFrame) -> Iterator[dict[str, Any]]:
    cells, agreement = frame.found.cells, frame.found.agreement
    around = {} if frame.labels is None else dict(outlines(frame.labels))
    places = image.places(frame.index)
    plane = {"c": -1, "z": places.get("Z", 0), "t": places.get("T", 0)}
    for index, state in enumerate(cells.states):
        name = state_name(int(state), cells.names)
        color = bytes.fromhex((_UNCLEAR_COLOR if state < 0 else color_of(int(state)))[1:])
        outline = around.get(index + 1)
        shape = _point(cells.centers[index]) if outline is None else _polygon(outline)
        yield {
            "type": "Feature",
            "id": str(uuid.uuid5(_IDS, f"{image.name}|{frame.index}|{index + 1}")),
            "geometry": {**shape, "plane": plane},
            "properties": {
                "objectType": "annotation" if outline is None else "detection",
                "name": str(index + 1),
                "classification": {"name": name, "color": list(color)},
                "measurements": {"Agreement": round(float(agreement[index]), 3)},
            },
        }


def _point(center: npt.NDArray[np.float64]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": _xy(center)}


def _polygon(outline: npt.NDArray[np.float64]) -> dict[str, Any]:
    """A polygon whose outer ring turns as RFC 7946 wants it, counterclockwise with y upward."""
    rows, columns = outline.T
    area = np.sum(columns[:-1] * rows[1:] - columns[1:] * rows[:-1])
    ring = outline if area > 0 else outline[::-1]
    return {"type": "Polygon", "coordinates": [[_xy(point) for point in ring]]}


def _xy(point: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(point[axis]) + _PIXEL_CENTER, 2) for axis in (1, 0)]

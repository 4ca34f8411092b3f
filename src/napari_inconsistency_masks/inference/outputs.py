"""What prediction writes for an image file: classes, inconsistency mask, cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cells import UNCLEAR, find_cells
from ..errors import InputError
from ..files.tables import write_csv
from ..files.tiff import write_tiff
from ..task import LabelScheme
from .files import FrameResult


def output_paths(
    files: Sequence[Path], folder: Path, scheme: LabelScheme
) -> dict[Path, dict[str, Path]]:
    """Decide the files to write for each image, before anything is written.

    Images of the same name from different folders, or with different extensions, get the
    extension or a number into theirs, so that no two share an output.

    Raises
    ------
    InputError
        If an output would be one of the images.
    """
    kinds = ["classes.tif", "inconsistency.tif"]
    if not scheme.exclusive:
        kinds.append("cells.csv")
    taken: set[str] = set()
    planned: dict[Path, dict[str, Path]] = {}
    for path in files:
        stem = next(name for name in _names(path) if name.casefold() not in taken)
        taken.add(stem.casefold())
        planned[path] = {kind.split(".")[0]: folder / f"{stem}_{kind}" for kind in kinds}
    inputs = {path.resolve() for path in files}
    for path in (p for each in planned.values() for p in each.values()):
        if path.resolve() in inputs:
            raise InputError(f"{path}: this image would be replaced; choose another folder.")
    return planned


def _names(path: Path) -> Iterator[str]:
    yield path.stem
    yield path.name.replace(".", "_")
    yield from (f"{path.stem}_{number}" for number in range(2, 1_000_000))


@dataclass(frozen=True)
class FileOutput:
    """Writes the results of one image file.

    Attributes
    ----------
    paths
        By kind: ``classes`` (uint8, 0 and 255, a channel per class; class ids if exclusive),
        ``inconsistency`` (uint8, 255 where networks disagree), ``cells`` (a row per cell).
    scheme
        What the classes are.
    """

    paths: dict[str, Path]
    scheme: LabelScheme

    def write(self, results: Sequence[FrameResult]) -> None:
        """Write all frames; axes and calibration are the image's."""
        header = results[0].header
        calibration: dict[str, Any] = {
            "pixel_size": header.pixel_size,
            "unit": header.unit,
            "frame_interval": header.frame_interval,
            "slice_spacing": header.slice_spacing,
        }
        lead = header.stack_shape

        def stack(planes: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
            return np.stack(planes).reshape(*lead, *planes[0].shape)

        axes = f"{header.stack_axes}{'' if self.scheme.exclusive else 'C'}YX"
        classes = stack([self._classes(result) for result in results])
        write_tiff(self.paths["classes"], classes, axes, **calibration)
        masks = stack([_white(result.consensus.inconsistency) for result in results])
        write_tiff(self.paths["inconsistency"], masks, f"{header.stack_axes}YX", **calibration)
        if "cells" in self.paths:
            rows = [row for result in results for row in self._cells(result)]
            write_csv(self.paths["cells"], rows, ["frame", "class", "y_px", "x_px"])

    def _classes(self, result: FrameResult) -> npt.NDArray[np.uint8]:
        guess = result.consensus.best_guess
        return self.scheme.to_target(guess) if self.scheme.exclusive else _white(guess)

    def _cells(self, result: FrameResult) -> Iterator[dict[str, Any]]:
        cells = find_cells(result.consensus.best_guess, self.scheme)
        for (row, column), state in zip(cells.centers, cells.states, strict=True):
            yield {
                "frame": result.frame,
                "class": "unclear" if state == UNCLEAR else cells.names[state],
                "y_px": round(float(row), 2),
                "x_px": round(float(column), 2),
            }


def _white(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(255)

"""Makes a data folder of half the size: networks see four times as many cells in the same time.

    python benchmarks/half_size.py DATA OUT --classes alive,dead,position --position position

OUT has the layout of DATA: images, a folder of masks per class, splits.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from napari_inconsistency_masks.cells import draw_discs, find_cells
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import LabelScheme

_MARKER = 3
"""Radius in pixels of the markers in images of half the size."""


def main(
    data: Path,
    out: Path,
    classes: Annotated[str, typer.Option()],
    position: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Halve all labeled images of a folder."""
    read = load_folder(data, classes=classes.split(","), position=position)
    for folder in ("images", *read.scheme.classes):
        (out / folder).mkdir(parents=True)
    for source in (read.labeled, read.hidden, read.validation, read.test):
        for sample in source:
            _write(halved(sample, read.scheme), read.scheme, out)
    if (data / "splits").is_dir():
        shutil.copytree(data / "splits", out / "splits")


def _write(sample: Sample, scheme: LabelScheme, out: Path) -> None:
    name = f"{Path(sample.name).stem}.tif"
    write_tiff(out / "images" / name, sample.image[0], "YX")
    for label, mask in zip(scheme.classes, sample.labeled, strict=True):
        write_tiff(out / label / name, mask * np.uint8(255), "YX")


def halved(sample: Sample, scheme: LabelScheme) -> Sample:
    """Every two by two pixels become one; the position of each cell is marked anew."""
    image = np.rint(_mean_of_four(sample.image)).astype(np.uint8)
    target = (_mean_of_four(sample.labeled) >= 0.5).astype(np.uint8)
    if scheme.position_output is not None:
        centers = find_cells(scheme.to_channels(sample.labeled), scheme).centers / 2
        radii = np.full(len(centers), _MARKER)
        shape = (target.shape[1], target.shape[2])
        pixels = np.rint(centers).astype(np.int64).clip(0, np.subtract(shape, 1))
        target[scheme.position_output] = draw_discs(pixels, radii, shape)
    return replace(sample, image=image, target=target)


def _mean_of_four(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    rows, columns = (side // 2 * 2 for side in planes.shape[-2:])
    even = planes[..., :rows, :columns]
    fours = even.reshape(*even.shape[:-2], rows // 2, 2, columns // 2, 2)
    mean: npt.NDArray[np.float64] = fours.mean(axis=(-3, -1))
    return mean


if __name__ == "__main__":
    typer.run(main)

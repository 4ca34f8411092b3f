"""Real micrographs for the pictures of the documentation, and what people say is on them.

They are of the set Living and Dead Cell (LDC), by C. I. Okerulu (MIT license), in the folder
``data/ldc_livedead`` of the folder that NAPARI_IM_SHARED names.
"""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
import tifffile
from imageio.v3 import imread

from napari_inconsistency_masks.task import LabelScheme, Task

SCHEME = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
LABELED = (
    "ldc_cell_183", "ldc_image1399", "ldc_image_694", "ldc_image_977",
    "ldc_image_512", "ldc_image1466", "ldc_image1374", "ldc_image1379",
)  # fmt: skip
VALIDATION = ("ldc_image1466", "ldc_image1379")
"""Of the labeled ones."""

OTHERS = (
    "ldc_image1316", "ldc_image1394", "ldc_image1303", "ldc_image1481", "ldc_image_518",
    "ldc_cell_326",
)  # fmt: skip
STACK = "time_lapse"
FRAMES = ("ldc_image1308", "ldc_image1370", "ldc_image1384", "ldc_image1401", "ldc_image1411")


def shared() -> Path:
    """The folder of the images."""
    return Path(os.environ.get("NAPARI_IM_SHARED", "../shared"), "data", "ldc_livedead")


def copy_images(folder: Path) -> list[Path]:
    """Put the single images, and a stack of some more, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in (*LABELED, *OTHERS)]
    for path in paths:
        shutil.copyfile(shared() / "images" / path.name, path)
    frames = [imread(shared() / "images" / f"{name}.png")[:219, :220] for name in FRAMES]
    frames = [np.pad(one, [(0, 219 - len(one)), (0, 220 - one.shape[1])], "edge") for one in frames]
    stack = folder / f"{STACK}.tif"
    tifffile.imwrite(stack, np.stack(frames), imagej=True, metadata={"axes": "TYX"})
    return [*paths, stack]


def name_of(file: str, frame: int) -> str:
    """The image of the set that a frame of a file shows."""
    return FRAMES[frame] if file == STACK else file


def truth(file: str, frame: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Masks ``(K, Y, X)``, cut to a shape, and the centers of all cells ``(N, 2)``."""
    name = name_of(file, frame)
    channels = np.zeros((len(SCHEME.classes), *shape), bool)
    for channel, class_name in enumerate(SCHEME.classes):
        mask = imread(shared() / class_name / f"{name}.png") > 0
        mask = mask[: shape[0], : shape[1]]
        channels[channel, : mask.shape[0], : mask.shape[1]] = mask
    with (shared() / "boxes.csv").open(newline="") as lines:
        boxes = [row for row in csv.DictReader(lines) if row["image"] == name]
    sides = [[int(row[key]) for key in ("ymin", "ymax", "xmin", "xmax")] for row in boxes]
    centers = np.array(
        [[(top + bottom) / 2, (left + right) / 2] for top, bottom, left, right in sides]
    )
    inside = (centers < np.array(shape) - 0.5).all(axis=1)
    return channels, centers[inside]


def counts(file: str, frame: int) -> dict[str, int]:
    """How many cells of each state there are."""
    name = name_of(file, frame)
    with (shared() / "boxes.csv").open(newline="") as lines:
        states = [row["state"] for row in csv.DictReader(lines) if row["image"] == name]
    return {state: states.count(state) for state in ("alive", "dead")}

"""Small projects for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

from napari_inconsistency_masks.projects import FrameLabels, Project
from napari_inconsistency_masks.task import LabelScheme, Task

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
IDS = LabelScheme(Task.MULTICLASS, ("cell", "other"))
ONE = LabelScheme(Task.BINARY, ("cell",))
SIZE = (20, 30)


def picture(folder: Path, name: str, seed: int, size: tuple[int, int] = SIZE) -> Path:
    """An image file that no other seed gives."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    Image.fromarray(pixels).save(folder / name)
    return folder / name


def stack(folder: Path, name: str, seed: int, frames: int = 3) -> Path:
    """A time-lapse that no other seed gives."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (frames, *SIZE), dtype=np.uint8)
    tifffile.imwrite(folder / name, pixels, imagej=True, metadata={"axes": "TYX"})
    return folder / name


def spot(row: int, column: int) -> npt.NDArray[np.uint8]:
    """A mask with a square of 4 pixels."""
    mask = np.zeros(SIZE, np.uint8)
    mask[row : row + 4, column : column + 4] = 1
    return mask


def cells(number: int = 1, boxes: tuple[tuple[int, int, int, int], ...] = ()) -> FrameLabels:
    """Labels that are different for each number, so that no two can be taken for each other."""
    random = np.random.default_rng(number)
    positions = random.uniform(0, 19, (number % 4, 2))
    return FrameLabels(
        SIZE,
        {"alive": random.random(SIZE) > 0.5, "dead": random.random(SIZE) > 0.8},
        positions=positions,
        states=("alive", "", "dead")[: len(positions)],
        boxes=boxes,
    )


def same(one: FrameLabels | None, other: FrameLabels | None) -> bool:
    """Whether labels are the same to the last bit."""
    if one is None or other is None:
        return one is other
    return (
        one.size == other.size
        and one.masks.keys() == other.masks.keys()
        and all(np.array_equal(one.masks[k] != 0, other.masks[k] != 0) for k in one.masks)
        and (one.ids is None) == (other.ids is None)
        and (one.ids is None or np.array_equal(one.ids, other.ids))
        and np.array_equal(one.positions, other.positions)
        and one.states == other.states
        and one.boxes == other.boxes
    )


def make_project(root: Path, scheme: LabelScheme = CELLS, images: int = 1) -> Project:
    """A project beside the images ``image-0.png`` and so on."""
    project = Project.create(root / "project", scheme)
    for number in range(images):
        project.add_image(picture(root / "pictures", f"image-{number}.png", number))
    return project


def movie(root: Path) -> Project:
    """A project with a time-lapse of two frames, ``movie``."""
    project = Project.create(root / "project", CELLS)
    project.add_image(stack(root, "movie.tif", 0, frames=2))
    return project

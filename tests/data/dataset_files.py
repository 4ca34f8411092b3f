"""Small folders of images and masks for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image


def noise(seed: int, shape: tuple[int, ...] = (20, 30)) -> npt.NDArray[np.uint8]:
    """An image no other seed gives."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def square(row: int, column: int, shape: tuple[int, int] = (20, 30)) -> npt.NDArray[np.uint8]:
    """A mask of 0 and 255 with a square of 5 pixels."""
    mask = np.zeros(shape, np.uint8)
    mask[row : row + 5, column : column + 5] = 255
    return mask


def save(path: Path, array: npt.NDArray[np.generic]) -> Path:
    """Write a picture, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def make_folder(
    root: Path, names: Iterable[str] = "abcdef", folders: Iterable[str] = ("cells",)
) -> Path:
    """A folder ``images`` and one folder of masks per class, all masks drawn."""
    for number, name in enumerate(names):
        save(root / "images" / f"{name}.png", noise(number))
        for offset, folder in enumerate(folders):
            save(root / folder / f"{name}.png", square(2 + offset, number))
    return root

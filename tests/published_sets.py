"""Tiny folders in the layout of published data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE = (40, 52)
COLORS = np.array(
    [(r, g, b) for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.uint8
)  # of SUIM's classes, in order


def save(path: Path, array: npt.NDArray[np.generic]) -> Path:
    """Write a picture, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def picture(seed: int, bright: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Colored noise that is brighter somewhere."""
    noise = np.random.default_rng(seed).integers(0, 100, (*bright.shape, 3), dtype=np.uint8)
    return noise + np.uint8(120) * bright[..., None]


def lesion(seed: int) -> npt.NDArray[np.bool_]:
    """A disc."""
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    inside: npt.NDArray[np.bool_] = (rows - 20) ** 2 + (columns - 15 - seed % 20) ** 2 < 120
    return inside


def make_isic2018(root: Path) -> Path:
    """Six images for training, two for validation and two for test."""
    for part, count in {"Training": 6, "Validation": 2, "Test": 2}.items():
        for number in range(count):
            stem = f"ISIC_{len(part)}{number:06d}"
            mask = lesion(number)
            images, masks = f"ISIC2018_Task1-2_{part}_Input", f"ISIC2018_Task1_{part}_GroundTruth"
            save(root / images / f"{stem}.jpg", picture(100 * len(part) + number, mask))
            save(root / masks / f"{stem}_segmentation.png", mask * np.uint8(255))
    return root


def make_suim(root: Path, images: int = 11) -> Path:
    """Images for training and validation, and two for test, all with the classes 0 and 5."""
    for part, letter, count in (("train_val", "d", images), ("TEST", "w", 2)):
        for number in range(count):
            name, mask = f"{letter}_r_{number}_", lesion(number)
            save(root / part / "images" / f"{name}.jpg", picture(100 * len(part) + number, mask))
            save(root / part / "masks" / f"{name}.bmp", COLORS[mask * 5])
    return root

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import threshold_otsu
from synthetic_checks import EIGHT

from napari_inconsistency_masks.data.synthetic import SyntheticImage, make_image


@pytest.fixture(scope="module")
def pictures() -> list[SyntheticImage]:
    return [make_image((3, number)) for number in range(30)]


def segment_by_threshold(image: np.ndarray) -> np.ndarray:
    """Brightness of each object of a sensible size that Otsu finds in the local contrast."""
    gray = image / np.median(image)
    contrast = ndimage.gaussian_filter(np.abs(gray - ndimage.gaussian_filter(gray, 20)), 2)
    mask = ndimage.binary_fill_holes(contrast > threshold_otsu(contrast))
    labels, count = ndimage.label(mask, EIGHT)
    numbers = np.arange(1, count + 1)
    sensible = ndimage.sum_labels(mask, labels, numbers) > 100
    return np.asarray(ndimage.mean(gray, labels, numbers))[sensible]


def test_a_threshold_does_not_count_the_cells(pictures: list[SyntheticImage]) -> None:
    """Not even if the brightness below which objects are called dead is chosen in hindsight."""
    found = [segment_by_threshold(picture.image) for picture in pictures]
    truth = [(p.states.count("alive"), p.states.count("dead")) for p in pictures]

    def error(threshold: float) -> float:
        return float(
            np.mean(
                [
                    abs(np.sum(bright >= threshold) - alive)
                    + abs(np.sum(bright < threshold) - dead)
                    for bright, (alive, dead) in zip(found, truth, strict=True)
                ]
            )
        )

    assert min(error(threshold) for threshold in np.linspace(0, 1.5, 151)) > 3


def test_brightness_does_not_tell_the_dead(pictures: list[SyntheticImage]) -> None:
    """Even at the true positions, no threshold on brightness separates dead from living."""
    brightness, dead = [], []
    for picture in pictures:
        relative = picture.image / np.median(picture.image)
        rows, columns = np.ogrid[: relative.shape[0], : relative.shape[1]]
        for (row, column), state in zip(picture.positions, picture.states, strict=True):
            near = (rows - row) ** 2 + (columns - column) ** 2 <= 7**2
            brightness.append(relative[near].mean())
            dead.append(state == "dead")
    values, truth = np.array(brightness), np.array(dead)
    right = [np.mean([np.mean(values[truth] < t), np.mean(values[~truth] >= t)]) for t in values]
    assert max(right) < 0.75  # 0.5 is guessing, 1 is perfect

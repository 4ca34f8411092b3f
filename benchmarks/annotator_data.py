"""What the simulated annotator and its networks see of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_inconsistency_masks.cells import draw_discs, find_cells
from napari_inconsistency_masks.config import AugmentConfig, TrainConfig
from napari_inconsistency_masks.data.folder import load_folder
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.data.sources import Subset
from napari_inconsistency_masks.task import LabelScheme

_HALF = AugmentConfig(blur=1, noise=12)
"""For cells half as large: what hides as much of them."""

_MARKER = 3
"""Radius in pixels of the markers in images of half the size."""


@dataclass(frozen=True)
class Course:
    """How a data set is read for a seed.

    Attributes
    ----------
    labeled, pool
        Images to begin with, drawn anew for each seed, and to correct in.
    half
        Whether images are halved in height and width: the networks then learn from four times as
        many cells in the same time.
    """

    folder: Path
    classes: Sequence[str]
    position: str | None
    labeled: int
    pool: int
    half: bool

    def read(self, seed: int, split: str) -> SegmentationData:
        """The hidden images are the pool; `split` is ``test`` or ``validation``."""
        data = load_folder(
            self.folder,
            classes=self.classes,
            position=self.position,
            labeled=self.labeled,
            seed=seed,
        )
        every = max(1, len(data.hidden) // self.pool)  # names in order are of one session
        pool = Subset(data.hidden, range(0, len(data.hidden), every)[: self.pool])
        read: dict[str, Any] = {
            "labeled": data.labeled,
            "hidden": pool,
            split: getattr(data, split),
        }
        for name, samples in read.items():
            read[name] = [_halved(s, data.scheme) if self.half else s for s in samples]
        return replace(data, **read)

    def adapt(self, config: TrainConfig) -> TrainConfig:
        """The settings for these images."""
        return replace(config, augmentation=_HALF) if self.half else config


def _halved(sample: Sample, scheme: LabelScheme) -> Sample:
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

"""What the simulated annotator and its networks see of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from half_size import halved
from napari_inconsistency_masks.config import AugmentConfig, TrainConfig
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.data.sources import Subset

_HALF = AugmentConfig(blur=1, noise=12)
"""For cells half as large: what hides as much of them."""


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
            read[name] = [halved(s, data.scheme) if self.half else s for s in samples]
        return replace(data, **read)

    def adapt(self, config: TrainConfig) -> TrainConfig:
        """The settings for these images."""
        return replace(config, augmentation=_HALF) if self.half else config

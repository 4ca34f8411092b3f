"""What a training sees of unlabeled images, when its method learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from ..config import TrainConfig
from ..data.batches.batches import PreparedBatches, WithUnlabeled
from ..data.batches.loader import Loader, Part
from ..data.batches.views import ONLY_MOVED, UnlabeledImages
from ..data.sample import SegmentationData
from ..methods.base import Method


def weakly_changed(parts: Sequence[Part], method: Method, config: TrainConfig) -> list[Part]:
    """Flip and turn labeled images, as unlabeled ones are, if nothing else is said of them."""
    if method.views is None or config.augment != "recipe":
        return list(parts)
    return [part if part.strength else replace(part, strength=ONLY_MOVED) for part in parts]


def with_unlabeled(
    loader: Loader,
    method: Method,
    data: SegmentationData,
    config: TrainConfig,
    *,
    generation: int,
    device: torch.device,
) -> PreparedBatches:
    """Add what the method wants to see: as many unlabeled images per step as a batch has."""
    if method.views is None:
        return loader
    images = UnlabeledImages(
        data.unlabeled,
        method.views,
        config.batch,
        loader.shape,
        seed=config.seed,
        generation=generation,
        free_rotation=data.free_rotation,
        device=device,
    )
    return WithUnlabeled(loader, images)

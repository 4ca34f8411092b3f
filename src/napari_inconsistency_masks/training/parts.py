"""Which samples a generation trains on, and how they are augmented."""

from __future__ import annotations

from ..config import TrainConfig
from ..data.loader import Part
from ..data.sample import SegmentationData, Source
from ..data.sources import Joined

PAPER_COPIES = 9
"""Changed copies per labeled image in the paper's augmented recipes."""


def training_parts(
    data: SegmentationData,
    config: TrainConfig,
    *,
    full: bool,
    augmented: bool,
    pseudo: Source = (),
) -> list[Part]:
    """Return what to train on.

    Parameters
    ----------
    data
        The lists of samples; ``test`` is never read.
    config
        Augmentation and share of real labels.
    full
        Whether the hidden labels of the unlabeled images are used as well.
    augmented
        Whether the recipe augments the labeled images.
    pseudo
        Pseudo-labeled samples.
    """
    labeled = data.labeled
    if full:
        labeled = Joined([data.labeled, data.hidden])
    how = config.augment
    if how == "recipe":
        how = "copies" if augmented else "never"
    strength = None if how == "never" else config.augmentation
    copies = PAPER_COPIES if how == "copies" else 0
    share = config.labeled_share if len(pseudo) else None
    parts = [Part(labeled, strength, copies, share=share)]
    if len(pseudo):
        parts.append(Part(pseudo, strength if how == "always" else None))
    return parts

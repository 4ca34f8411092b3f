"""Which samples a generation trains on, and how they are augmented."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..config import AugmentConfig, TrainConfig
from ..data.batches.loader import Part
from ..data.sample import SegmentationData, Source
from ..data.sources import Joined, Subset

PAPER_COPIES = 9
"""Changed copies per labeled image in the paper's augmented recipes."""


@dataclass(frozen=True)
class Taught:
    """Pseudo-labeled samples of a generation.

    Attributes
    ----------
    samples
        With targets.
    strength
        How strongly the schedule has them changed, None where it does not.
    times
        How many changed copies each sample has.
    originals
        Whether the unchanged images are trained on as well.
    """

    samples: Source
    strength: AugmentConfig | None
    times: Sequence[int]
    originals: bool


def training_parts(
    data: SegmentationData,
    config: TrainConfig,
    *,
    full: bool,
    augmented: bool,
    pseudo: Taught | None = None,
    corrected: Collection[int] = (),
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
        Pseudo-labeled samples, in generations that have them.
    corrected
        Which of the labeled samples are corrections, that count more.
    """
    rest = Subset(data.labeled, [i for i in range(len(data.labeled)) if i not in corrected])
    if full:
        rest = Joined([rest, data.hidden])
    how = config.augment
    if how == "recipe":
        how = "copies" if augmented else "never"
    strength = None if how == "never" else config.augmentation
    copies = PAPER_COPIES if how == "copies" else 0
    taught = pseudo is not None and len(pseudo.samples) > 0
    parts = [Part(rest, strength, copies, share=config.labeled_share if taught else None)]
    if len(corrected):
        parts = _weighted(rest, Subset(data.labeled, sorted(corrected)), parts[0], config)
    if pseudo is not None and taught:
        parts.append(_pseudo_part(pseudo, config))
    return parts


def _pseudo_part(pseudo: Taught, config: TrainConfig) -> Part:
    """Fixed changed copies, as in the paper; or, changed anew each time, as often as these."""
    often = [copies + pseudo.originals for copies in pseudo.times]
    if config.augment == "always":
        return Part(pseudo.samples, pseudo.strength or config.augmentation, times=often)
    if config.augment == "never" or pseudo.strength is None:
        return Part(pseudo.samples, times=often)
    return Part(
        pseudo.samples,
        pseudo.strength,
        copies=1,
        originals=pseudo.originals,
        times=pseudo.times,
        lasting=False,
    )


def _weighted(rest: Source, corrected: Source, like: Part, config: TrainConfig) -> list[Part]:
    """The labeled samples in two parts: corrections have their share, or more if they are many."""
    part = replace(like, samples=corrected, around_known=True)
    if not len(rest):
        return [part]
    share = max(config.correction_share or 0.0, len(corrected) / (len(rest) + len(corrected)))
    real = 1.0 if like.share is None else like.share
    others = None if like.share is None else real * (1 - share)
    return [replace(like, samples=rest, share=others), replace(part, share=real * share)]

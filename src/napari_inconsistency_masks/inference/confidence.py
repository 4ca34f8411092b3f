"""How much of images networks are sure of together: what self-training has to go on."""

from __future__ import annotations

import numpy as np

from ..data.sample import Source
from ..data.sources import Subset
from ..nets.ensemble import Ensemble
from ..task import LabelScheme
from .predict import predict_samples

CONFIDENT = 0.95
"""Probability from which a pixel counts as sure: the threshold of FixMatch."""

LOOKED_AT = 16
"""Images at the most; more would take long and say little else."""


def confident_foreground(
    ensemble: Ensemble, images: Source, scheme: LabelScheme
) -> dict[str, float] | None:
    """Share of the area in which networks are sure of each class.

    Parameters
    ----------
    ensemble
        Their mean probability counts; set to evaluation mode.
    images
        Of which `LOOKED_AT`, spread evenly over the list, are predicted.
    scheme
        What the outputs mean.

    Returns
    -------
    dict of str to float, or None
        By class, 0 to 1, the mean of the images' shares; None without images.
    """
    if not len(images):
        return None
    chosen = np.unique(np.linspace(0, len(images) - 1, LOOKED_AT).round().astype(int))
    shares = []
    for _, logits in predict_samples(ensemble, Subset(images, chosen.tolist())):
        mean = scheme.probability(logits).mean(0)  # (K, Y, X)
        sure = (mean >= CONFIDENT).double().mean((-2, -1))  # (K,)
        shares.append(sure[-len(scheme.classes) :].tolist())  # without that of blanked pixels
    means = np.mean(shares, axis=0).tolist()
    return dict(zip(scheme.classes, means, strict=True))

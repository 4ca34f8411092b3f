"""Checks on the validation images that tell how far they are."""

from __future__ import annotations

import time
from collections.abc import Generator

from ..data.sample import Source
from ..inference.evaluate import Check, CheckSums, predicted
from ..nets.ensemble import Ensemble
from .events import Checking

TOLD_EVERY = 0.5
"""Seconds; of a check that is over by then nothing is told."""


def told_check(
    ensemble: Ensemble,
    samples: Source,
    sums: CheckSums,
    generation: int,
) -> Generator[Checking, None, Check]:
    """Add up the scores of networks of a generation.

    Between two events nothing is changed, so who asks for no further one may stop.
    """
    told = time.monotonic()
    for done, (sample, logits) in enumerate(predicted(ensemble, samples), start=1):
        sums.add(sample, logits)
        if time.monotonic() - told > TOLD_EVERY:
            yield Checking(generation, done, len(samples))
            told = time.monotonic()
    return sums.check()

"""Checks on the validation images that tell how far they are."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

from ..cells import USUAL_RULE
from ..data.sample import Source
from ..inference.evaluate import Check, CheckSums, predicted
from ..losses import Loss
from ..nets.ensemble import Ensemble
from ..task import CountRule, LabelScheme
from .events import Checking

TOLD_EVERY = 0.5
"""Seconds; of a check that is over by then nothing is told."""


def told_check(
    ensemble: Ensemble,
    samples: Source,
    scheme: LabelScheme,
    loss: Loss,
    generation: int,
    rules: Sequence[CountRule] = (USUAL_RULE,),
) -> Generator[Checking, None, Check]:
    """Score networks of a generation as `inference.evaluate.check` does.

    Between two events nothing is changed, so who asks for no further one may stop.
    """
    sums, told = CheckSums(len(ensemble), scheme, loss, rules=rules), time.monotonic()
    for done, (sample, logits) in enumerate(predicted(ensemble, samples), start=1):
        sums.add(sample, logits)
        if time.monotonic() - told > TOLD_EVERY:
            yield Checking(generation, done, len(samples))
            told = time.monotonic()
    return sums.check()

"""Which predicted marks count as cells: the rule by which least counts are wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..task import LabelScheme, MarkRule
from .evaluation import Evaluation
from .scores import Scores


class RuleChoice:
    """Scores probabilities of labeled images by several rules, of which one is then chosen.

    Parameters
    ----------
    scheme
        What the outputs mean.
    rules
        The one that is taken of several that count as well comes first. Without positions, and
        `as_in_paper`, all are the same.
    as_in_paper
        As in `Evaluation`.
    """

    def __init__(
        self, scheme: LabelScheme, rules: Sequence[MarkRule], *, as_in_paper: bool = False
    ) -> None:
        rules = rules[:1] if scheme.position is None or as_in_paper else rules
        sizes: dict[float, list[int | None]] = {}
        for rule in rules:
            sizes.setdefault(rule.threshold, []).append(rule.smallest)
        self._by_threshold = [
            (
                scheme.with_marks(MarkRule(threshold, None)),
                Evaluation(scheme, smallest_marks=marks, as_in_paper=as_in_paper),
            )
            for threshold, marks in sizes.items()
        ]

    def add(
        self,
        name: str,
        probability: npt.NDArray[np.float32],
        true: npt.NDArray[np.uint8],
        known: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Score one image: probabilities ``(K, Y, X)``; for all else see `Evaluation.add`."""
        for scheme, evaluation in self._by_threshold:
            evaluation.add(name, scheme.harden(probability), true, known)

    def best(self) -> tuple[MarkRule, Scores]:
        """The rule by which least counts are wrong, and the scores by it."""
        scores = {
            MarkRule(scheme.mark_threshold, smallest): found
            for scheme, evaluation in self._by_threshold
            for smallest, found in evaluation.scores_by_mark().items()
        }
        rule = min(scores, key=lambda rule: scores[rule].mcce or 0.0)
        return rule, scores[rule]

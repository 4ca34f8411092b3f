"""Which predicted marks or objects are counted: the rule by which least counts are wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..count_rule import CountRule
from ..task import LabelScheme
from .count_sums import CountSums
from .evaluation import Evaluation
from .scores import Scores


class RuleChoice:
    """Scores probabilities of labeled images by several rules, of which one is then chosen.

    Parameters
    ----------
    scheme
        What the outputs mean.
    rules
        The one that is taken of several that count as well comes first. Without positions, each
        class gets the one that is best for it. `as_in_paper`, all are the same.
    as_in_paper
        As in `Evaluation`.
    """

    def __init__(
        self, scheme: LabelScheme, rules: Sequence[CountRule], *, as_in_paper: bool = False
    ) -> None:
        self._scheme, self._rules = scheme, rules[:1] if as_in_paper else rules
        self._by_threshold = [
            (
                scheme.counting_by(CountRule(threshold)),
                Evaluation(
                    scheme,
                    rules=[rule for rule in self._rules if rule.mark_threshold == threshold],
                    as_in_paper=as_in_paper,
                ),
            )
            for threshold in dict.fromkeys(rule.mark_threshold for rule in self._rules)
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

    def best(self) -> tuple[CountRule, Scores]:
        """The rule by which least counts are wrong, and the scores by it."""
        if len(self._rules) > 1 and self._scheme.position is None:
            return self._best_of_objects()
        every = {
            rule: (evaluation, sums)
            for _, evaluation in self._by_threshold
            for rule, sums in evaluation.sums.items()
        }
        rule = min(every, key=lambda rule: sum(every[rule][1].wrong))
        evaluation, sums = every[rule]
        return rule, evaluation.scores_with(sums)

    def _best_of_objects(self) -> tuple[CountRule, Scores]:
        """The same, class by class."""
        ((_, evaluation),) = self._by_threshold
        rules: list[CountRule] = []
        chosen: dict[str, CountSums] = {}
        for name in self._scheme.classes:
            rule = min(evaluation.sums, key=lambda rule: evaluation.sums[rule].wrong_of(name))
            rules.append(rule)
            chosen[name] = evaluation.sums[rule]
        sizes = tuple(rule.smallest_objects[place] for place, rule in enumerate(rules))
        waists = tuple(rule.waists[place] if rule.waists else 0 for place, rule in enumerate(rules))
        return (
            CountRule(smallest_objects=sizes, waists=waists if any(waists) else ()),
            evaluation.scores_with(chosen[name].with_states_of(chosen)),
        )

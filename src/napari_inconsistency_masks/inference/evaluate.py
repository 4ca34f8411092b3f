"""Scores of networks on labeled images: of each member, and of the ensemble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ..arguments import checked
from ..cells import USUAL_RULE
from ..count_rule import CountRule
from ..data.batches.tensors import tensor_of
from ..data.sample import Sample, Source
from ..errors import InputError
from ..inconsistency import Prediction, find_consensus
from ..losses import Loss
from ..metrics.evaluation import Evaluation
from ..metrics.rule_choice import RuleChoice
from ..metrics.scores import Scores
from ..nets.ensemble import Ensemble
from ..task import LabelScheme
from .behavior import Behavior, Watch
from .predict import predict_samples
from .trained import TrainedEnsemble


@dataclass(frozen=True)
class Check:
    """How the members do on the validation images.

    Attributes
    ----------
    loss
        Mean loss per member; NaN or infinite for one that says what is no number.
    score
        Per member, what picks its best epoch (higher is better): see
        `LabelScheme.epoch_criterion`; where no class is in the labels, the negative loss.
    members, ensemble
        Scores of each member, and of their mean probability.
    best_rule
        By which the ensemble counts best, and is scored.
    inconsistent
        Share of the area on which members disagree.
    found
        Share of the area that the ensemble takes for any class.
    behavior
        What the members do, whatever the truth.
    """

    loss: tuple[float, ...]
    score: tuple[float, ...]
    members: tuple[Scores, ...]
    ensemble: Scores
    inconsistent: float
    found: float
    behavior: Behavior
    best_rule: CountRule

    @property
    def count_error(self) -> tuple[float, ...] | None:
        """Wrong counts per image of each member."""
        errors = [scores.count_error for scores in self.members]
        return None if None in errors else tuple(e for e in errors if e is not None)

    def quality(self, member: int) -> tuple[float, float, float]:
        """Return what ranks networks, higher is better: count error first, then IoU, then score.

        The reference ranks some networks by these scores on the *test* images; here they are
        always of the images that `check` was given.
        """
        scores = self.members[member]
        return (-(scores.mcce or 0.0), scores.mean_iou or 0.0, self.score[member])

    @property
    def mean_iou(self) -> tuple[float, ...]:
        """Mean IoU per member; 0 where there is nothing to compare."""
        return tuple(scores.mean_iou or 0.0 for scores in self.members)


def check(
    ensemble: Ensemble,
    samples: Source,
    scheme: LabelScheme,
    loss: Loss,
    *,
    as_in_paper: bool = False,
) -> Check:
    """Score the members of an ensemble, and the ensemble, on labeled samples.

    Parameters
    ----------
    ensemble
        Set to evaluation mode.
    samples
        With targets, at least one.
    scheme, loss
        What the outputs mean, and what is minimized in training.
    as_in_paper
        As in `Evaluation`.
    """
    sums = CheckSums(len(ensemble), scheme, loss, as_in_paper=as_in_paper)
    for sample, logits in predicted(ensemble, samples):
        sums.add(sample, logits)
    return sums.check()


@checked
def evaluate(ensemble: TrainedEnsemble, samples: Source) -> Scores:
    """Score a trained ensemble (the mean probability of its members) on labeled samples.

    Parameters
    ----------
    ensemble
        From `load`.
    samples
        With targets. Samples do not know what their labels mean nor how their gray values were
        scaled: read them with the classes, in the same order, of ``ensemble.card.scheme`` and with
        ``ensemble.card.intensity``.

    Raises
    ------
    InputError
        If there are no samples, one has no target, or its channels or labels do not fit the
        networks.
    """
    if not len(samples):
        raise InputError("There are no samples to score; give some, as data.test or data.labeled.")
    scheme = ensemble.card.scheme
    evaluation = Evaluation(scheme, rules=(scheme.rule,))
    for sample, logits in predicted(ensemble.networks, samples):
        probability = Prediction(scheme.probability(logits).numpy(), scheme).mean()
        evaluation.add(sample.name, scheme.harden(probability), sample.labeled, sample.known)
    return evaluation.scores()


class CheckSums:
    """What a check adds up over samples.

    Parameters
    ----------
    members
        Number of networks.
    scheme, loss, as_in_paper
        As for `check`.
    usual
        By which marks or objects are counted.
    rules
        Of which the ensemble takes the one by which it counts best; none for the usual one.
    """

    def __init__(
        self,
        members: int,
        scheme: LabelScheme,
        loss: Loss,
        *,
        as_in_paper: bool = False,
        usual: CountRule = USUAL_RULE,
        rules: Sequence[CountRule] = (),
    ) -> None:
        self._scheme, self._loss = scheme, loss
        self._members = [
            Evaluation(scheme, rules=(usual,), as_in_paper=as_in_paper) for _ in range(members)
        ]
        self._together = RuleChoice(scheme, rules or (usual,), as_in_paper=as_in_paper)
        self._losses: list[npt.NDArray[np.float64]] = []  # (E,) each
        self._soft_iou: list[npt.NDArray[np.float64]] = []  # (E,) each
        self._inconsistent: list[float] = []
        self._found: list[float] = []
        self._watch = Watch()

    def add(self, sample: Sample, logits: Tensor) -> None:
        """A sample, with its logits ``(E, K, Y, X)``."""
        scheme = self._scheme
        self._losses.append(_loss(self._loss, logits, sample))
        prediction = Prediction(scheme.probability(logits.nan_to_num()).numpy(), scheme)
        for evaluation, hard in zip(self._members, prediction.hard(), strict=True):
            evaluation.add(sample.name, hard, sample.labeled, sample.known)
        mean = prediction.mean()
        self._together.add(sample.name, mean, sample.labeled, sample.known)
        consensus = find_consensus(prediction)
        self._inconsistent.append(consensus.area)
        self._watch.add(consensus, _truth(sample, scheme))
        self._found.append(_found(scheme.harden(mean), scheme))
        if scheme.epoch_criterion == "soft_iou":
            self._soft_iou.append(_soft_iou(prediction, sample))

    def check(self) -> Check:
        """Of all samples."""
        mean_loss = np.mean(self._losses, axis=0)  # (E,)
        scores = tuple(evaluation.scores() for evaluation in self._members)
        behavior, scheme = self._watch.behavior(), self._scheme
        best_rule, together = self._together.best()
        shown = any(behavior.labeled[-len(scheme.classes) :])
        if scheme.epoch_criterion == "loss" or not shown:
            score = -mean_loss
        elif scheme.epoch_criterion == "soft_iou":
            score = np.mean(self._soft_iou, axis=0)
        else:
            score = np.array([each.mean_iou or 0.0 for each in scores])
        return Check(
            loss=tuple(mean_loss.tolist()),
            score=tuple(score.tolist()),
            members=scores,
            ensemble=together,
            inconsistent=float(np.mean(self._inconsistent)),
            found=float(np.mean(self._found)),
            behavior=behavior,
            best_rule=best_rule,
        )


def predicted(ensemble: Ensemble, samples: Source) -> Iterator[tuple[Sample, Tensor]]:
    """Each sample with its logits ``(E, K, Y, X)``."""
    for index, logits in predict_samples(ensemble, samples):
        yield samples[index], logits


def _loss(loss: Loss, logits: Tensor, sample: Sample) -> npt.NDArray[np.float64]:
    """Loss of one image per member, ``(E,)``."""
    target = tensor_of(sample.labeled).expand(len(logits), 1, *sample.labeled.shape)
    known = None
    if sample.known is not None:
        known = tensor_of(sample.known.reshape(-1, *sample.known.shape[-2:]))
        known = known.expand(len(logits), 1, *known.shape)  # (E, 1, 1 or K, Y, X)
    value: npt.NDArray[np.float64] = loss(logits[:, None], target, known).double().numpy()
    return value


def _soft_iou(prediction: Prediction, sample: Sample) -> npt.NDArray[np.float64]:
    """IoU of the probabilities per member ``(E,)``, mean over all K outputs.

    As the reference's, absent classes score 0; it takes batches where this takes images. What is
    not known is left out.
    """
    p = prediction.probability  # (E, K, Y, X)
    y = prediction.scheme.to_channels(sample.labeled)  # (K, Y, X)
    if sample.known is not None:
        p, y = p * sample.known, y * sample.known
    both = (p * y).sum((-2, -1))  # (E, K)
    either = p.sum((-2, -1)) + y.sum((-2, -1)) - both  # (E, K)
    iou: npt.NDArray[np.float64] = (both / np.maximum(either, 1e-7)).mean(1, dtype=np.float64)
    return iou


def _truth(sample: Sample, scheme: LabelScheme) -> npt.NDArray[np.bool_]:
    """The labels ``(K, Y, X)``, False where they do not count."""
    channels = scheme.to_channels(sample.labeled)
    return channels if sample.known is None else channels & sample.known


def _found(channels: npt.NDArray[np.bool_], scheme: LabelScheme) -> float:
    """Share of the area that has any class."""
    return float(channels[-len(scheme.classes) :].any(0).mean())

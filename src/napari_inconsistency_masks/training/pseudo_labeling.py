"""The step between two generations: teachers and perhaps a judge label the unlabeled images."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..data.batches.tensors import tensor_of
from ..data.batches.transforms import Change, move, move_back, recolor
from ..data.prints import image_print
from ..data.pseudo import PseudoLabel, PseudoLabeled, read_pseudo_label, write_pseudo_label
from ..data.sample import Sample
from ..inconsistency import Prediction
from ..inference.predict import predict_samples
from .events import Event, Labeling, Warned
from .judges.base import Judge
from .parts import Taught
from .records import PseudoLabelRecord
from .results import GenerationRecord
from .setup import Setup

VIEWS = 3
"""Marks the random numbers of views."""

ALONE = (
    "There is one teacher, and one network disagrees with nothing: the mask stays empty, and all "
    "its errors are taught. Train two networks or more, and let two of them teach."
)


@dataclass(frozen=True)
class PseudoLabeling:
    """Labels the unlabeled images for one generation.

    Attributes
    ----------
    setup
        The run.
    generation
        The one that will learn from the labels.
    before
        The one whose networks are the teachers.
    judge
        Scores labels, in recipes that have one.
    """

    setup: Setup
    generation: int
    before: GenerationRecord
    judge: Judge | None

    def run(self) -> Generator[Event, None, Taught]:
        """Label what is not labeled yet, and return what the generation learns from."""
        setup, total = self.setup, len(self.setup.data.unlabeled)
        records = setup.records.load_pseudo_labels(self.generation)
        time_left = setup.budget.phase(
            f"labels {self.generation}", 3 * (setup.last + 1 - self.generation)
        )
        if setup.labeler.compares and len(self._teachers) < 2 and not records:
            yield Warned(ALONE)
        area = sum(record.inconsistent for record in records.values())
        kept = sum(record.kept for record in records.values())
        complete = len(records) == total or (bool(records) and time_left.over)
        for record in () if complete else self._label(frozenset(records)):
            records[record.index] = record
            area, kept = area + record.inconsistent, kept + record.kept
            if len(records) == total:
                kept = len(self._chosen(records))
            try:  # first, so that none is noted that was not told
                yield Labeling(self.generation, len(records), total, kept, area / len(records))
            finally:
                setup.records.add_pseudo_label(self.generation, record)
            if time_left.over:
                break
        if len(records) < total:
            yield Warned(
                f"There was time to label {len(records)} of the {total} unlabeled images; they are "
                f"a random choice."
            )
        chosen = self._chosen(records)
        yield from self._warn_of_left_out(len(chosen), len(records))
        return self._taught(chosen)

    @property
    def _teachers(self) -> tuple[int, ...]:
        return self.setup.labeler.teachers(self.before.ranking, self.setup.config.teachers)

    def _warn_of_left_out(self, taught: int, labeled: int) -> Iterator[Warned]:
        """Say when most images teach nothing, unless a recipe chooses the better half."""
        if taught == 0 and labeled:
            yield Warned(
                f"Generation {self.generation} learns from the labels alone: the pseudo-labels of "
                f"all {labeled} unlabeled images are left out as too uncertain."
            )
        elif taught < labeled / 2 and not self.setup.labeler.chooses:
            yield Warned(
                f"Generation {self.generation} learns from {taught} of {labeled} unlabeled images: "
                f"the pseudo-labels of the others are left out as too uncertain."
            )

    def labeled_before(self) -> Taught:
        """What the generation learns from, when all images were labeled before."""
        return self._taught(self._chosen(self.setup.records.load_pseudo_labels(self.generation)))

    def _order(self) -> list[int]:
        """The unlabeled images in the order of labeling; random if not all may be reached."""
        order = np.arange(len(self.setup.data.unlabeled))
        if self.setup.budget.limited:
            np.random.default_rng(self.setup.config.seed).shuffle(order)
        indices: list[int] = order.tolist()
        return indices

    def _label(self, done: Container[int]) -> Iterator[PseudoLabelRecord]:
        setup = self.setup
        earlier = self._earlier()
        for index, prediction in self._predictions(done):
            image = setup.data.unlabeled[index]
            labels = setup.labeler.candidates(prediction)
            scores = [self._score(index, image, label) for label in labels]
            best = int(np.argmax([score or 0.0 for score in scores]))
            label, score = labels[best], scores[best]
            if earlier.get(index, 0.0) > (score or 0.0):
                path = setup.records.pseudo_label_path(self.before.generation, index)
                label, score = read_pseudo_label(path, setup.data.scheme), earlier[index]
            if label.keep:
                path = setup.records.pseudo_label_path(self.generation, index)
                write_pseudo_label(path, label, setup.data.scheme)
            area = float(label.anywhere.mean())
            yield PseudoLabelRecord(index, image.name, label.keep, area, score, image_print(image))

    def _score(self, index: int, image: Sample, label: PseudoLabel) -> float | None:
        return None if self.judge is None else self.judge.score(index, image, label)

    def _predictions(self, done: Container[int]) -> Iterator[tuple[int, Prediction]]:
        """Each image but those done, with what the teachers say about its views, moved back.

        Images are predicted together with the same others, however many are done already.
        """
        setup, scheme = self.setup, self.setup.data.scheme
        teachers = setup.load(self.before, self._teachers)
        views = _Views(setup, self.generation, self._order())
        skip = {place for place, (index, _, _) in enumerate(views.shown) if index in done}
        answers: dict[int, dict[int, torch.Tensor]] = {}
        for place, logits in predict_samples(teachers, views, skip=skip):
            index, number, change = views.shown[place]
            seen = answers.setdefault(index, {})
            seen[number] = move_back(scheme.probability(logits), change)  # (E, K, Y, X)
            if len(seen) == views.each:
                every = torch.cat([seen[number] for number in sorted(seen)])  # (V E, K, Y, X)
                yield index, Prediction(every.contiguous().numpy(), scheme)
                del answers[index]

    def _earlier(self) -> dict[int, float]:
        """The scores of what was chosen for the generation before, by image."""
        if not self.setup.labeler.chooses or self.before.generation == 0:
            return {}
        records = self.setup.records.load_pseudo_labels(self.before.generation)
        return {record.index: record.score or 0.0 for record in self._chosen(records)}

    def _chosen(self, records: dict[int, PseudoLabelRecord]) -> list[PseudoLabelRecord]:
        """The images to train on, by index."""
        kept = [record for _, record in sorted(records.items()) if record.kept]
        if not self.setup.labeler.chooses:
            return kept
        found = [record for record in kept if record.score]  # 0: no class is detected
        low = self.setup.config.pseudo_labels.score_low
        least, _ = score_range([record.score for record in found], low, None, (0.5, 1.0))
        return [record for record in found if (record.score or 0.0) >= least]

    def _taught(self, chosen: Sequence[PseudoLabelRecord]) -> Taught:
        setup = self.setup
        config, data, schedule = setup.config, setup.data, setup.schedule
        paths = [setup.records.pseudo_label_path(self.generation, r.index) for r in chosen]
        files = [(record.index, path) for record, path in zip(chosen, paths, strict=True)]
        scores = [record.score for record in chosen]
        masks = config.pseudo_labels
        low, high = score_range(scores, masks.score_low, masks.score_high, (0.2, 0.8))
        return Taught(
            samples=PseudoLabeled(data.unlabeled, files, data.scheme, masks),
            strength=schedule.strength(config.augmentation, self.generation, config.generations),
            times=schedule.copies(scores, low, high),
            originals=schedule.originals,
        )


def score_range(
    scores: Sequence[float | None],
    low: float | None,
    high: float | None,
    shares: tuple[float, float],
) -> tuple[float, float]:
    """What counts as a low and a high score.

    The reference has a pair of numbers per data set, about what networks reach that learned from
    few and from all labels; with new data nobody knows them.

    Parameters
    ----------
    scores
        Of all images.
    low, high
        As a person chose them, or None.
    shares
        Shares of the scores below which those lie that nobody chose.
    """
    known = [score for score in scores if score is not None] or [0.0]
    found = np.quantile(known, shares)
    return float(found[0] if low is None else low), float(found[1] if high is None else high)


class _Views:
    """The versions of unlabeled images that teachers see, one after the other."""

    def __init__(self, setup: Setup, generation: int, indices: Sequence[int]) -> None:
        self._unlabeled = setup.data.unlabeled
        self.shown: list[tuple[int, int, Change]] = []
        self.each = 1
        for index in indices:
            rng = np.random.default_rng((setup.config.seed, generation, index, VIEWS))
            views = setup.labeler.views(rng, free_rotation=setup.data.free_rotation)
            self.shown += [(index, number, change) for number, change in enumerate(views)]
            self.each = len(views)

    def __len__(self) -> int:
        return len(self.shown)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> Sample:
        index, _, change = self.shown[place]
        sample = self._unlabeled[index]
        if change == Change():
            return sample
        moved = move(tensor_of(sample.image), change)[None].contiguous()
        return replace(sample, image=recolor(moved, [change])[0].numpy())

"""What a recipe is: the three choices that make an approach of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """One approach.

    Attributes
    ----------
    key
        Its name in commands, files and tables.
    title
        Its name in the paper.
    sentence
        What it is and when to use it.
    data
        Which training images come with their labels: the labeled ones, or all (for comparison).
    augmented
        Whether the labeled images are augmented.
    method
        How a step learns: a key of `methods.METHODS`. With pseudo-labels, students learn as
        `TrainConfig.students` says.
    unlabeled
        Whether that method learns from unlabeled images as well.
    pseudo_labels
        How unlabeled images get labels: a key of `pseudolabels.PSEUDO_LABELERS`, or None.
    schedule
        What grows from generation to generation: a key of `schedule.SCHEDULES`.
    judge
        What scores pseudo-labels: a key of `judges.JUDGES`, or None.
    labeled_by
        How unlabeled images get labels, in words that follow "unlabeled images, labeled".
    hidden_labels
        Whether it looks at the labels of the unlabeled images other than to train on them: an upper
        bound, for comparison.
    """

    key: str
    title: str
    sentence: str
    data: Literal["labeled", "full"] = "labeled"
    augmented: bool = False
    method: str = "supervised"
    unlabeled: bool = False
    pseudo_labels: str | None = None
    schedule: str = "constant"
    judge: str | None = None
    labeled_by: str = ""
    hidden_labels: bool = False

    @property
    def needs_unlabeled(self) -> bool:
        """Whether it cannot be trained without unlabeled images."""
        return self.unlabeled or self.pseudo_labels is not None

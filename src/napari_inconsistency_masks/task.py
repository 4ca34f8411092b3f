"""What the labels mean: the only place that branches on the label kind.

Axis letters used everywhere: E members, B batch, C image channels, K network outputs, Y, X.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .arguments import hints_of, refuse_other_types
from .count_rule import HALF, CountRule
from .errors import InputError

if TYPE_CHECKING:
    import torch

BLANKED = 0
"""Class id of blanked pixels in multi-class targets; no real class ever has it."""

MOST_CLASSES = 255
"""Of a multi-class scheme: ids in a uint8 target, without that of blanked pixels."""


class Task(StrEnum):
    """The label kind.

    ``BINARY``: one class, one sigmoid. ``MULTICLASS``: exclusive classes, softmax; output 0 is
    reserved for blanked pixels. ``MULTILABEL``: classes that may overlap, independent sigmoids.
    """

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"


@dataclass(frozen=True)
class LabelScheme:
    """Label kind, class names and, if there is one, the class that marks cell positions.

    A *target* is uint8: ``(K, Y, X)`` of 0 and 1 for binary (K = 1) and multi-label, and
    ``(Y, X)`` of class ids for multi-class, where id ``i + 1`` is ``classes[i]`` and 0 is
    "blanked or not labeled".

    Parameters
    ----------
    task
        The label kind.
    classes
        Names, in the order of the target's channels (or ids).
    position
        The class whose connected spots are cell positions (multi-label only).
    rule
        Which marks or objects are counted: all in what people draw; in predictions those that the
        run found out. It says nothing about what is learned, so schemes that differ only in it are
        equal.

    Raises
    ------
    InputError
        If something is of another type, a name is empty or given twice, a binary scheme has not
        exactly one class, a multi-class one more than a uint8 target can hold, or the position
        class is not one of the classes of a multi-label scheme.
    """

    task: Task
    classes: tuple[str, ...]
    position: str | None = None
    rule: CountRule = field(default=CountRule(), compare=False)

    def __post_init__(self) -> None:
        refuse_other_types(vars(self), hints_of(type(self)))
        if not self.classes or any(not name.strip() for name in self.classes):
            raise InputError(f"Classes {self.classes!r}: give at least one name, none empty.")
        if len(set(self.classes)) != len(self.classes):
            raise InputError(f"Classes {self.classes!r}: each name may occur only once.")
        if self.task is Task.BINARY and len(self.classes) != 1:
            raise InputError(
                f"A binary task has exactly one class, not {len(self.classes)} "
                f"({', '.join(self.classes)}): choose multilabel or multiclass for several."
            )
        if self.task is Task.MULTICLASS and len(self.classes) > MOST_CLASSES:
            raise InputError(
                f"A multiclass task has at most {MOST_CLASSES} classes, not {len(self.classes)}: "
                f"leave some out, or give several of them one name."
            )
        if self.position is not None and self.task is not Task.MULTILABEL:
            raise InputError(
                f"The position class {self.position!r} needs the multilabel task, "
                f"not {self.task.value}."
            )
        if self.position is not None and self.position not in self.classes:
            raise InputError(
                f"The position class {self.position!r} is not one of the classes "
                f"{', '.join(self.classes)}."
            )
        self._check_rule(self.rule.smallest_objects, "smallest objects", 1)
        self._check_rule(self.rule.waists, "waists of objects", 0)

    def _check_rule(self, pixels: tuple[float, ...], what: str, least: int) -> None:
        if pixels and (len(pixels) != len(self.classes) or min(pixels) < least):
            raise InputError(
                f"The {what} {pixels} do not fit the classes {', '.join(self.classes)}: give "
                f"{least} or more pixels for each."
            )

    @classmethod
    def of_networks(cls, values: Mapping[str, Any]) -> LabelScheme:
        """The scheme of trained networks from JSON values, as ``asdict`` makes them."""
        return cls(
            Task(values["task"]),
            tuple(values["classes"]),
            values["position"],
            CountRule.of_networks(values),
        )

    def counting_by(self, rule: CountRule) -> LabelScheme:
        """The same scheme, with another rule for what is counted."""
        return replace(self, rule=rule)

    @property
    def outputs(self) -> int:
        """Network outputs K: one per class, plus output 0 for blanked pixels if multi-class."""
        return len(self.classes) + (self.task is Task.MULTICLASS)

    @property
    def output_names(self) -> tuple[str, ...]:
        """A name per network output."""
        return ("blanked", *self.classes) if self.task is Task.MULTICLASS else self.classes

    @property
    def position_output(self) -> int | None:
        """Index of the position class among the outputs, or None."""
        return None if self.position is None else self.classes.index(self.position)

    @property
    def states(self) -> tuple[str, ...]:
        """The classes that describe cells: all but the position class."""
        return tuple(name for name in self.classes if name != self.position)

    @property
    def counted(self) -> tuple[str, ...]:
        """What is counted: the states of cells, or all classes if there are no states."""
        return self.states or self.classes

    @property
    def exclusive(self) -> bool:
        """Whether a pixel has exactly one class."""
        return self.task is Task.MULTICLASS

    @property
    def epoch_criterion(self) -> Literal["iou", "loss", "soft_iou"]:
        """What picks a network's best epoch on the validation images, as in the reference.

        Binary: highest IoU of all images together. Multi-label: lowest loss. Multi-class: highest
        IoU of the probabilities, which unlike that of hard labels changes with every step.
        """
        if self.task is Task.BINARY:
            return "iou"
        return "soft_iou" if self.exclusive else "loss"

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        """Probabilities (..., K, Y, X) in float32 from logits of the same shape."""
        logits = logits.float()
        return logits.softmax(-3) if self.exclusive else logits.sigmoid()

    def as_softmax(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits ``(..., G, N, Y, X)`` of G choices between N exclusive classes.

        So that what is made for a softmax works for every label kind. Multi-class: one choice
        between the K outputs. Otherwise a choice per output between absent and present, with
        logits 0 and z: their softmax is the sigmoid of z, their cross-entropy that of a sigmoid.
        """
        if self.exclusive:
            return logits.unsqueeze(-4)
        return logits.unsqueeze(-3) * logits.new_tensor((0.0, 1.0))[:, None, None]

    def as_choices(self, target: torch.Tensor) -> torch.Tensor:
        """A target as int64 ``(..., G, Y, X)``: which of the N classes each choice takes."""
        return target.unsqueeze(-3).long() if self.exclusive else target.long()

    def harden(
        self, probability: npt.NDArray[Any], *, at_least_half: bool = False
    ) -> npt.NDArray[np.bool_]:
        """Hard labels as channels.

        Parameters
        ----------
        probability
            ``(..., K, Y, X)``.
        at_least_half
            Whether a sigmoid output of exactly 0.5 (or the rule's threshold) is foreground (the
            reference does so when it makes multi-label pseudo-labels, and nowhere else).

        Returns
        -------
        ndarray of bool, ``(..., K, Y, X)``
            Multi-class: one-hot, the first of equal maxima wins.
        """
        if not self.exclusive:
            return probability >= self._least if at_least_half else probability > self._least
        winner = probability.argmax(axis=-3)  # (..., Y, X)
        classes = np.arange(probability.shape[-3])[:, None, None]  # (K, 1, 1)
        one_hot: npt.NDArray[np.bool_] = winner[..., None, :, :] == classes  # (..., K, Y, X)
        return one_hot

    def votes(self, probability: torch.Tensor) -> torch.Tensor:
        """Hard labels of tensors ``(..., K, Y, X)``, as the members of a consensus have them.

        Bool ``(..., K, Y, X)``; of exclusive classes the number of the output, ``(..., 1, Y, X)``.
        """
        if self.exclusive:
            return probability.argmax(-3, keepdim=True)
        least = probability.new_tensor(self._least)
        return probability >= least if self.task is Task.MULTILABEL else probability > least

    @property
    def _least(self) -> npt.NDArray[np.float32]:
        """Probability from which a sigmoid output is foreground: of all, or ``(K, 1, 1)``."""
        position = self.position_output
        if position is None or self.rule.mark_threshold == HALF:
            return np.array(HALF, np.float32)
        least = np.full((self.outputs, 1, 1), HALF, np.float32)
        least[position] = self.rule.mark_threshold
        return least

    def say_nothing(
        self, probability: npt.NDArray[np.float32], where: npt.NDArray[np.bool_]
    ) -> None:
        """Set probabilities ``(..., K, Y, X)`` in place to "no class" at the pixels ``(Y, X)``."""
        probability[..., where] = 0
        if self.exclusive:
            probability[..., BLANKED, :, :][..., where] = 1

    def to_channels(self, target: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """A target (see the class) as bool channels ``(..., K, Y, X)``, K = ``outputs``."""
        channels: npt.NDArray[np.bool_] = target != 0
        if self.exclusive:
            classes = np.arange(self.outputs, dtype=np.uint8)[:, None, None]  # (K, 1, 1)
            channels = target[..., None, :, :] == classes  # (..., K, Y, X)
        return channels

    def to_target(self, channels: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """The target of bool channels ``(..., K, Y, X)``; inverse of `to_channels`.

        Multi-class pixels with no class set become 0; of several set, the last wins.
        """
        if not self.exclusive:
            return channels.astype(np.uint8)
        ids = np.arange(self.outputs, dtype=np.uint8)[:, None, None]  # (K, 1, 1)
        target: npt.NDArray[np.uint8] = (channels * ids).max(axis=-3)  # (..., Y, X)
        return target

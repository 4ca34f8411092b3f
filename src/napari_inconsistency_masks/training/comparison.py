"""Old and new networks, compared on the same images. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from .results import (
    GenerationRecord,
    GenerationScores,
    is_chosen,
    read_record,
    read_scores,
    result_generation,
)
from .start import learned_before

OLD, NEW = 0, 1
"""Generations of a run that goes on from other networks."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    record: GenerationRecord
    scores: GenerationScores


@dataclass(frozen=True)
class Comparison:
    """The networks that a training went on from, and those that it made.

    Attributes
    ----------
    old, new
        What was measured, on the same images.
    kept
        The generation whose networks are the result now: `OLD` or `NEW`.
    chosen
        Whether a person chose it.
    learned_from
        How many of the images the old networks had learned from, or None if nobody knows.
    """

    old: Side
    new: Side
    kept: int
    chosen: bool
    learned_from: int | None

    @property
    def difference(self) -> float | None:
        """Mean over the images of the new count error minus the old one; below 0 is better."""
        changes = self._changes()
        return fmean(changes) if changes else None

    @property
    def margin(self) -> float | None:
        """Standard error of `difference`; None for fewer than two images."""
        changes = self._changes()
        return stdev(changes) / math.sqrt(len(changes)) if len(changes) > 1 else None

    def rows(self, *, by_class: bool = False) -> list[tuple[str, str, str]]:
        """What was measured in words: name, old, new."""
        old, new = self.old.record, self.new.record
        rows = [("IoU", _number(old.mean_iou), _number(new.mean_iou))]
        if by_class:
            rows = [
                *self._by_class("IoU", "iou"),
                *self._by_class("Recall", "recall"),
                *self._by_class("Precision", "precision"),
            ]
        if old.count_error is not None:
            rows.insert(0, ("Count error (MCCE)", _count_error(old), _count_error(new)))
        return [*rows, ("Inconsistent area", f"{old.inconsistent:.1%}", f"{new.inconsistent:.1%}")]

    @property
    def verdict(self) -> str:
        """Which networks are better, and which are used."""
        new, old = self.new.record, self.old.record
        if new.differs_by_chance(old):
            how = "at least as good" if new.accepted else "not better"
        else:
            how = "better" if new.accepted else "worse"
        better = f"The new networks are {how}"
        if self.kept == (NEW if self.new.record.accepted else OLD):
            used = "they are used now" if self.kept == NEW else "the old ones are still used"
            return f"{better}: {used}."
        used = "the new ones" if self.kept == NEW else "the old ones"
        return f"{better}, but {used} are used, as you chose."

    @property
    def basis(self) -> str:
        """What the comparison is based on."""
        images = self.new.scores.images
        words = f"Compared on {images} image{'' if images == 1 else 's'} set aside"
        if self.difference is not None and self.margin is not None:
            words += (
                f": the count error changed by {self.difference:+.2f} "
                f"(standard error {self.margin:.2f})"
            )
        if images == 1:
            words += ", which decides little"
        if self.learned_from is None:
            return f"{words}. Nobody knows whether the old networks had learned from them."
        if self.learned_from:
            return f"{words}. The old networks had learned from {self.learned_from} of them."
        return f"{words}. The old networks had learned from none of them."

    def _by_class(self, title: str, field: str) -> list[tuple[str, str, str]]:
        old: Mapping[str, float | None] = getattr(self.old.scores, field)
        new: Mapping[str, float | None] = getattr(self.new.scores, field)
        return [
            (f"{title} {name}", _number(value), _number(new.get(name)))
            for name, value in old.items()
        ]

    def _changes(self) -> list[int]:
        old, new = self.old.scores.wrong or {}, self.new.scores.wrong or {}
        return [new[name] - wrong for name, wrong in old.items() if name in new]


def read_comparison(folder: Path) -> Comparison | None:
    """Read what a run that went on from other networks found; None if it has not finished."""
    old, new, kept = _side(folder, OLD), _side(folder, NEW), result_generation(folder)
    if old is None or new is None or kept is None:
        return None
    return Comparison(old, new, kept, is_chosen(folder), learned_before(folder))


def _side(folder: Path, generation: int) -> Side | None:
    record, scores = read_record(folder, generation), read_scores(folder, generation)
    return None if record is None or scores is None else Side(record, scores)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _count_error(record: GenerationRecord) -> str:
    error = _number(record.count_error)
    return f"{error} ± {record.margin:.2f}" if record.margin else error

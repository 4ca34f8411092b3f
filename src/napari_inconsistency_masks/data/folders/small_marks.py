"""Marks of positions that are too small to be counted."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import ndimage

from ...cells.markers import EIGHT_NEIGHBORS, find_markers
from ...errors import InputError
from ...task import LabelScheme
from ..sample import Sample

TOLD = 0.1
"""Share of the marks that may be lost without a word: some are cut off, or in a crowd."""

SURE = 5
"""Marks of which none is counted that are no accident."""

ENOUGH = 1000
"""Marks after which no more are looked at, so that this takes no time."""

_ADVICE = (
    "draw spots of 5 x 5 pixels or more, or give points: a points layer, or ImageJ ROIs in a folder"
)


@dataclass
class SmallMarks:
    """Counts the marks of labels, and those of them that are cells.

    Counting parts marks that touch by eroding them (see `marker_positions`), which loses what is
    less than 4 pixels wide. Labels of such marks say that there is no cell.
    """

    scheme: LabelScheme
    marks: int = 0
    lost: int = 0

    def add(self, sample: Sample) -> None:
        """Take the labels of an image."""
        position = self.scheme.position_output
        if position is None or self.marks >= ENOUGH:
            return
        mask = self.scheme.to_channels(sample.labeled)[position]
        marks = int(ndimage.label(mask, EIGHT_NEIGHBORS)[1])
        counted = len(find_markers(mask, holes=False)[0])
        self.marks += marks
        self.lost += max(0, marks - counted)

    def notes(self) -> list[str]:
        """What to know of them.

        Raises
        ------
        InputError
            If none of several marks is counted: no cell would ever be.
        """
        name = self.scheme.position
        if self.lost == self.marks >= SURE:
            raise InputError(
                f"{name}: none of its {self.marks:,} marks is a cell, as marks less than 4 pixels "
                f"wide are not counted; {_ADVICE}."
            )
        if self.lost > TOLD * self.marks:
            lost = f"{self.lost:,} of {self.marks:,} marks are less than 4 pixels wide"
            return [f"{name}: {lost} and are not counted; {_ADVICE}."]
        return []

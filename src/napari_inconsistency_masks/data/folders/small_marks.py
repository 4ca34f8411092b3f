"""Marks of positions that are too small to be learned well."""

from __future__ import annotations

from dataclasses import dataclass

from ...cells import find_marks
from ...cells.markers import find_markers
from ...task import LabelScheme
from ..sample import Sample

TOLD = 0.1
"""Share of the marks that may be small without a word: some are cut off, or in a crowd."""

ENOUGH = 1000
"""Marks after which no more are looked at, so that this takes no time."""

_ADVICE = (
    "draw spots of 5 x 5 pixels or more, or give points: a points layer, or ImageJ ROIs in a folder"
)


@dataclass
class SmallMarks:
    """Counts the marks of labels, and those of them that are less than 4 pixels wide.

    They are counted as any other, but hardly cover a pixel, and the paper's rule of counting leaves
    them out (see `marker_positions`).
    """

    scheme: LabelScheme
    marks: int = 0
    small: int = 0

    def add(self, sample: Sample) -> None:
        """Take the labels of an image."""
        position = self.scheme.position_output
        if position is None or self.marks >= ENOUGH:
            return
        mask = self.scheme.to_channels(sample.labeled)[position]
        marks = len(find_marks(mask).centers)
        self.marks += marks
        self.small += marks - len(find_markers(mask, holes=False).centers)

    def notes(self) -> list[str]:
        """What to know of them."""
        if self.small <= TOLD * self.marks:
            return []
        small = f"{self.small:,} of {self.marks:,} marks are less than 4 pixels wide"
        note = (
            f"{self.scheme.position}: {small}; networks may not learn them, and comparisons "
            f"(napari-im benchmark), which count as the paper does, leave them out; {_ADVICE}."
        )
        return [note]

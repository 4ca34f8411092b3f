"""A place in an image where networks differ."""

from __future__ import annotations

from dataclasses import dataclass

from ..boxes import Box


@dataclass(frozen=True)
class Place:
    """A region, or several close to each other, where the members of an ensemble differ.

    What would be too large for a person to correct in one go is several places.

    Attributes
    ----------
    image, frame
        Where it is.
    box
        Rows and columns that the region spans.
    center
        Mean row and column of the region's pixels; always within the box.
    area
        Pixels of the region.
    classes
        What the members differ about.
    disagreement
        0 to 1. Without probabilities the mean share of outvoted members, 1 for a tie. With them
        four times the mean variance over the members, 1 for some that are sure that there is a
        class and as many that are sure that there is none.
    effect
        How many cells (or objects) differ: of the two members that differ most.
    outcomes
        Per member how many cells it sees here: one number per name that `find_cells` counts, and,
        where cells have states, a last one of those in no clear state.
    score
        How many wrong cells a correction is expected to find for each cell that has to be looked
        at. Wrong are the cells that differ between two members, in the mean over all pairs, and
        a small number that grows with disagreement and area: what all members may have wrong.
        Looked at are as many as the member that sees most, at least 1.
    appearance
        Mean and standard deviation of the gray values (0 to 255) in and around the box, or
        nothing.
    """

    image: str
    frame: int
    box: Box
    center: tuple[float, float]
    area: int
    classes: tuple[str, ...]
    disagreement: float
    effect: int
    outcomes: tuple[tuple[int, ...], ...]
    score: float
    appearance: tuple[float, ...] = ()

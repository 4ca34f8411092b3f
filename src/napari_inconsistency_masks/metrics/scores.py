"""How good predictions are, by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import stdev


@dataclass(frozen=True)
class CountRow:
    """How many cells of one state one image has: for the table of all images."""

    name: str
    state: str
    predicted: int
    true: int


@dataclass(frozen=True)
class CountScore:
    """How well the cells of one state (or the objects of one class) are found.

    Attributes
    ----------
    predicted, true
        Their numbers in all images.
    matched
        How many can be paired one to one with one of the same state nearby.
    bias
        Mean over the images of predicted minus true number: above 0, too many are found.
    """

    predicted: int
    true: int
    matched: int
    bias: float

    @property
    def recall(self) -> float | None:
        """Share of the true ones that are found; None if there are none."""
        return self.matched / self.true if self.true else None

    @property
    def precision(self) -> float | None:
        """Share of the predicted ones that are true; None if there are none."""
        return self.matched / self.predicted if self.predicted else None


@dataclass(frozen=True)
class ImageScore:
    """One image, for comparing methods image by image.

    Attributes
    ----------
    name
        Of the image.
    both, union
        Pixels per class that are predicted and true, and those that are either: added up over
        images they give `Scores.iou`.
    count_error
        Wrong counts, summed over the states; None if no pixel is known for all outputs.
    """

    name: str
    both: tuple[int, ...]
    union: tuple[int, ...]
    count_error: int | None


@dataclass(frozen=True)
class Scores:
    """How good predictions are for a list of images; None is what could not be measured.

    Attributes
    ----------
    images
        How many there were with any known pixel.
    iou
        Intersection over union per class, of the pixels of all images together; None for a class
        that occurs neither in labels nor predictions.
    mean_iou
        Mean of `iou`.
    reference_mean_iou
        Mean over the images of the mean IoU of each, as in the paper: over all classes, an image
        without a class that is rightly found empty scoring 0; if multi-class, over the classes
        in the labels of the image.
    reference_mean_iou_states
        The same without the position class.
    dice
        Mean over the images of the mean smoothed Dice score, over the same classes.
    pixel_accuracy
        Share of the known pixels that are right, over all outputs.
    mcce
        Mean cell count error: wrong counts, summed over the states, per image. Only with a
        position class. Errors that compensate within an image and cells in no clear state do not
        show, and it grows with the size of the images.
    object_count_error
        The same without a position class, for the connected objects of each class.
    relative_count_error
        Sum of all wrong counts, divided by the true number of cells or objects.
    counts
        Per state, or per class without a position class.
    rows
        Counts per image and state.
    per_image
        What each image contributes.
    complete_rows
        Those of `rows` whose image is labeled all over, for `count_ratio`.
    """

    images: int
    iou: dict[str, float | None]
    mean_iou: float | None
    reference_mean_iou: float | None
    reference_mean_iou_states: float | None
    dice: float | None
    pixel_accuracy: float | None
    mcce: float | None
    object_count_error: float | None
    relative_count_error: float | None
    counts: dict[str, CountScore]
    rows: tuple[CountRow, ...]
    per_image: tuple[ImageScore, ...] = ()
    complete_rows: tuple[CountRow, ...] = ()

    @property
    def count_error(self) -> float | None:
        """Wrong counts per image: `mcce`, or without a position class `object_count_error`."""
        return self.object_count_error if self.mcce is None else self.mcce

    @property
    def count_error_margin(self) -> float | None:
        """Standard error of it, of the images being a sample; None for fewer than two."""
        wrong = [image.count_error for image in self.per_image if image.count_error is not None]
        return stdev(wrong) / math.sqrt(len(wrong)) if len(wrong) > 1 else None

    @property
    def wrong_counts(self) -> dict[str, int]:
        """Per image, how far its counts are off, summed over the states."""
        wrong: dict[str, int] = {}
        for row in self.rows:
            wrong[row.name] = wrong.get(row.name, 0) + abs(row.predicted - row.true)
        return wrong

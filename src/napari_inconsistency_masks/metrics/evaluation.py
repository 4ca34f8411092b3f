"""Scoring predictions image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..cells import USUAL_RULE, Cells, Parting, find_cells
from ..count_rule import CountRule
from ..errors import InputError
from ..task import LabelScheme
from .count_sums import Counted, CountSums, compare
from .reference import TINY, redraw_positions
from .scores import ImageScore, Scores

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

_REDRAWN = 1.5
"""Pixels by which `redraw_positions` moves markers from the pixel that their center lies in."""

_ALL_OVER = 0.9
"""Share of an image that must be labeled for `Scores.complete_rows`. Label boxes are often drawn
where networks differ, and there they miss and invent more than elsewhere."""


class Evaluation:
    """Collects scores; images are forgotten once added.

    Parameters
    ----------
    scheme
        What the outputs mean.
    radius
        How far, in pixels, a predicted cell may lie from the true one it is paired with.
    rules
        By which marks or objects of predictions are counted; those that differ in the threshold of
        marks are none the other. In labels all count.
    as_in_paper
        Whether to count cells in redrawn markers, and as the reference implementation does, which
        no other part of the program does; for tables that are compared with the paper's.
    """

    def __init__(
        self,
        scheme: LabelScheme,
        *,
        radius: float = 10.0,
        rules: Sequence[CountRule] = (USUAL_RULE,),
        as_in_paper: bool = False,
    ) -> None:
        self._scheme, self._as_in_paper = scheme.counting_by(CountRule()), as_in_paper
        self._radius = radius
        self.sums = {rule: CountSums(scheme.counted) for rule in rules}
        self._counted = 0  # images
        nothing = np.zeros(len(scheme.classes), np.int64)
        self._overlap = _Overlap(nothing, nothing, nothing, 0, 0)
        self._iou: list[float] = []  # means over the classes of an image
        self._iou_of_states: list[float] = []
        self._dice: list[float] = []
        self._per_image: list[tuple[ImageScore, int | None]] = []  # and its place in `CountSums`

    def add(
        self,
        name: str,
        predicted: _Bool,
        true: npt.NDArray[np.uint8],
        known: _Bool | None = None,
    ) -> None:
        """Score one image. An image without any known pixel is left out.

        Parameters
        ----------
        name
            Of the image, for the rows.
        predicted
            Hard labels ``(K, Y, X)``. For the IoU, predicted markers are redrawn first, as the
            reference does.
        true
            Target as in `LabelScheme`. Multi-class pixels of 0 are not known.
        known
            ``(Y, X)`` or ``(K, Y, X)``: where the target counts; None for everywhere. Cells,
            predicted and true, are found in the whole image and count if all outputs are known at
            their center.

        Raises
        ------
        InputError
            If shapes do not fit the scheme or each other, or a class id that counts is none of
            the scheme.
        """
        scheme = self._scheme
        shape = (scheme.outputs, *true.shape[-2:])
        if predicted.shape != shape or true.shape != (shape[1:] if scheme.exclusive else shape):
            raise InputError(
                f"{name}: prediction {predicted.shape} and labels {true.shape} do not fit the "
                f"{scheme.outputs} outputs of a {scheme.task.value} task; give the same size."
            )
        if known is not None and known.shape not in (shape, shape[1:]):
            raise InputError(
                f"{name}: known pixels {known.shape} do not fit the labels {true.shape}; give one "
                f"value per pixel, or {scheme.outputs}."
            )
        known = _known_pixels(known, true, scheme)
        if not known.any():
            return
        if scheme.exclusive and (largest := int(true[known[0]].max())) >= scheme.outputs:
            raise InputError(
                f"{name}: labels have the class id {largest}, and the {len(scheme.classes)} "
                f"classes have 1 to {len(scheme.classes)} (0 is not labeled); give labels of "
                f"these classes."
            )
        known_to_all: _Bool = np.logical_and.reduce(known)
        redrawn = redraw_positions(predicted, scheme)
        overlap = _find_overlap(redrawn, true, known, scheme)
        self._overlap += overlap
        self._add_means(overlap, known)
        place = None
        if known_to_all.any():
            counted = redrawn if self._as_in_paper else predicted
            place = self._count(name, counted, true, known_to_all)
        both, union = tuple(overlap.both.tolist()), tuple(overlap.union.tolist())
        self._per_image.append((ImageScore(name, both, union, None), place))

    def _add_means(self, overlap: _Overlap, known: _Bool) -> None:
        """Mean IoU, mean IoU of the states, and mean Dice of one image, as the reference's."""
        scheme = self._scheme
        counted: _Bool = overlap.true > 0
        if not scheme.exclusive:
            counted = np.logical_or.reduce(known, axis=(1, 2))
        states = counted & np.array([name != scheme.position for name in scheme.classes])
        iou = overlap.both / (overlap.union + TINY)
        dice = (2 * overlap.both + 1) / (overlap.predicted + overlap.true + 1)
        self._iou.append(iou[counted].mean())
        self._dice.append(dice[counted].mean())
        if states.any():
            self._iou_of_states.append(iou[states].mean())

    def _count(self, name: str, predicted: _Bool, true: npt.NDArray[np.uint8], known: _Bool) -> int:
        """Count the cells of an image where `known` ``(Y, X)``; which one it is of those so far."""
        there = self._cells(self._scheme.to_channels(true), known)
        complete = bool(known.mean() >= _ALL_OVER)
        parting = Parting(predicted)
        for waists in dict.fromkeys(rule.waists for rule in self.sums):
            found = self._cells(parting.by(waists), known, redrawn=self._as_in_paper)
            compared: dict[int, Counted] = {}  # by how many count: the fewer are among the more
            for rule, sums in self.sums.items():
                if rule.waists == waists:
                    cells = found.counted_by(rule)
                    if len(cells) not in compared:
                        compared[len(cells)] = compare(name, cells, there, self._radius)
                    sums.add(compared[len(cells)], complete=complete)
        self._counted += 1
        return self._counted - 1

    def _cells(self, channels: _Bool, known: _Bool, *, redrawn: bool = False) -> Cells:
        """The cells where `known` ``(Y, X)``.

        Redrawn markers are looked up where they were before, at the same pixel as a true marker of
        the same shape: else cells at the border of what is known would be wrong in a perfect
        prediction.
        """
        cells = find_cells(channels, self._scheme, as_in_paper=self._as_in_paper)
        pixel = cells.centers.round()
        if self._scheme.position is not None:
            pixel = np.floor(cells.centers - _REDRAWN * redrawn).clip(0)
        row, column = pixel.astype(np.int64).T
        return cells[known[row, column]]

    def scores(self) -> Scores:
        """The scores of all images added so far, counting by the first of the rules."""
        return self.scores_with(next(iter(self.sums.values())))

    def scores_with(self, sums: CountSums) -> Scores:
        """The scores of all images added so far, with one of `sums`, or of parts of them."""
        scheme, overlap = self._scheme, self._overlap
        iou = [_share(both, union) for both, union in zip(overlap.both, overlap.union, strict=True)]
        present = [value for value in iou if value is not None]
        counts, of_image = sums.scores(), sums.wrong
        wrong = sum(of_image)
        error = _share(wrong, len(of_image))
        has_positions = scheme.position is not None
        return Scores(
            images=len(self._iou),
            iou=dict(zip(scheme.classes, iou, strict=True)),
            mean_iou=_mean(present),
            reference_mean_iou=_mean(self._iou),
            reference_mean_iou_states=_mean(self._iou_of_states),
            dice=_mean(self._dice),
            pixel_accuracy=_share(overlap.right, overlap.pixels),
            mcce=error if has_positions else None,
            object_count_error=None if has_positions else error,
            relative_count_error=_share(wrong, sum(score.true for score in counts.values())),
            counts=counts,
            rows=tuple(sums.rows),
            per_image=tuple(
                image if place is None else replace(image, count_error=of_image[place])
                for image, place in self._per_image
            ),
            complete_rows=tuple(sums.complete_rows),
        )


@dataclass(frozen=True)
class _Overlap:
    """Pixels per class ``(classes,)``, and of all outputs together."""

    both: _Int
    predicted: _Int
    true: _Int
    right: int
    pixels: int

    @property
    def union(self) -> _Int:
        return self.predicted + self.true - self.both

    def __add__(self, other: _Overlap) -> _Overlap:
        return _Overlap(
            self.both + other.both,
            self.predicted + other.predicted,
            self.true + other.true,
            self.right + other.right,
            self.pixels + other.pixels,
        )


def _known_pixels(known: _Bool | None, true: npt.NDArray[np.uint8], scheme: LabelScheme) -> _Bool:
    """Where the target counts: ``(K, Y, X)``, or ``(1, Y, X)`` if classes are exclusive."""
    known = np.ones(true.shape[-2:], dtype=bool) if known is None else known
    if not scheme.exclusive:
        return np.broadcast_to(known, true.shape)
    in_all: _Bool = np.logical_and.reduce(known.reshape(-1, *true.shape), keepdims=True)
    in_all &= true != 0
    return in_all


def _find_overlap(
    predicted: _Bool, true: npt.NDArray[np.uint8], known: _Bool, scheme: LabelScheme
) -> _Overlap:
    if scheme.exclusive:
        seen = known[0]
        ids = scheme.to_target(predicted)[seen]
        pair = true[seen].astype(np.int64) * scheme.outputs + ids
        pairs = np.bincount(pair, minlength=scheme.outputs**2)
        confusion = pairs.reshape(scheme.outputs, scheme.outputs)  # (true, predicted)
        return _Overlap(
            confusion.diagonal()[1:],
            confusion.sum(axis=0)[1:],
            confusion.sum(axis=1)[1:],
            right=int(confusion.trace()),
            pixels=len(ids),
        )
    there, found = (true != 0) & known, predicted & known
    return _Overlap(
        (there & found).sum(axis=(1, 2)),
        found.sum(axis=(1, 2)),
        there.sum(axis=(1, 2)),
        right=int(((there == found) & known).sum()),
        pixels=int(known.sum()),
    )


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None

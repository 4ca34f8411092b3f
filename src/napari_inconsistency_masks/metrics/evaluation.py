"""Scoring predictions image by image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from ..cells import Cells, find_cells
from ..errors import InputError
from ..task import LabelScheme
from .reference import TINY, redraw_positions
from .scores import CountRow, CountScore, ImageScore, Scores

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

_REDRAWN = 1.5
"""Pixels by which `redraw_positions` moves markers from the pixel that their center lies in."""


_ALL_OVER = 0.9
"""Share of an image that must be labeled for `Scores.shown`. Label boxes are often drawn where
networks differ, and there they miss and invent more than elsewhere."""


class Evaluation:
    """Collects scores; images are forgotten once added.

    Parameters
    ----------
    scheme
        What the outputs mean.
    radius
        How far, in pixels, a predicted cell may lie from the true one it is paired with.
    shown
        Whether to count cells as the program shows them as well, for `Scores.shown`.
    """

    def __init__(self, scheme: LabelScheme, *, radius: float = 10.0, shown: bool = False) -> None:
        self._scheme, self._radius, self._show = scheme, radius, shown
        nothing = np.zeros(len(scheme.classes), np.int64)
        self._overlap = _Overlap(nothing, nothing, nothing, 0, 0)
        self._iou: list[float] = []  # means over the classes of an image
        self._iou_of_states: list[float] = []
        self._dice: list[float] = []
        self._rows: list[CountRow] = []
        self._shown: list[CountRow] = []
        self._per_image: list[ImageScore] = []
        self._counted_images = 0
        self._wrong_counts = 0
        self._matched = dict.fromkeys(scheme.counted, 0)

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
            Hard labels ``(K, Y, X)``. Predicted markers are redrawn first, as the reference does.
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
        if self._show and known_to_all.mean() >= _ALL_OVER:
            self._shown += _shown_counts(name, predicted, true, known_to_all, scheme)
        predicted = redraw_positions(predicted, scheme)
        overlap = _find_overlap(predicted, true, known, scheme)
        self._overlap += overlap
        self._add_means(overlap, known)
        wrong = None
        if known_to_all.any():
            cells = _known_cells(predicted, known_to_all, scheme, redrawn=True)
            true_cells = _known_cells(scheme.to_channels(true), known_to_all, scheme)
            wrong = self._count(name, cells, true_cells)
        both, union = tuple(overlap.both.tolist()), tuple(overlap.union.tolist())
        self._per_image.append(ImageScore(name, both, union, wrong))

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

    def _count(self, name: str, predicted: Cells, true: Cells) -> int:
        """Count the cells of an image; how many counts are wrong, over all states."""
        self._counted_images += 1
        wrong = 0
        for index, state in enumerate(true.names):
            found = predicted.centers[predicted.states == index]
            there = true.centers[true.states == index]
            self._rows.append(CountRow(name, state, len(found), len(there)))
            wrong += abs(len(found) - len(there))
            self._matched[state] += matched_pairs(found, there, self._radius)
        self._wrong_counts += wrong
        return wrong

    def scores(self) -> Scores:
        """The scores of all images added so far."""
        scheme, overlap = self._scheme, self._overlap
        iou = [_share(both, union) for both, union in zip(overlap.both, overlap.union, strict=True)]
        present = [value for value in iou if value is not None]
        counts = {state: self._count_score(state) for state in self._matched}
        error = _share(self._wrong_counts, self._counted_images)
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
            relative_count_error=_share(
                self._wrong_counts, sum(score.true for score in counts.values())
            ),
            counts=counts,
            rows=tuple(self._rows),
            per_image=tuple(self._per_image),
            shown=tuple(self._shown),
        )

    def _count_score(self, state: str) -> CountScore:
        rows = [row for row in self._rows if row.state == state]
        predicted, true = sum(row.predicted for row in rows), sum(row.true for row in rows)
        bias = (predicted - true) / max(len(rows), 1)
        return CountScore(predicted, true, self._matched[state], bias)


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


def _shown_counts(
    name: str, predicted: _Bool, true: npt.NDArray[np.uint8], known: _Bool, scheme: LabelScheme
) -> list[CountRow]:
    """The cells of an image that the program shows, where `known` ``(Y, X)``."""
    found = _known_cells(predicted, known, scheme, holes=False).counts
    there = _known_cells(scheme.to_channels(true), known, scheme, holes=False).counts
    return [CountRow(name, state, found[state], there[state]) for state in there]


def _known_cells(
    channels: _Bool,
    known: _Bool,
    scheme: LabelScheme,
    *,
    redrawn: bool = False,
    holes: bool = True,
) -> Cells:
    """The cells that the reference counts, where `known` ``(Y, X)``; without holes, those shown.

    Redrawn markers are looked up where they were before, at the same pixel as a true marker of the
    same shape: else cells at the border of what is known would be wrong in a perfect prediction.
    """
    cells = find_cells(channels, scheme, holes=holes)
    pixel = cells.centers.round()
    if scheme.position is not None:
        pixel = np.floor(cells.centers - _REDRAWN * redrawn).clip(0)
    row, column = pixel.astype(np.int64).T
    return cells[known[row, column]]


def matched_pairs(a: _Float, b: _Float, radius: float) -> int:
    """How many points of ``(N, 2)`` and ``(M, 2)`` are paired within `radius`, nearest first.

    No point is in two pairs. (The most pairs possible would take minutes on a noisy prediction.)
    """
    if not len(a) or not len(b):
        return 0
    near = cKDTree(a).sparse_distance_matrix(cKDTree(b), radius, output_type="ndarray")
    near = near[np.argsort(near["v"], kind="stable")]
    free_a, free_b, pairs = [True] * len(a), [True] * len(b), 0
    for i, j in zip(near["i"].tolist(), near["j"].tolist(), strict=True):
        if free_a[i] and free_b[j]:
            free_a[i] = free_b[j] = False
            pairs += 1
    return pairs


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None

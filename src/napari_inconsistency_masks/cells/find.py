"""The cells in an image, each in its state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..count_rule import CountRule
from ..task import LabelScheme
from .markers import EIGHT_NEIGHBORS, centroids, find_markers
from .marks import counting, find_marks

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

UNCLEAR = -1
"""The state of a cell that shows none, or two equally."""

_HALF_WINDOW = 3


@dataclass(frozen=True)
class Cells:
    """The cells (or other objects) in one image.

    Attributes
    ----------
    centers
        float ``(N, 2)``, in pixels.
    states
        int ``(N,)``: index into `names`, or `UNCLEAR`.
    names
        What is counted: the states of the scheme; its classes if it has no position class; the
        position class if it has nothing else.
    small
        As in `Marks`; None for objects, and if nothing is known of sizes.
    pixels
        Of each object, int ``(N,)``; None for cells at marks.
    """

    centers: _Float
    states: _Int
    names: tuple[str, ...]
    small: _Int | None = None
    pixels: _Int | None = None

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Cells:
        """The cells chosen by a bool array ``(N,)``."""
        small = None if self.small is None else self.small[chosen]
        pixels = None if self.pixels is None else self.pixels[chosen]
        return Cells(self.centers[chosen], self.states[chosen], self.names, small, pixels)

    def are_counted_by(self, rule: CountRule) -> _Bool:
        """Which ones are large enough for a rule, ``(N,)``."""
        if self.small is not None:
            return counting(self.small, rule.smallest_mark)
        if self.pixels is not None and rule.smallest_objects:
            enough: _Bool = self.pixels >= np.array(rule.smallest_objects)[self.states]
            return enough
        return np.ones(len(self), dtype=bool)

    def counted_by(self, rule: CountRule) -> Cells:
        """Those that are large enough for a rule."""
        return self[self.are_counted_by(rule)]

    @property
    def counts(self) -> dict[str, int]:
        """Number per name, without the unclear ones."""
        return {name: int((self.states == index).sum()) for index, name in enumerate(self.names)}

    @property
    def unclear(self) -> int:
        """Number of cells in no clear state."""
        return int((self.states == UNCLEAR).sum())


def find_cells(channels: _Bool, scheme: LabelScheme, *, as_in_paper: bool = False) -> Cells:
    """Find the cells in hard labels.

    With a position class there is a cell at each of `find_marks` that the scheme's rule lets
    count, in the state that `assign_states` finds. Without one, each 8-connected component of
    each class is an object, if it has the pixels that the rule asks for; what was to be parted at
    waists is parted (`part_objects`).

    Parameters
    ----------
    channels
        ``(K, Y, X)``.
    scheme
        What the channels mean.
    as_in_paper
        Whether the marks are those of `marker_positions`, which the paper's MCCE is defined by:
        without small ones, but with one for each hole. All objects count.
    """
    position = scheme.position_output
    if position is None:
        objects = _find_objects(channels[-len(scheme.classes) :], scheme.classes)  # not "blanked"
        return objects if as_in_paper else objects.counted_by(scheme.rule)
    mask = channels[position]
    small = None
    if as_in_paper:
        positions, centers, _ = find_markers(mask, holes=True)
    else:
        positions, centers, small = find_marks(mask)
    states = np.zeros(len(centers), np.int64)
    if scheme.states:
        states = assign_states(positions, np.delete(channels, position, axis=0))
    found = Cells(centers, states, scheme.states or scheme.classes, small)
    return found.counted_by(scheme.rule)


def _find_objects(masks: _Bool, names: tuple[str, ...]) -> Cells:
    labels = [ndimage.label(mask, EIGHT_NEIGHBORS)[0] for mask in masks]
    pixels = [np.bincount(of_class[of_class > 0])[1:] for of_class in labels]
    states = np.repeat(np.arange(len(names)), list(map(len, pixels)))
    centers = np.concatenate([centroids(of_class) for of_class in labels])
    return Cells(centers, states, names, pixels=np.concatenate(pixels).astype(np.int64))


def assign_states(positions: _Int, states: _Bool) -> _Int:
    """The state of each cell: the mask with most pixels in the 6 x 6 window at its position.

    Parameters
    ----------
    positions
        ``(N, 2)``, from `marker_positions` or `find_marks`.
    states
        ``(S, Y, X)``, a mask per state.

    Returns
    -------
    ndarray of int64, ``(N,)``
        Index of the state, or `UNCLEAR` if no mask has a pixel in the window or two have most.
        Windows at the border are moved exactly as the reference does. Images less than 6 pixels
        wide, for which it has no rule, have their windows cut off.
    """
    if not len(positions) or not len(states):
        return np.full(len(positions), UNCLEAR, np.int64)
    rows, inside_rows = _windows(positions[:, 0], states.shape[1], first=0)
    columns, inside_columns = _windows(positions[:, 1], states.shape[2], first=1)
    window = states[:, rows[:, :, None], columns[:, None, :]]  # (S, N, 6, 6)
    window &= inside_rows[:, :, None] & inside_columns[:, None, :]
    pixels = window.sum(axis=(2, 3))  # (S, N)
    most = pixels.max(axis=0)
    clear = (most > 0) & ((pixels == most).sum(axis=0) == 1)
    return np.where(clear, pixels.argmax(axis=0), UNCLEAR)


def _windows(center: _Int, length: int, first: int) -> tuple[_Int, _Bool]:
    """Indices along one axis ``(N, 6)``, and whether they lie in the image.

    The reference adds 3 to the center if the window starts before `first`: 0 for rows, but 1 for
    columns.
    """
    center = center + np.where(center - _HALF_WINDOW < first, _HALF_WINDOW, 0)
    center = np.minimum(center, length - _HALF_WINDOW)
    index = center[:, None] + np.arange(-_HALF_WINDOW, _HALF_WINDOW)
    return index.clip(0, length - 1), (index >= 0) & (index < length)

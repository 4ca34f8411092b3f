"""What each member counts at each of many regions of one frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ..cells import Cells, find_cells, nearest_distances
from ..cells.markers import EIGHT_NEIGHBORS
from ..inconsistency import Consensus
from ..task import LabelScheme

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]
_Labels = npt.NDArray[np.int32]


def marker_reach(cells: list[Cells]) -> int:
    """Radius in pixels of the markers that `redraw_markers` would draw: 3 to 8.

    A quarter of the distance to the next cell, in the median over the cells of all members.
    """
    distances = [nearest_distances(each.centers) for each in cells if len(each) > 1]
    if not distances:
        return 8
    return int(np.clip(np.median(np.concatenate(distances)) // 4, 3, 8))


class CellOutcomes:
    """Counts of cells that have positions.

    Cells of different members that lie within `reach` of each other are the same cell: a marker
    that is a little off is no difference, wherever the border of a region runs.

    Parameters
    ----------
    cells
        Of each member.
    scheme
        With a position class.
    reach
        In pixels.
    """

    def __init__(self, cells: list[Cells], scheme: LabelScheme, reach: int) -> None:
        centers = np.concatenate([each.centers for each in cells])
        member = np.repeat(np.arange(len(cells)), [len(each) for each in cells])
        states = np.concatenate([each.states for each in cells])
        kinds = len(cells[0].names) + bool(scheme.states)
        group = _near_each_other(centers, reach)
        groups = int(group.max(initial=-1)) + 1
        self._counts = np.zeros((groups, len(cells), kinds), np.int64)
        np.add.at(self._counts, (group, member, states % kinds), 1)  # UNCLEAR comes last
        size = np.bincount(group, minlength=groups)
        sums = [np.bincount(group, axis, minlength=groups) for axis in centers.T]
        self._centers: _Float = np.stack(sums, axis=1) / size[:, None]
        self._reach = reach

    def differing(self, components: _Labels) -> _Bool:
        """Pixels within `reach` of a cell that members differ about, ``(Y, X)``."""
        shape = components.shape
        differs = (self._counts != self._counts[:, :1]).any(axis=(1, 2))
        near = np.zeros(shape, dtype=bool)
        if differs.any():
            pixels = np.argwhere(components)
            distance, _ = cKDTree(self._centers[differs]).query(
                pixels, distance_upper_bound=self._reach + 0.5
            )
            near[tuple(pixels[np.isfinite(distance)].T)] = True
        return near

    def count(self, regions: _Labels, number: int) -> _Int:
        """Cells at each of the regions 1 to `number`, ``(number, E, kinds)``.

        A cell is at the region nearest to its center, if that is within two marker radii.
        """
        total = np.zeros((number + 1, *self._counts.shape[1:]), np.int64)
        pixels = np.argwhere(regions)
        if len(pixels) and len(self._centers):
            tree, limit = cKDTree(pixels), 2 * self._reach + 0.5
            distance, nearest = tree.query(self._centers, distance_upper_bound=limit)
            near = np.isfinite(distance)
            np.add.at(total, regions[tuple(pixels[nearest[near]].T)], self._counts[near])
        return total[1:]


class ObjectOutcomes:
    """Counts of connected objects, where there are no positions.

    An object counts at a region that it touches, if it is large enough to be counted at all. Two
    objects that one member sees as one differ there, as do objects that only some members see; one
    whose outline differs does not.
    """

    def __init__(self, consensus: Consensus) -> None:
        classes = len(consensus.scheme.classes)
        self._masks = consensus.votes[:, -classes:]  # (E, K, Y, X) without "blanked"
        self._smallest = consensus.scheme.rule.smallest_objects or (1,) * classes

    def differing(self, components: _Labels) -> _Bool:
        """Pixels of the components at which members count differently, ``(Y, X)``."""
        counts = self.count(components, int(components.max(initial=0)))
        differs = np.concatenate([[False], (counts != counts[:, :1]).any(axis=(1, 2))])
        pixels: _Bool = differs[components]
        return pixels

    def count(self, regions: _Labels, number: int) -> _Int:
        """Objects that touch each of the regions 1 to `number`, ``(number, E, classes)``."""
        pixels = np.argwhere(regions)  # (pixels, 2)
        region = regions[tuple(pixels.T)].astype(np.int64)
        total = np.zeros((number + 1, *self._masks.shape[:2]), np.int64)
        around = (pixels[:, None] + np.indices((3, 3)).reshape(2, 9).T).reshape(-1, 2).T
        region = np.repeat(region, 9)
        for member, output in np.ndindex(self._masks.shape[:2]):
            labels, _ = ndimage.label(self._masks[member, output], EIGHT_NEIGHBORS)
            if self._smallest[output] > 1:
                labels[np.bincount(labels.ravel())[labels] < self._smallest[output]] = 0
            touched = np.pad(labels, 1)[tuple(around)]
            found = touched > 0
            pairs = np.unique(region[found] * (int(labels.max()) + 1) + touched[found])
            where = pairs // (int(labels.max()) + 1)
            total[:, member, output] = np.bincount(where, minlength=number + 1)
        return total[1:]


def find_outcomes(consensus: Consensus) -> tuple[CellOutcomes | ObjectOutcomes, int]:
    """What the members count, and the radius of the cells' markers in pixels."""
    scheme = consensus.scheme
    cells = [find_cells(votes, scheme) for votes in consensus.votes]
    reach = marker_reach(cells)
    if scheme.position is None:
        return ObjectOutcomes(consensus), reach
    return CellOutcomes(cells, scheme, reach), reach


def differences(counts: _Int) -> _Int:
    """How many cells differ between each two members ``(N, E, E)``.

    Parameters
    ----------
    counts
        ``(N, E, kinds)``. A cell that one member misses is one that differs, and so is one that it
        sees in another state.
    """
    more = (counts[:, :, None] - counts[:, None]).clip(0).sum(axis=3)  # (N, E, E)
    either: _Int = np.maximum(more, more.transpose(0, 2, 1))
    return either


def _near_each_other(points: _Float, reach: float) -> _Int:
    """A number per point ``(N,)``; points linked by steps of at most `reach` have the same."""
    if not len(points):
        return np.zeros(0, np.int64)
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), bool), pairs.T), shape=(len(points), len(points)))
    group: _Int = connected_components(links, directed=False)[1].astype(np.int64)
    return group

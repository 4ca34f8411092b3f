"""What the simulated annotator corrects, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_inconsistency_masks.boxes import Box, known_mask, padded
from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.inference.predict import predict_samples
from napari_inconsistency_masks.nets.ensemble import Ensemble
from napari_inconsistency_masks.places import Place, find_places, rank

STRATEGIES = {
    "none": "no labels, only the further steps",
    "ours": "places where networks differ, in the order of our ranking",
    "regions": "boxes as large as these, at random places",
    "alike": "boxes as large as these, at random places that hold as many true cells",
    "images": "whole images at random",
}

_Proposal = tuple[int, Box, Place | None]
_Bool = npt.NDArray[np.bool_]

_TRIES = 1000


@dataclass(frozen=True)
class Correction:
    """A box of a pool image in which the true labels are filled in, and the place it is for."""

    index: int
    box: Box
    cells: int
    empty: bool
    place: Place | None = None

    @property
    def pixels(self) -> int:
        top, left, bottom, right = self.box
        return (bottom - top) * (right - left)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Correction:
        top, left, bottom, right = values["box"]
        place = None if values["place"] is None else Place(**values["place"])
        box = (top, left, bottom, right)
        return cls(values["index"], box, values["cells"], values["empty"], place)


class Annotator:
    """Knows the true labels of the pool, and fills them in where a strategy says.

    Parameters
    ----------
    data
        Its hidden images are the pool.
    seed
        Of the random strategies.
    first
        Returns the networks before any correction: random boxes are as large as their places.
    """

    def __init__(self, data: SegmentationData, seed: int, first: Callable[[], Ensemble]) -> None:
        self._scheme = data.scheme
        self._pool = list(data.hidden)
        self._numbers = {sample.name: index for index, sample in enumerate(self._pool)}
        self._margin = _half_a_cell(data)
        self._seed, self._first = seed, first
        self._centers = [
            find_cells(self._scheme.to_channels(sample.labeled), self._scheme).centers
            for sample in self._pool
        ]

    def correct(
        self, strategy: str, networks: Ensemble, before: Sequence[Correction], budget: int
    ) -> list[Correction]:
        """New corrections until all together hold `budget` cells."""
        boxes = {
            "ours": self._ranked,
            "regions": self._regions,
            "alike": self._alike,
            "images": self._images,
        }
        new = list[Correction]()
        spent = sum(each.cells for each in before)
        proposals = boxes[strategy](networks, before) if spent < budget else iter(())
        for index, box, place in proposals:
            cells = self._inside(index, box)
            known = self._known([*before, *new], index)
            if place is not None and known[tuple(int(x) for x in place.center)]:
                continue  # labeled with a place before
            unknown = int((cells & ~self._labeled(known, index)).sum())
            new.append(Correction(index, box, max(1, unknown), not cells.any(), place))
            spent += new[-1].cells
            if spent >= budget:
                break
        return new

    def pieces(self, corrections: Sequence[Correction], side: int) -> list[Sample]:
        """The image around each box, at least `side` wide where it can be, known in boxes only."""
        return [self._piece(each, corrections, side) for each in corrections]

    def _piece(self, each: Correction, corrections: Sequence[Correction], side: int) -> Sample:
        whole = self._pool[each.index]
        known = self._known(corrections, each.index)
        top, left, bottom, right = each.box
        rows = _around(top, bottom, side, known.shape[0])
        columns = _around(left, right, side, known.shape[1])
        return Sample(
            f"{whole.name} {each.box}",
            whole.image[:, rows, columns],
            np.where(known, whole.labeled, np.uint8(0))[..., rows, columns],
            known[rows, columns],
        )

    def _known(self, corrections: Sequence[Correction], index: int) -> _Bool:
        rows, columns = self._pool[index].image.shape[1:]
        return known_mask((c.box for c in corrections if c.index == index), (rows, columns))

    def _inside(self, index: int, box: Box) -> _Bool:
        """Which true cells have their center in a box, ``(N,)``."""
        centers = self._centers[index]
        inside: _Bool = np.logical_and.reduce((centers >= box[:2]) & (centers < box[2:]), axis=1)
        return inside

    def _labeled(self, known: _Bool, index: int) -> _Bool:
        """Which true cells of an image have their center where labels are known, ``(N,)``."""
        labeled: _Bool = known[tuple(self._centers[index].astype(int).T)]
        return labeled

    def _ranked(self, networks: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        seen = [replace(each.place, box=each.box) for each in before if each.place is not None]
        for place in rank(self._places(networks), limit=500, seen=seen):
            yield self._numbers[place.image], self._label_box(place), place

    def _regions(self, _networks: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        rng = np.random.default_rng((self._seed, len(before), 1))
        while True:
            _, size, _ = self._best[int(rng.integers(len(self._best)))]
            yield self._random_box(size, rng)

    def _alike(self, _networks: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        rng = np.random.default_rng((self._seed, len(before), 3))
        while True:
            index, size, _ = self._best[int(rng.integers(len(self._best)))]
            wanted = self._inside(index, size).sum()
            for _ in range(_TRIES):
                proposal = self._random_box(size, rng)
                if self._inside(*proposal[:2]).sum() == wanted:
                    yield proposal
                    break

    def _images(self, _networks: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        order = np.random.default_rng((self._seed, 2)).permutation(len(self._pool))
        for index in order[len(before) :].tolist():
            rows, columns = self._pool[index].image.shape[1:]
            yield index, (0, 0, rows, columns), None

    def _random_box(self, size: Box, rng: np.random.Generator) -> _Proposal:
        index = int(rng.integers(len(self._pool)))
        top, left, bottom, right = size
        rows, columns = self._pool[index].image.shape[1:]
        height, width = min(bottom - top, rows), min(right - left, columns)
        row, column = rng.integers((rows - height + 1, columns - width + 1)).tolist()
        return index, (row, column, row + height, column + width), None

    @cached_property
    def _best(self) -> list[_Proposal]:
        """The best places of the first networks."""
        return list(self._ranked(self._first(), ()))[:100]

    def _places(self, networks: Ensemble) -> list[Place]:
        places: list[Place] = []
        for index, logits in predict_samples(networks, self._pool):
            sample = self._pool[index]
            hard = self._scheme.harden(self._scheme.probability(logits).numpy())
            places += find_places(  # as the window does it
                hard.astype(np.uint8),
                self._scheme,
                image=sample.name,
                frame=0,
            )
        return places

    def _label_box(self, place: Place) -> Box:
        rows, columns = self._pool[self._numbers[place.image]].image.shape[1:]
        return padded(place.box, self._margin, (rows, columns))


def _half_a_cell(data: SegmentationData) -> int:
    """Median radius in pixels of the objects in the labeled images."""
    areas: list[npt.NDArray[np.int64]] = []
    position = data.scheme.position_output
    for sample in data.labeled:
        for output, mask in enumerate(data.scheme.to_channels(sample.labeled)):
            if output != position:
                areas.append(np.bincount(ndimage.label(mask)[0].ravel())[1:])
    return max(1, round(float(np.sqrt(np.median(np.concatenate(areas)) / np.pi))))


def _around(start: int, stop: int, side: int, length: int) -> slice:
    """At least `side` rows or columns around some, as far as the image has them."""
    missing = max(0, side - (stop - start))
    first = max(0, min(start - missing // 2, length - max(side, stop - start)))
    return slice(first, min(length, max(first + side, stop)))

"""What the simulated annotator corrects, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_inconsistency_masks.boxes import Box, padded
from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.inference.predict import predict_samples
from napari_inconsistency_masks.nets.ensemble import Ensemble
from napari_inconsistency_masks.places import Place, find_places, rank

STRATEGIES = ("ours", "regions", "images", "none")

_Proposal = tuple[int, Box, Place | None]


@dataclass(frozen=True)
class Correction:
    """A box of a pool image in which the true labels are filled in, and the place it is for."""

    index: int
    box: Box
    cells: int
    place: Place | None = None

    @property
    def pixels(self) -> int:
        top, left, bottom, right = self.box
        return (bottom - top) * (right - left)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Correction:
        top, left, bottom, right = values["box"]
        place = None if values["place"] is None else Place(**values["place"])
        return cls(values["index"], (top, left, bottom, right), values["cells"], place)


class Annotator:
    """Knows the true labels of the pool, and fills them in where a strategy says.

    Parameters
    ----------
    data
        Its hidden images are the pool.
    seed
        Of the random strategies.
    first
        The networks before any correction: the sizes of their places are those of random boxes.
    """

    def __init__(self, data: SegmentationData, seed: int, first: Ensemble) -> None:
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
        if strategy == "none":
            return []
        boxes = {"ours": self._ranked, "regions": self._regions, "images": self._images}
        spent, new = sum(each.cells for each in before), list[Correction]()
        for index, box, place in boxes[strategy](networks, before):
            if spent >= budget:
                break
            new.append(Correction(index, box, self._cost(index, box), place))
            spent += new[-1].cells
        return new

    def piece(self, correction: Correction, side: int) -> Sample:
        """The image around a box, at least `side` wide where it can be, known in the box only."""
        whole = self._pool[correction.index]
        shape = whole.image.shape[1:]
        known = np.zeros(shape, dtype=bool)
        top, left, bottom, right = correction.box
        known[top:bottom, left:right] = True
        rows = _around(top, bottom, side, shape[0])
        columns = _around(left, right, side, shape[1])
        name = f"{whole.name} {correction.box}"
        target = np.where(known, whole.labeled, np.uint8(0))
        return Sample(
            name,
            whole.image[:, rows, columns],
            target[..., rows, columns],
            known[rows, columns],
        )

    def _ranked(self, networks: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        seen = [replace(each.place, box=each.box) for each in before if each.place is not None]
        for place in rank(self._places(networks), limit=200, seen=seen):
            yield self._numbers[place.image], self._label_box(place), place

    def _regions(self, _: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        rng = np.random.default_rng((self._seed, len(before), 1))
        while True:
            index = int(rng.integers(len(self._pool)))
            top, left, bottom, right = self._sizes[int(rng.integers(len(self._sizes)))]
            rows, columns = self._pool[index].image.shape[1:]
            height, width = min(bottom - top, rows), min(right - left, columns)
            row, column = rng.integers((rows - height + 1, columns - width + 1)).tolist()
            yield index, (row, column, row + height, column + width), None

    def _images(self, _: Ensemble, before: Sequence[Correction]) -> Iterator[_Proposal]:
        order = np.random.default_rng((self._seed, 2)).permutation(len(self._pool))
        for index in order[len(before) :].tolist():
            rows, columns = self._pool[index].image.shape[1:]
            yield index, (0, 0, rows, columns), None

    @cached_property
    def _sizes(self) -> list[Box]:
        """Boxes of the best places of the first networks."""
        return [self._label_box(place) for place in rank(self._places(self._first), limit=100)]

    def _places(self, networks: Ensemble) -> list[Place]:
        places: list[Place] = []
        for index, logits in predict_samples(networks, self._pool):
            sample = self._pool[index]
            probability = self._scheme.probability(logits).numpy()
            places += find_places(
                self._scheme.harden(probability).astype(np.uint8),
                self._scheme,
                image=sample.name,
                frame=0,
                probabilities=probability,
                pixels=sample.image,
            )
        return places

    def _label_box(self, place: Place) -> Box:
        rows, columns = self._pool[self._numbers[place.image]].image.shape[1:]
        return padded(place.box, self._margin, (rows, columns))

    def _cost(self, index: int, box: Box) -> int:
        centers = self._centers[index]
        inside = (centers >= box[:2]) & (centers < box[2:])
        return max(1, int(inside.all(axis=1).sum()))


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

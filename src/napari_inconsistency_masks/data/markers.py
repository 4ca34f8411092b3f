"""How positions are marked in labels, and other labels marked in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from ..cells import MarkerStyle
from .sample import Sample, SegmentationData, Source

MOST = 200
"""Labeled images whose markers are looked at."""


def marker_style(data: SegmentationData) -> MarkerStyle:
    """How the markers of the labeled images are drawn, where these labels count.

    Networks that learn from several kinds of labels learn two sizes of markers unless all are
    drawn like these.
    """
    return MarkerStyle.of(_markers(data))


def _markers(data: SegmentationData) -> Iterator[npt.NDArray[np.bool_]]:
    position = data.scheme.position_output
    if position is None:
        return
    for sample in islice(data.labeled, MOST):
        marked = data.scheme.to_channels(sample.labeled)[position]
        known = sample.known  # None, (Y, X) or (K, Y, X)
        if known is not None and known.ndim == 3:
            known = known[position]
        yield marked if known is None else marked & known


@dataclass(frozen=True)
class Restyled:
    """Samples with the markers of one target plane drawn in a style."""

    source: Source
    plane: int
    style: MarkerStyle

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        sample = self.source[index]
        target = sample.labeled.copy()  # (K, Y, X)
        target[self.plane] = self.style.redraw(target[self.plane] > 0)
        return replace(sample, target=target)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))

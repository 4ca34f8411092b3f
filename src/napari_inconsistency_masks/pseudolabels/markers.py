"""How positions are drawn in pseudo-labels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from ..cells import MarkerStyle, pseudo_label_markers
from ..config import PseudoLabelConfig
from ..data.sample import SegmentationData
from .base import DrawMarkers

MOST = 200
"""Labeled images whose markers are looked at."""


def choose_markers(config: PseudoLabelConfig, data: SegmentationData) -> DrawMarkers:
    """As the reference draws them, or like those of the labels.

    The reference's labels are drawn like its pseudo-labels, those of others are not: networks
    would then learn two sizes of markers, and with each generation another place.
    """
    position = data.scheme.position_output
    if config.markers == "paper" or position is None:
        return pseudo_label_markers
    return MarkerStyle.of(_markers(data, position)).redraw


def _markers(data: SegmentationData, position: int) -> Iterator[npt.NDArray[np.bool_]]:
    for sample in islice(data.labeled, MOST):
        marked = data.scheme.to_channels(sample.labeled)[position]
        yield (
            marked if sample.known is None else marked & sample.known.reshape(-1, *marked.shape)[-1]
        )

"""How positions are drawn in pseudo-labels."""

from __future__ import annotations

from ..cells import pseudo_label_markers
from ..config import PseudoLabelConfig
from ..data.markers import marker_style
from ..data.sample import SegmentationData
from .base import DrawMarkers


def choose_markers(config: PseudoLabelConfig, data: SegmentationData) -> DrawMarkers:
    """As the reference draws them, or like those of the labels.

    The reference's labels are drawn like its pseudo-labels, those of others are not: networks
    would then learn two sizes of markers, and with each generation another place.
    """
    if config.markers == "paper" or data.scheme.position_output is None:
        return pseudo_label_markers
    return marker_style(data).redraw

"""What was predicted for one image: layers, counts, places."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari.layers import Image

from ..counting.counts import ImageCounts
from ..layers.frames import FrameAxes
from ..layers.subject import Subject
from ..predicting.found_places import FoundPlace
from ..predicting.prediction import Model
from .result_layers import ResultLayers


@dataclass
class ImageResult:
    """What was predicted for one image; a file that is not open has no layers."""

    subject: Subject
    axes: FrameAxes
    model: Model
    colors: dict[str, str]
    counts: ImageCounts
    layers: ResultLayers | None = None
    places: dict[int, tuple[FoundPlace, ...]] = field(default_factory=dict)

    @property
    def image(self) -> Image | None:
        """The layer that was predicted."""
        return self.subject.layer

"""What was predicted for one image: layers, counts, places."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari.layers import Image

from ._counts import ImageCounts
from ._found_places import FoundPlace
from ._frames import FrameAxes
from ._prediction import Model
from ._result_layers import ResultLayers
from ._subject import Subject


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

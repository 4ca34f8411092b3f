"""What was predicted for one image: layers, counts, places."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from napari.layers import Image

from ..counting.counts import ImageCounts
from ..layers.frames import FrameAxes
from ..layers.subject import Subject
from ..predicting.found_places import FoundPlace
from ..predicting.prediction import Model
from .result_layers import ResultLayers


@dataclass
class ImageResult:
    """What was predicted for one image; a file that is not open has no layers.

    `pixels` is the array of a layer of the person, which may get another one, as from a camera.
    """

    subject: Subject
    axes: FrameAxes
    model: Model
    colors: dict[str, str]
    counts: ImageCounts
    layers: ResultLayers | None = None
    places: dict[int, tuple[FoundPlace, ...]] = field(default_factory=dict)
    pixels: Callable[[], Any] | None = None

    def is_of(self, pixels: Any) -> bool:
        """Whether this array was predicted, as far as that can be known."""
        return self.subject.file is not None or self.pixels is None or self.pixels() is pixels

    def begin(self, pixels: Any) -> None:
        """Remember which array is predicted from now on."""
        with suppress(TypeError):  # not all that are like arrays can be referred to so
            self.pixels = weakref.ref(pixels)

    def clear(self) -> None:
        """Know nothing any more of what was predicted."""
        self.counts, self.places = ImageCounts(), {}
        if self.layers is not None:
            self.layers.clear()

    @property
    def image(self) -> Image | None:
        """The layer that was predicted."""
        return self.subject.layer

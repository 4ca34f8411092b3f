"""What belongs to each image: layers made for it, layers it was drawn in, named axes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from weakref import WeakKeyDictionary, WeakValueDictionary

from napari.layers import Image, Layer

from .class_rows import MASK, POSITION, ClassRow, OwnRows
from .fitting import fits, shape_of
from .frames import FrameAxes
from .viewer_layers import ViewerLayers, geometry, put, role_of

_Made = tuple["weakref.ref[Image]", tuple[int, ...]]
_ByClass = WeakValueDictionary[tuple[str, str], Layer]
"""The layer of each class, by its name and kind."""


class ImageLayers:
    """All of a session.

    Layers that a person added belong to no image. One that was made for an image is for no other
    one, nor for the same with another shape; once that image is gone, a person may choose it for
    another.

    Parameters
    ----------
    layers
        Of the viewer.

    Attributes
    ----------
    own : OwnRows
        The images that brought layers.
    """

    def __init__(self, layers: ViewerLayers) -> None:
        self.own = OwnRows()
        self._layers = layers
        self._made: WeakKeyDictionary[Layer, _Made] = WeakKeyDictionary()
        self._used: WeakKeyDictionary[Image, dict[FrameAxes, _ByClass]] = WeakKeyDictionary()
        self._axes: WeakKeyDictionary[Image, FrameAxes] = WeakKeyDictionary()

    def make(self, layer: Layer, image: Image) -> None:
        """A layer is made for an image, and is about to be added."""
        self._made[layer] = weakref.ref(image), shape_of(image)

    def lie_on(self, image: Image, axes: FrameAxes) -> None:
        """Have the layers that were made for an image be where it is now.

        A person may have scaled or moved it, and would paint beside what she sees. Her own layers
        stay where they are.
        """
        if image.ndim != len(axes.layer_letters):
            return
        own, where = self.own.of(image), geometry(image, axes)
        brought = () if own is None else (row.layer for row in own.rows if row.layer is not None)
        made = (layer for layer, (whose, _) in self._made.items() if whose() is image)
        for layer in [*brought, *made]:
            if role_of(layer) is not None and self._layers.has(layer) and fits(layer, axes):
                put(layer, where)

    def fitting(
        self, layer: Layer | None, image: Image | None, axes: FrameAxes | None
    ) -> Layer | None:
        """A layer, if it is there, fits an image and belongs to no other one; else None."""
        if layer is None or image is None or axes is None or not self._layers.has(layer):
            return None
        made_for, shape = self._made.get(layer, (None, ()))
        if made_for is not None and (made_for() is not image or shape != shape_of(image)):
            return None
        return layer if self.own.may_hold(layer, image) and fits(layer, axes) else None

    def may_choose(self, layer: Layer, image: Image | None, axes: FrameAxes | None) -> bool:
        """Whether a person may choose a layer for an image."""
        if not self._is_left(layer):
            return self.fitting(layer, image, axes) is not None
        return axes is not None and self.own.may_hold(layer, image) and fits(layer, axes)

    def proposed(self, image: Image | None, axes: FrameAxes | None) -> list[Layer]:
        """The layers to propose for an image of whose classes nothing is known.

        Of those that fit, the ones that were made for it; else those in the list of layers above
        it, up to the next image of its shape, which they may be of as well; else all.
        """
        fit = [layer for layer in self._layers.drawable() if self.fitting(layer, image, axes)]
        made = [layer for layer in fit if layer in self._made]
        if made or image is None:
            return made or fit
        everything, shape = self._layers.all(), shape_of(image)
        above = everything[everything.index(image) + 1 :]
        others = [layer for layer in self._layers.images() if shape_of(layer) == shape]
        upto = next((place for place, layer in enumerate(above) if layer in others), len(above))
        return [layer for layer in fit if layer in above[:upto]] or fit

    def use(self, image: Image | None, axes: FrameAxes | None, rows: Sequence[ClassRow]) -> None:
        """A person chose these layers for the classes of an image with these axes.

        Those of classes that are no longer in the table are still known.
        """
        if image is None or axes is None:
            return
        self.own.use(image, rows)
        used = self._used.setdefault(image, {}).setdefault(axes, _ByClass())
        for row in rows:
            used.pop((row.name, row.kind), None)
            if row.layer is not None:
                if self._is_left(row.layer):
                    self.make(row.layer, image)
                used[row.name, row.kind] = row.layer

    def rename(self, before: Sequence[ClassRow], after: Sequence[ClassRow]) -> None:
        """The table of classes is changed: one that is renamed stays in its layers everywhere."""
        old, new = [row.name for row in before], [row.name for row in after]
        gone, come = [name for name in old if name not in new], [n for n in new if n not in old]
        if len(old) != len(new) or len(gone) != 1 or len(come) != 1:
            return
        for by_class in (item for by_axes in self._used.values() for item in by_axes.values()):
            for kind in (MASK, POSITION):
                layer = by_class.pop((gone[0], kind), None)
                if layer is not None:
                    by_class[come[0], kind] = layer

    def drawn_in(self, row: ClassRow, image: Image, axes: FrameAxes) -> Layer | None:
        """The layer in which a class was last drawn on an image, else that of the row."""
        own = self.own.of(image)
        brought = own.rows if own is not None else ()
        used = self._used.get(image, {}).get(axes, _ByClass()).get((row.name, row.kind))
        same = (each.layer for each in brought if (each.name, each.kind) == (row.name, row.kind))
        used = next(same, used)
        return self.fitting(used, image, axes) or self.fitting(row.layer, image, axes)

    def name_axes(self, image: Image | None, axes: FrameAxes) -> None:
        """A person said what the axes of an image are."""
        if image is not None:
            self._axes[image] = axes

    def named_axes(self, image: Image) -> FrameAxes | None:
        """What she said, unless the image has another shape now."""
        axes = self._axes.get(image)
        return None if axes is None or axes.shape != shape_of(image) else axes

    def _is_left(self, layer: Layer) -> bool:
        """Whether the image that a layer was made for is gone."""
        made_for, _ = self._made.get(layer, (None, ()))
        return made_for is not None and not self._layers.has(made_for())

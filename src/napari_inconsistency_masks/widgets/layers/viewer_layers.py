"""The layers of a viewer: the only file that touches ``viewer.layers``.

Layers of the person are never changed, renamed, moved or removed. Layers made here are known by
identity and marked in their metadata; one that was deleted is simply made anew.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Points
from napari.layers.base import ActionType

from ...boxes import Box
from .frames import FrameAxes
from .units import ratios

ROOM = 4.0
"""How much larger than a box the part of the image is that is shown around it."""

NEAR = 1.5
"""A zoom that is right within this factor stays: the picture jumps less, and sooner."""

KEY = "napari-inconsistency-masks"
"""Of the metadata of layers made here: a dict with at least ``role``."""


def unwrap(thing: Any) -> Any:
    """The object itself if napari hands it out in a proxy, so that identity can be compared."""
    return getattr(thing, "__wrapped__", thing)


def mark(role: str, **about: Any) -> dict[str, Any]:
    """Metadata of a layer made here."""
    return {KEY: {"role": role, **about}}


def role_of(layer: Layer) -> str | None:
    """The role of a layer made here, None for all others."""
    about = layer.metadata.get(KEY)
    return about.get("role") if isinstance(about, dict) else None


class ViewerLayers:
    """What the plugin does with the layers of one viewer.

    Parameters
    ----------
    viewer
        The viewer itself (no proxy); it is not kept alive.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)
        self._fitted: Callable[[], Layer | None] = lambda: None
        self._fitted_zoom = 1.0

    @property
    def viewer(self) -> Any:
        """The viewer; a `RuntimeError` if it is closed."""
        viewer = self._viewer()
        if viewer is None:
            raise RuntimeError("the viewer is closed")
        return viewer

    @property
    def alive(self) -> bool:
        """Whether the viewer is still open."""
        return self._viewer() is not None

    @property
    def flat(self) -> bool:
        """Whether layers lie over each other: not in 3D, nor side by side in a grid."""
        viewer = self._viewer()
        return viewer is not None and viewer.dims.ndisplay == 2 and not viewer.canvas.grid.enabled

    def all(self) -> list[Layer]:
        """All layers, bottom first; none if the viewer is closed."""
        return list(self.viewer.layers) if self.alive else []

    def images(self) -> list[Image]:
        """Images of the person or her project: no results, and at least two axes."""
        return [
            layer
            for layer in self.all()
            if isinstance(layer, Image) and role_of(layer) in (None, "file") and layer.ndim >= 2
        ]

    def active_image(self) -> Image | None:
        """The selected image, else the topmost one."""
        images = self.images()
        selected = [layer for layer in images if layer in self.viewer.layers.selection]
        return next(iter([*selected, *reversed(images)]), None)

    def drawable(self) -> list[Layer]:
        """Labels and points of the person, and those made for drawing; no predictions."""
        return [
            layer
            for layer in self.all()
            if isinstance(layer, Labels | Points) and role_of(layer) in (None, "drawing", "truth")
        ]

    def add(self, layer: Layer) -> Layer:
        """Add a layer on top, and leave the selection as it was."""
        selected = list(self.viewer.layers.selection)
        added = self.viewer.add_layer(layer)
        if selected:
            self.viewer.layers.selection = selected
        return unwrap(added)

    def remove(self, layer: Layer) -> None:
        """Remove a layer made here, if it is still there."""
        if self.has(layer) and role_of(layer) is not None:
            self.viewer.layers.remove(layer)

    def select(self, layer: Layer) -> None:
        """Make a layer the selected one."""
        self.viewer.layers.selection.active = layer

    def selects(self, layer: Layer) -> bool:
        """Whether a layer is the selected one."""
        return bool(self.viewer.layers.selection.active is layer)

    def fit_view(self) -> None:
        """Show everything."""
        self.viewer.reset_view()

    def has(self, layer: Layer | None) -> bool:
        """Whether a layer is (still) in the viewer."""
        return layer is not None and any(item is layer for item in self.all())

    def sliders(self) -> tuple[int, ...]:
        """Where they are; along rows and columns that changes with the size of layers."""
        if not self.alive:
            return ()
        dims = self.viewer.dims
        return (*dims.order, *(dims.current_step[axis] for axis in dims.not_displayed))

    def frame_shown(self, image: Layer, axes: FrameAxes) -> int:
        """The frame of an image that the sliders point at; 0 if it has no longer these axes."""
        place = self._place_shown(image, axes)
        return 0 if place is None else axes.frame_at(place)

    def channel_shown(self, image: Layer, axes: FrameAxes) -> int:
        """The channel that they point at; 0 if there is none."""
        place = self._place_shown(image, axes)
        if place is None or "C" not in axes.layer_letters:
            return 0
        return min(max(round(place[axes.letters.index("C")]), 0), axes.channels - 1)

    def _place_shown(self, image: Layer, axes: FrameAxes) -> list[float] | None:
        if not self.alive or image.ndim != len(axes.layer_letters):
            return None
        point = np.zeros(image.ndim)  # a viewer may have fewer axes than an image that left it
        known = self.viewer.dims.point[-image.ndim :]
        point[image.ndim - len(known) :] = known
        return [float(value) for value in image.world_to_data(point / self._ratios(image))]

    def _ratios(self, image: Layer) -> npt.NDArray[np.float64]:
        """How many units of the viewer those of an image are, by axis."""
        return ratios(image.units, getattr(self.viewer.dims, "units", None))

    def show_frame(self, image: Layer, axes: FrameAxes, frame: int) -> None:
        """Move the sliders to a frame of an image, unless it has no longer these axes."""
        dims, place = self.viewer.dims, self._place_shown(image, axes)
        if place is None:
            return
        where = dict(zip(axes.stack_letters, axes.place(frame), strict=True))
        wanted = [
            where.get(letter, value)
            for letter, value in zip(axes.layer_letters, place, strict=True)
        ]
        world = np.array(image.data_to_world(wanted)) * self._ratios(image)
        for axis, (letter, value) in enumerate(
            zip(axes.layer_letters, world, strict=True), start=dims.ndim - len(wanted)
        ):
            if letter in axes.stack_letters:
                dims.set_point(axis, value)

    def show_box(self, image: Layer, axes: FrameAxes, frame: int, box: Box) -> None:
        """Move the sliders to a frame and the camera to a box in it, with some room around."""
        self.show_frame(image, axes, frame)
        dims = self.viewer.dims
        shown = [axis - dims.ndim + image.ndim for axis in dims.displayed]
        if dims.ndisplay != 2 or min(shown) < 0:
            return
        corners = axes.points(frame, np.array([box[:2], box[2:]], float) - 0.5)
        world = np.array([image.data_to_world(corner) for corner in corners])[:, shown]
        whole = np.ptp(np.asarray(image.extent.world)[:, shown], axis=0)
        world, whole = world * (ratio := self._ratios(image)[shown]), whole * ratio
        size = np.ptp(world, axis=0).clip(1e-9)
        camera = self.viewer.scene.camera
        if self._fitted() is not image:
            self.viewer.reset_view()  # the zoom at which the whole image is seen
            self._fitted, self._fitted_zoom = weakref.ref(image), camera.zoom
        zoom = self._fitted_zoom * max(1.0, float((whole / size).min()) / ROOM)
        if not zoom / NEAR <= camera.zoom <= zoom * NEAR:
            camera.zoom = zoom
        camera.center = (camera.center[0], *world.mean(axis=0))


@contextmanager
def told_once(layer: Layer) -> Iterator[None]:
    """Have napari tell once that points or shapes changed: it asks all layers each time."""
    with layer.events.data.blocker():
        yield
    about = {"data_indices": tuple(range(len(layer.data))), "vertex_indices": ((),)}
    layer.events.data(value=layer.data, action=ActionType.CHANGED, **about)


GEOMETRY = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
"""What `geometry` says; napari has an event of this name for each."""


def geometry(image: Layer, axes: FrameAxes) -> dict[str, Any]:
    """Where a layer has to be to lie on an image; one pixel covers all its channels."""
    scale, translate = np.array(image.scale), np.array(image.translate)
    if "C" in axes.layer_letters:
        channel, count = axes.layer_letters.index("C"), axes.channels
        translate[channel] += scale[channel] * (count - 1) / 2
        scale[channel] *= count
    return {
        "scale": scale,
        "translate": translate,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine.affine_matrix,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }


def put(layer: Layer, where: Mapping[str, Any]) -> None:
    """Place a layer as `geometry` says; what is so already is left alone, for it takes a while."""
    for name, value in where.items():
        now = layer.affine.affine_matrix if name == "affine" else getattr(layer, name)
        if name in ("units", "axis_labels"):
            same = tuple(map(str, now)) == tuple(map(str, value))
        else:
            same = np.array_equal(np.asarray(now), np.asarray(value))
        if not same:
            setattr(layer, name, value)

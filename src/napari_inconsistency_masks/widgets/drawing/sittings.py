"""What is drawn on each image with certain classes, and where that is kept: plain logic, no Qt."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from napari.layers import Image, Layer

from ...errors import InputError
from ..layers.class_rows import ClassRow
from ..layers.frames import FrameAxes
from .drawn_classes import beyond_channel, drawing_like
from .kept import Home, home_in, save_changed
from .kept_folders import Kept, key_of, new_folder, newest_kept
from .layer_data import LayerData
from .snapshot import Drawing
from .strays import beyond_frames


@dataclass
class Sitting:
    """What is drawn on one image with certain classes, and what of it is on disk.

    Attributes
    ----------
    key, source
        By which copies of another day are found, and the image's file.
    drawing
        As it was at the last stroke, without the image; areas are views of the layers.
    home
        Where it is kept, once there is something.
    drawn
        Whether there was a stroke.
    image
        The layer that is drawn on, if it is no file of a project.
    rest
        What is still to be restored, if somebody asked for it.
    layers
        Those of the classes, in their order.
    """

    key: str
    source: str
    drawing: Drawing
    home: Home | None = None
    drawn: bool = False
    image: weakref.ref[Image] | None = None
    rest: Kept | None = None
    layers: tuple[weakref.ref[Layer] | None, ...] = ()

    @property
    def in_project(self) -> bool:
        """Whether this is a file of a project."""
        return self.home is not None and self.home.axes is not None

    def is_of(self, image: Image) -> bool:
        """Whether this layer is drawn on."""
        return self.image is not None and self.image() is image

    def is_drawn_in(self, rows: Sequence[ClassRow]) -> bool:
        """Whether these are the layers of its classes."""
        return len(rows) == len(self.layers) and all(
            row.layer is None if layer is None else row.layer is not None and row.layer is layer()
            for row, layer in zip(rows, self.layers, strict=True)
        )

    def loses_nothing(self, rows: Iterable[ClassRow]) -> bool:
        """Whether nothing is drawn in layers that are no longer those of its classes."""
        now = {row.name: row.layer for row in rows}
        layers = [layer() for layer in self.layers if layer is not None]
        return all(
            (layer is not None and layer is now.get(item.name)) or item.is_empty()
            for item, layer in zip(self.drawing.drawn, layers, strict=True)
        )

    def save(self, root: Path, first: int) -> Generator[None, None, None]:
        """Save what changed, in a new folder of `root` if it has none; frame `first` first."""
        if not self.drawing.drawn and not self.drawing.boxes:
            return
        if self.home is None:
            folder = new_folder(root, self.key, self.drawing, self.source)
            self.home = home_in(folder, self.drawing.scheme)
            if self.home is None:
                raise InputError(f"{folder}: another window writes into this folder.")
        yield from save_changed(self.drawing, self.home, first)

    def leave(self) -> None:
        """Nothing more is saved."""
        if self.home is not None:
            self.home.release()

    def look(self, root: Path, *, alike: bool) -> Generator[None, None, Kept | None]:
        """Look for copies of another day; see `newest_kept`."""
        yield
        return newest_kept(root, self.drawing, self.source, alike=alike)


class Sittings:
    """All of a window.

    Parameters
    ----------
    data
        Says which image is drawn on, and what its classes are.

    Attributes
    ----------
    current : Sitting or None
        The one of which `now` spoke last.
    problem : str
        Why nothing can be said of what is drawn now, in a sentence; empty if that is no mistake.
    stuck : bool
        Whether that is so of a file of a project.
    left_out : str
        What is drawn now and cannot be saved with the rest, in a sentence; else empty.
    """

    def __init__(self, data: LayerData) -> None:
        self.current: Sitting | None = None
        self.problem, self.stuck, self.left_out = "", False, ""
        self._data = data
        self._homes: dict[int, Home] = {}
        self._given_up: set[int] = set()
        self._known: list[Sitting] = []
        self._last: weakref.WeakKeyDictionary[Image, Sitting] = weakref.WeakKeyDictionary()

    def adopt(self, image: Image, home: Home) -> None:
        """Keep what is drawn on an image of a project there."""
        self._homes[id(image)] = home
        self._given_up.discard(id(image))

    def give_up(self, image: Image) -> None:
        """Layers of a project's file are gone: say nothing of it, whatever takes their place."""
        self._given_up.add(id(image))

    def let_go(self, image: Image) -> None:
        """The image is no longer open; forget all of it if it was one of a project."""
        self._given_up.discard(id(image))
        home = self._homes.pop(id(image), None)
        if home is not None:
            key = _project_key(home)
            self._known = [sitting for sitting in self._known if sitting.key != key]
            self._last.pop(image, None)
            self.current = None

    def last(self, image: Image) -> Sitting | None:
        """The one with what was drawn on an image when that could be said last.

        If the image is chosen, with what is drawn in its layers now.
        """
        sitting, data = self._last.get(image), self._data
        if sitting is None or image is not data.image or id(image) in self._given_up:
            return sitting
        layers = [layer() for layer in sitting.layers if layer is not None]
        sitting.drawing = drawing_like(sitting.drawing, layers, image, data.boxes)
        return sitting

    def is_last_of(self, sitting: Sitting, images: Iterable[Image]) -> bool:
        """Whether it is `last` of one of these images."""
        return any(self._last.get(image) is sitting for image in images)

    def forget_closed(self, needed: Callable[[Sitting], bool]) -> None:
        """Let go of images that were removed, but for sittings that are still needed."""
        for sitting in list(self._known):
            image = None if sitting.image is None else sitting.image()
            if sitting.in_project or needed(sitting) or self._data.layers.has(image):
                continue
            self._known = [other for other in self._known if other is not sitting]
            if image is not None:
                self._last.pop(image, None)
            sitting.leave()

    def end(self) -> None:
        """Let other windows have all folders."""
        for sitting in self._known:
            sitting.leave()

    def now(self) -> Sitting | None:
        """The one with what is drawn now; None if that cannot be said."""
        self.current = self._now()
        return self.current

    def _now(self) -> Sitting | None:
        self.problem, self.stuck, self.left_out = "", False, ""
        image = self._data.image
        home = self._homes.get(id(image))
        if image is None or id(image) in self._given_up:
            return None
        if home is not None and self._data.boxes.lost(image):
            return None
        try:
            drawing = replace(self._data.drawing(partly=home is None), image=None)
        except InputError as error:
            self.problem, self.stuck = str(error), home is not None
            return None
        if home is not None:
            if not home.takes(drawing):
                self.problem, self.stuck = _strange(home), True
                return None
            key = _project_key(home)
            sitting = self._newest(key) or self._begin(Sitting(key, "", drawing, home))
        else:
            source = str(getattr(image.source, "path", None) or "")
            key = key_of(drawing, source)
            sitting = self._going_on(key, image) or self._begin(
                Sitting(key, source, drawing, image=weakref.ref(image))
            )
        sitting.drawing = drawing
        self.left_out = beyond_frames(drawing) or self._beyond_channel(image, drawing.axes)
        layers = (row.layer for row in self._data.drawn_rows)
        sitting.layers = tuple(None if each is None else weakref.ref(each) for each in layers)
        self._last[image] = sitting
        return sitting

    def _beyond_channel(self, image: Image, axes: FrameAxes) -> str:
        layers, rows = self._data.layers, self._data.drawn_rows
        frame, channel = layers.frame_shown(image, axes), layers.channel_shown(image, axes)
        return beyond_channel(image, axes, rows, frame, channel)

    def _newest(self, key: str) -> Sitting | None:
        return next((sitting for sitting in reversed(self._known) if sitting.key == key), None)

    def _going_on(self, key: str, image: Image) -> Sitting | None:
        """The newest one that what is drawn now on an image may take the place of on disk.

        None of another image layer, even of the same name and file; nor one in which something is
        drawn in a layer that is no longer that of its class: it was never erased.
        """
        rows = self._data.drawn_rows
        known = [each for each in reversed(self._known) if each.key == key and each.is_of(image)]
        same = (each for each in known if each.is_drawn_in(rows))
        other = (each for each in known if each.loses_nothing(rows))  # slow, so last
        found = next(chain(same, other), None)
        if found is not None and found.drawing.boxes and self._data.boxes.lost(image):
            return None
        return found

    def _begin(self, sitting: Sitting) -> Sitting:
        self._known.append(sitting)
        return sitting


def _project_key(home: Home) -> str:
    """No image outside of the project has it."""
    return f"{home.corrections.folder}|{home.image}"


def _strange(home: Home) -> str:
    """Why a drawing is none of a file, in a sentence."""
    scheme, axes = home.corrections.scheme, home.axes
    letters = "" if axes is None else f" and axes {axes.letters}"
    return (
        f"The project has the classes {', '.join(scheme.classes)} ({scheme.task.value}){letters}: "
        f"name them so under 1 Data."
    )

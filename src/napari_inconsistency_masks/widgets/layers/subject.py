"""What is predicted and corrected: a layer of the person, or a file of her project."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterable

from napari.layers import Image, Layer

from ...projects import ImageEntry
from ...projects.image_files import file_name
from .frames import FrameAxes


class Subject:
    """An image that is known by identity, also while its file is not open.

    Parameters
    ----------
    name
        For people.
    axes
        Of a file that was never read, what the project knows of its frames.
    layer
        Where it is shown, which is not kept alive.
    file
        Its id in the project, or None for a layer of the person.
    """

    def __init__(
        self, name: str, axes: FrameAxes, layer: Image | None = None, file: str | None = None
    ) -> None:
        self._name, self.axes, self.file = name, axes, file
        self.layer = layer

    @property
    def name(self) -> str:
        """What it is called now: a person may call her layer something else."""
        if self.file is None and (layer := self.layer) is not None:
            self._name = str(layer.name)
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def layer(self) -> Image | None:
        """Where it is shown; None for a file that is not open, or a layer that is gone."""
        return self._layer()

    @layer.setter
    def layer(self, layer: Image | None) -> None:
        self._layer: Callable[[], Image | None] = _nowhere if layer is None else weakref.ref(layer)


class Subjects:
    """All of a session."""

    def __init__(self) -> None:
        self._by_layer: weakref.WeakKeyDictionary[Layer, Subject] = weakref.WeakKeyDictionary()
        self._files: dict[str, Subject] = {}

    def of(self, layer: Layer | None) -> Subject | None:
        """What a layer shows, if it is known."""
        return None if layer is None else self._by_layer.get(layer)

    def make(self, layer: Image, axes: FrameAxes) -> Subject:
        """The same; a layer that is not known yet is one of the person."""
        known = self._by_layer.get(layer)
        if known is None:
            known = self._by_layer[layer] = Subject(layer.name, axes, layer)
        elif known.file is None:
            known.axes = axes
        return known

    def file(self, image_id: str) -> Subject | None:
        """The file of the project with this id."""
        return self._files.get(image_id)

    def take_files(self, images: Iterable[ImageEntry]) -> list[Subject]:
        """Know the files of a project; those known already stay. Returns those no longer in it."""
        images = list(images)
        names = file_names(images)
        known = {image.id: self._files.get(image.id) for image in images}
        gone = [subject for image_id, subject in self._files.items() if image_id not in known]
        self._files = {
            image.id: known[image.id] or Subject(names[image.id], _axes(image), file=image.id)
            for image in images
        }
        for image_id, subject in self._files.items():
            subject.name = names[image_id]
        return gone

    def forget_files(self) -> list[Subject]:
        """Know no files any more; those that were known."""
        gone, self._files = list(self._files.values()), {}
        return gone

    def show(self, subject: Subject, layer: Image) -> None:
        """A file is open in a layer now."""
        subject.layer = layer
        self._by_layer[layer] = subject

    def hide(self, subject: Subject) -> None:
        """A file is no longer open."""
        if subject.layer is not None:
            self._by_layer.pop(subject.layer, None)
        subject.layer = None


def _nowhere() -> None:
    """The layer of what is not shown."""


def file_names(images: Iterable[ImageEntry]) -> dict[str, str]:
    """By id what a file is called: its name, or its path in the project if others have that."""
    images = list(images)
    names = [file_name(image.path) for image in images]
    times = Counter(names)
    return {
        image.id: name if times[name] == 1 else image.path
        for image, name in zip(images, names, strict=True)
    }


def _axes(image: ImageEntry) -> FrameAxes:
    stack = ("T", (image.frames,)) if image.frames > 1 else ("", ())
    return FrameAxes(stack[0] + "YX", (*stack[1], *image.size))

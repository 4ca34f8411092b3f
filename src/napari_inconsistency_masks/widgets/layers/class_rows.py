"""The classes of an image, and where each is drawn: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from napari.layers import Image, Layer

from ...task import Task
from ..parts.colors import class_color
from .frames import FrameAxes

MASK, POSITION = "mask", "position"
NO_LAYER = "none yet"
"""What is chosen for a class that is drawn nowhere."""

DEFAULT_CLASSES = (("alive", MASK), ("dead", MASK), ("position", POSITION))


@dataclass(frozen=True)
class ClassRow:
    """A class, and where it is drawn.

    Attributes
    ----------
    name, color
        For people.
    kind
        `MASK`, or `POSITION` if its spots or points mark cells.
    layer
        Labels, or for positions perhaps points; None as long as there is none.
    """

    name: str
    color: str
    kind: str = MASK
    layer: Layer | None = None


@dataclass(frozen=True)
class Own:
    """The axes, label kind and classes of an image that brought layers of its own for them."""

    axes: FrameAxes
    task: Task
    rows: tuple[ClassRow, ...]


class OwnRows:
    """Which images brought layers of their own: nobody draws in these for another image."""

    def __init__(self) -> None:
        self._by_image: dict[int, tuple[Image, Own]] = {}

    def of(self, image: Image | None) -> Own | None:
        """What an image brought, if anything."""
        found = self._by_image.get(id(image))
        return None if found is None else found[1]

    def know(self, image: Image, own: Own) -> None:
        """An image brings layers."""
        self._by_image[id(image)] = image, own

    def use(self, image: Image, rows: Iterable[ClassRow]) -> None:
        """A person chose other layers for some of its classes."""
        own, layers = self.of(image), {(row.name, row.kind): row.layer for row in rows}
        if own is not None:
            kept = [
                replace(row, layer=layers.get((row.name, row.kind)) or row.layer)
                for row in own.rows
            ]
            self.know(image, replace(own, rows=tuple(kept)))

    def forget(self, image: Image) -> None:
        """It is gone, and so are they."""
        self._by_image.pop(id(image), None)

    def may_hold(self, layer: Layer, image: Image | None) -> bool:
        """Whether a layer belongs to nobody, or to this image."""
        owners = [
            owner
            for owner, own in self._by_image.values()
            if any(row.layer is layer for row in own.rows)
        ]
        return not owners or owners[0] is image


def mean_the_same(before: Sequence[ClassRow], after: Sequence[ClassRow]) -> bool:
    """Whether everything that is drawn means the same after a change of the table.

    As it does with other colors, or with a layer for a class that had none.
    """
    return len(before) == len(after) and all(
        (old.name, old.kind) == (new.name, new.kind)
        and (old.layer is None or old.layer is new.layer)
        for old, new in zip(before, after, strict=True)
    )


def numbered_alike(before: Sequence[ClassRow], after: Sequence[ClassRow]) -> bool:
    """Whether exclusive classes have the numbers in their layer that they had.

    Not if one is removed that is not the last; then the next one would get what was drawn as it.
    """
    fewer = len(after) < len(before)
    return not fewer or all(old.name == new.name for old, new in zip(before, after, strict=False))


def default_rows() -> list[ClassRow]:
    """The classes of the paper's cells."""
    return [
        ClassRow(name, class_color(number), kind)
        for number, (name, kind) in enumerate(DEFAULT_CLASSES)
    ]

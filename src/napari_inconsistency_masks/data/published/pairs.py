"""Data sets that others publish: how one is recognized, and pairs of a color image and one mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...files.header import ImageHeader
from ...files.names import about, folder_name, listed
from ...intensity import Intensity
from ..cache import SampleCache
from ..mask_files import color_channels, id_channels
from ..pixels import to_channels
from ..sample import Sample
from ..sources import ItemSource
from .image_tree import ImageTree


@dataclass(frozen=True)
class Layout:
    """What must be known of a published data set to recognize it, and to say what is missing.

    Attributes
    ----------
    title
        What it is called in sentences.
    signs
        Paths of folders; one of them is enough to recognize it.
    publisher
        Who gives it to whom, and what to do with it: a sentence without its period.
    """

    title: str
    signs: tuple[str, ...]
    publisher: str

    def require(self, tree: ImageTree, path: Path, folder: str) -> str:
        """Where a folder is; `InputError` says where to get it if it is missing."""
        found = tree.find(folder)
        if found is None:
            raise InputError(
                f"{folder_name(path)}: the folder {folder} of the {self.title} data set is "
                f"missing. {self.publisher}."
            )
        return found


def no_test_split(folder: str) -> str:
    """The note that is due if the test images of a data set are not there."""
    return f"There is no test split, as the folder {folder} was not found."


@dataclass(frozen=True)
class Item:
    """A sample to be made of an image file and its mask file; ``piece`` is its number in them."""

    name: str
    image: str
    mask: str
    piece: int = 0


def pair_by_name(images: Mapping[str, str], masks: Mapping[str, str], where: str) -> list[Item]:
    """Images with the masks of the same names.

    Raises
    ------
    InputError
        If there is no image, or one without a mask; ``where`` begins the message.
    """
    if not images:
        raise InputError(
            f"{where}: there are no images; complete the download, or unpack it again."
        )
    missing = [name for name in images if name not in masks]
    if missing:
        raise InputError(
            f"{where}: {len(missing)} of {len(images)} images have no mask ({listed(missing)}); "
            f"complete the download, or take these images out."
        )
    return [Item(name, image, masks[name]) for name, image in images.items()]


Prepare = Callable[[Item, npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None], Sample]
"""Makes a sample of an image ``(3, Y, X)`` and its labels ``(Y, X)``; None for no target."""

ReadLabels = Callable[[npt.NDArray[Any], Path], npt.NDArray[np.uint8]]
"""Makes labels ``(Y, X)`` of the channels ``(C, Y, X)`` of a mask file."""


class PublishedImages:
    """Reads images with their masks, and keeps the samples in memory as far as there is room.

    Parameters
    ----------
    tree
        Where the files are.
    intensity
        How gray values with more than 8 bits become 0 to 255.
    labels, prepare
        What is special about the data set.
    ids
        Whether a mask with a palette holds class ids, its indices; else its colors count.
    """

    def __init__(
        self,
        tree: ImageTree,
        intensity: Intensity,
        labels: ReadLabels,
        prepare: Prepare,
        *,
        ids: bool = False,
    ) -> None:
        self._tree = tree
        self._intensity = intensity
        self._labels = labels
        self._prepare = prepare
        self._mask_channels = id_channels if ids else color_channels
        self._cache = SampleCache()

    def read(self, item: Item, *, with_target: bool) -> Sample:
        """One sample, with its target if so asked."""
        return self._cache.get((item, with_target), lambda: self._read(item, with_target))

    def _read(self, item: Item, with_target: bool) -> Sample:
        image = self._color(item.image)
        if not with_target:
            return self._prepare(item, image, None)
        labels = self._labels(self._mask(item.mask), Path(item.mask))
        return self._prepare(item, image, labels)

    def _color(self, file: str) -> npt.NDArray[np.uint8]:
        pixels, header = self._frame(file)
        channels = to_channels(pixels, header.frame_axes)
        if len(channels) not in (1, 3):
            raise InputError(about(Path(file), f"has {len(channels)} channels instead of 3."))
        try:
            scaled = self._intensity.apply(channels)
        except InputError as error:
            raise InputError(about(Path(file), str(error))) from None
        if scaled.finite is not None:
            raise InputError(about(Path(file), "has pixels without a value (NaN or infinite)."))
        return np.broadcast_to(scaled.image, (3, *scaled.image.shape[1:]))

    def _mask(self, file: str) -> npt.NDArray[Any]:
        return self._mask_channels(*self._frame(file, palette_indices=True), Path(file))

    def _frame(
        self, file: str, *, palette_indices: bool = False
    ) -> tuple[npt.NDArray[Any], ImageHeader]:
        with self._tree.open(file, palette_indices=palette_indices) as stack:
            if len(stack) > 1:
                raise InputError(about(Path(file), "a stack; this data set is of single images."))
            return stack[0], stack.header


def check_same_size(
    item: Item, image: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]
) -> None:
    """Raise `InputError` if a mask has another height or width than its image."""
    size, expected = labels.shape, image.shape[1:]
    if size != expected:
        hint = "; it looks transposed" if size == expected[::-1] else ""
        raise InputError(
            about(
                Path(item.mask),
                f"the mask has {size[0]} x {size[1]} and its image {expected[0]} x {expected[1]} "
                f"(rows x columns){hint}.",
                depth=3,
            )
        )


def sources(
    reader: PublishedImages,
    parts: Mapping[str, Sequence[Item]],
    labeled: Sequence[str],
) -> dict[str, ItemSource[Item]]:
    """The lists of samples of a data set.

    Parameters
    ----------
    reader
        Of the samples.
    parts
        Items for ``train``, ``validation`` and ``test``.
    labeled
        Names of the items of ``train`` that count as labeled.

    Raises
    ------
    InputError
        If none is labeled.
    """
    if not labeled:
        raise InputError("There are too few images: none is left for training.")
    chosen = set(labeled)
    unlabeled = [item for item in parts["train"] if item.name not in chosen]
    return {
        "labeled": ItemSource(reader, [i for i in parts["train"] if i.name in chosen]),
        "unlabeled": ItemSource(reader, unlabeled, with_target=False),
        "hidden": ItemSource(reader, unlabeled),
        "validation": ItemSource(reader, parts["validation"]),
        "test": ItemSource(reader, parts["test"]),
    }

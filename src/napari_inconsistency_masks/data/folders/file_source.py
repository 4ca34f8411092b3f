"""Samples that are read from image and mask files when they are asked for."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...files.header import ImageHeader
from ...files.images import open_stack
from ...files.names import about
from ...intensity import Intensity
from ...task import LabelScheme
from ..cache import SampleCache
from ..mask_files import class_channels, id_channels
from ..masks import ClassIds, read_mask
from ..pixels import is_gray, to_channels
from ..roi_masks import Masks, open_masks
from ..sample import Sample, Source
from ..sources import ItemSource, Subset


@dataclass(frozen=True)
class Item:
    """One frame of an image file with its mask files (none: no labels).

    Attributes
    ----------
    name, image, masks
        The sample's name, and its files.
    frame
        Of the image file.
    known
        A mask file, above 0 where the labels count; read as those of classes are, but that areas
        which touch are not set apart. None for everywhere. Of an item without masks, where the
        labels of another item of the same frame count, so that this one is the rest of it.
    mask_frame
        Frame of `masks` and `known`; None for `frame`.
    """

    name: str
    image: Path
    masks: tuple[Path, ...]
    frame: int = 0
    known: Path | None = None
    mask_frame: int | None = None

    @property
    def label_frame(self) -> int:
        """The frame of `masks` and `known` to read."""
        return self.frame if self.mask_frame is None else self.mask_frame


class ItemReader:
    """Reads samples, and remembers what was odd about their files.

    Parameters
    ----------
    scheme
        What the masks mean: one file per class, or for multi-class one file of ids.
    channels
        C of every image; 1 also for color files whose channels are the same.
    intensity
        How gray values become 0 to 255.
    ids
        Meaning of the ids in multi-class masks.
    cache
        Where read samples are kept.

    Attributes
    ----------
    channels : int
    remarks : dict of str to list of Path
        What was noticed so far, and in which files.
    """

    def __init__(
        self,
        scheme: LabelScheme,
        channels: int,
        intensity: Intensity,
        ids: ClassIds | None = None,
        cache: SampleCache | None = None,
    ) -> None:
        self.remarks: dict[str, list[Path]] = {}
        self._scheme = scheme
        self.channels = channels
        self._intensity = intensity
        self._ids = ids or ClassIds(len(scheme.classes))
        self._cache = cache or SampleCache()
        self._stacks = _OpenStacks()

    def read(self, item: Item, *, with_target: bool = True) -> Sample:
        """One sample; without target (and without looking at the masks) if so asked.

        Unlabeled pixels are known in the sense that a pseudo-label may count there.
        """
        with_target = with_target and bool(item.masks)
        return self._cache.get((item, with_target), lambda: self._read(item, with_target))

    def _read(self, item: Item, with_target: bool) -> Sample:
        image, finite = self._read_image(item)
        size = image.shape[-2:]
        if not with_target:
            labeled = None if item.masks else self._read_known(item, size)
            rest = None if labeled is None else ~labeled
            return Sample(item.name, image, known=_in_all([finite, rest]))
        target, known = self._read_target(item)
        if target.shape[-2:] != size:
            raise InputError(about(item.masks[0], "changed its size since it was first read."))
        boxes = self._read_known(item, size)
        return Sample(item.name, image, target, known=_in_all([finite, known, boxes]))

    def _read_image(self, item: Item) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        channels = self._stacks.channels(item.image, item.frame)
        if self.channels == 1 and len(channels) == 3:
            if not is_gray(channels):
                raise InputError(about(item.image, "is in color, and other images are gray."))
            channels = channels[:1]
        if len(channels) != self.channels:
            raise InputError(
                about(item.image, f"its channels are {len(channels)} instead of {self.channels}.")
            )
        try:
            scaled = self._intensity.apply(channels)
        except InputError as error:
            raise InputError(about(item.image, str(error))) from None
        for note in scaled.notes:
            self._remark(note, item.image)
        return scaled.image, scaled.finite

    def _read_target(
        self, item: Item
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        frame = item.label_frame
        if self._scheme.exclusive:
            path = item.masks[0]
            return self._ids.read(
                id_channels(*self._stacks.mask(path, frame, item.image, objects=True), path), path
            )
        planes = [self._plain_mask(item, path) for path in item.masks]
        return np.stack(planes).astype(np.uint8), None

    def _read_known(self, item: Item, size: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
        """Where the labels count ``(Y, X)`` according to a file, or None without one."""
        if item.known is None:
            return None
        known = self._plain_mask(item, item.known, objects=False)
        if known.shape != size:
            raise InputError(
                about(
                    item.known,
                    f"says for {known.shape[0]} x {known.shape[1]} pixels where labels count, and "
                    f"its image {item.image.name} has {size[0]} x {size[1]} (rows x columns); "
                    f"give one value per pixel.",
                )
            )
        return known

    def _plain_mask(self, item: Item, path: Path, *, objects: bool = True) -> npt.NDArray[np.bool_]:
        frame = self._stacks.mask(path, item.label_frame, item.image, objects=objects)
        channels = class_channels(*frame, path)
        mask, remark = read_mask(channels, path, objects=objects)
        if remark:
            self._remark(f"masks with {remark}.", path)
        return mask

    def _remark(self, remark: str, path: Path) -> None:
        files = self.remarks.setdefault(remark, [])
        if path not in files:
            files.append(path)


def _in_all(
    known: Sequence[npt.NDArray[np.bool_] | None],
) -> npt.NDArray[np.bool_] | None:
    """Where all of these masks are true; None (as in Sample) for everywhere."""
    given = [mask for mask in known if mask is not None]
    both: npt.NDArray[np.bool_] | None = np.logical_and.reduce(given) if given else None
    return None if both is None or both.all() else both


@dataclass(frozen=True, eq=False)
class FileSource(ItemSource[Item]):
    """Frames of image files, with their masks."""

    reader: ItemReader


def item_of(source: Source, index: int) -> Item | None:
    """The files of a sample, or None if the source does not know them."""
    while isinstance(source, Subset):
        source, index = source.place(index)
    return source.items[index] if isinstance(source, FileSource) else None


_Key = tuple[Path, Path | None, bool]
"""A file, the image whose mask it is, and whether its areas are objects."""


class _OpenStacks:
    """Frames of files; may be shared by threads.

    The stacks used last stay open, as opening a long one takes a while.
    """

    _MOST = 8

    def __init__(self) -> None:
        self._open: dict[_Key, Masks] = {}
        self._lock = Lock()
        weakref.finalize(self, _close_all, self._open)

    def channels(self, path: Path, frame: int) -> npt.NDArray[Any]:
        """``(C, Y, X)`` of a frame of an image, transparency left out."""
        pixels, header = self._read(path, frame)
        return to_channels(pixels, header.frame_axes)

    def mask(
        self, path: Path, frame: int, image: Path, *, objects: bool
    ) -> tuple[npt.NDArray[Any], ImageHeader]:
        """A frame of a mask of an image as it is stored, of a palette the indices."""
        return self._read(path, frame, image, objects=objects)

    def _read(
        self, path: Path, frame: int, image: Path | None = None, *, objects: bool = True
    ) -> tuple[npt.NDArray[Any], ImageHeader]:
        """A frame of an image, or of a mask of one."""
        key = (path, image, objects)
        with self._lock:
            stack = self._open.pop(key, None)  # nobody else reads from it meanwhile
        if stack is None:
            stack = open_stack(path) if image is None else open_masks(path, image, objects=objects)
        try:
            return stack[frame], stack.header
        except IndexError:
            raise InputError(about(path, "has fewer frames than when it was first read.")) from None
        finally:
            self._keep(key, stack)

    def _keep(self, key: _Key, stack: Masks) -> None:
        spare: Masks | None = stack
        with self._lock:
            if len(stack) > 1 and key not in self._open:
                self._open[key] = stack
                full = len(self._open) > self._MOST
                spare = self._open.pop(next(iter(self._open))) if full else None
        if spare is not None:
            spare.close()


def _close_all(stacks: dict[_Key, Masks]) -> None:
    for stack in stacks.values():
        stack.close()

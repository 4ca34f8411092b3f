"""Samples that are read from image and mask files when they are asked for."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..files.images import StackFile, open_stack
from ..files.names import about
from ..intensity import Intensity
from ..task import LabelScheme
from .cache import SampleCache
from .masks import ClassIds, read_mask
from .pixels import is_gray, to_channels
from .sample import Sample


@dataclass(frozen=True)
class Item:
    """One frame of an image file with its mask files (none: no labels)."""

    name: str
    image: Path
    masks: tuple[Path, ...]
    frame: int = 0


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
        """One sample; without target (and without looking at the masks) if so asked."""
        with_target = with_target and bool(item.masks)
        return self._cache.get((item, with_target), lambda: self._read(item, with_target))

    def _read(self, item: Item, with_target: bool) -> Sample:
        image, finite = self._read_image(item)
        if not with_target:
            return Sample(item.name, image, known=finite)
        target, known = self._read_target(item)
        if target.shape[-2:] != image.shape[-2:]:
            raise InputError(about(item.masks[0], "changed its size since it was first read."))
        if finite is not None:
            known = finite if known is None else known & finite
        return Sample(item.name, image, target, known)

    def _read_image(self, item: Item) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        channels = self._stacks.channels(item.image, item.frame)
        if self.channels == 1 and len(channels) == 3:
            if not is_gray(channels):
                raise InputError(about(item.image, "is in color, and other images are gray."))
            channels = channels[:1]
        if len(channels) != self.channels:
            raise InputError(
                about(item.image, f"has {len(channels)} channels instead of {self.channels}.")
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
        masks = [self._stacks.channels(path, item.frame, ids=True) for path in item.masks]
        if self._scheme.exclusive:
            return self._ids.read(masks[0], item.masks[0])
        planes = []
        for channels, path in zip(masks, item.masks, strict=True):
            plane, remark = read_mask(channels, path)
            planes.append(plane)
            if remark:
                self._remark(f"masks with {remark}.", path)
        return np.stack(planes).astype(np.uint8), None

    def _remark(self, remark: str, path: Path) -> None:
        files = self.remarks.setdefault(remark, [])
        if path not in files:
            files.append(path)


@dataclass(frozen=True, eq=False)
class FileSource:
    """Samples in a fixed order, each read when asked for."""

    reader: ItemReader
    items: Sequence[Item]
    with_target: bool = True

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int, /) -> Sample:
        return self.reader.read(self.items[index], with_target=self.with_target)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))


class _OpenStacks:
    """Frames of files; the stacks used last stay open, as opening a long one takes a while."""

    _MOST = 8

    def __init__(self) -> None:
        self._open: dict[tuple[Path, bool], StackFile] = {}
        weakref.finalize(self, _close_all, self._open)

    def channels(self, path: Path, frame: int, *, ids: bool = False) -> npt.NDArray[Any]:
        """``(C, Y, X)`` of a frame, transparency left out; palette indices for class ids."""
        stack = self._open.pop((path, ids), None) or open_stack(path, palette_indices=ids)
        try:
            return to_channels(stack[frame], stack.header.frame_axes)
        except IndexError:
            raise InputError(about(path, "has fewer frames than when it was first read.")) from None
        finally:
            self._keep((path, ids), stack)

    def _keep(self, key: tuple[Path, bool], stack: StackFile) -> None:
        if len(stack) == 1 or key in self._open:
            stack.close()
            return
        self._open[key] = stack
        if len(self._open) > self._MOST:
            self._open.pop(next(iter(self._open))).close()


def _close_all(stacks: dict[tuple[Path, bool], StackFile]) -> None:
    for stack in stacks.values():
        stack.close()

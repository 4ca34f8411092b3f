"""Whole images of the HeLa data set with their masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...cells import redraw_markers
from ...errors import InputError
from ...files.names import about, listed
from ...intensity import Intensity
from ..cache import SampleCache
from ..mask_files import color_channels
from ..pixels import is_gray, to_channels
from ..sample import Sample
from .image_tree import ImageTree

IMAGES = "brightfield"
EVEN_MARKERS = "mod_position"
RAW_MARKERS = ("position", "pos")
_GRAY_WEIGHTS = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class HelaFiles:
    """An image with its masks in the order of the classes."""

    name: str
    image: str
    masks: tuple[str, ...]
    raw_markers: bool


class HelaImages:
    """Reads whole images with their masks, and keeps them in memory as far as there is room."""

    def __init__(self, tree: ImageTree, intensity: Intensity) -> None:
        self.notes: list[str] = []
        self._tree = tree
        self._intensity = intensity
        self._cache = SampleCache()

    def pair(self, part: str) -> Iterator[HelaFiles]:
        """The images of a part with their masks."""
        images = self._tree.files(f"{part}/{IMAGES}")
        markers = next(
            (name for name in (EVEN_MARKERS, *RAW_MARKERS) if self._tree.files(f"{part}/{name}")),
            EVEN_MARKERS,
        )
        if images and markers in RAW_MARKERS:
            self.notes.append(f"{part}/{markers} holds raw markers; they are drawn in even size.")
        masks = {name: self._tree.files(f"{part}/{name}") for name in ("alive", "dead", markers)}
        for name, image in images.items():
            missing = [folder for folder, files in masks.items() if name not in files]
            if missing:
                raise InputError(
                    about(
                        Path(image),
                        f"there is no mask of this name in {listed(missing)}; complete the "
                        f"download, or add an empty one (all 0) if nothing is there.",
                        depth=3,
                    )
                )
            files = tuple(files[name] for files in masks.values())
            yield HelaFiles(name, image, files, markers in RAW_MARKERS)

    def check(self, files: HelaFiles) -> tuple[int, int]:
        """Height and width of an image, once its masks are known to be of the same shape."""
        sizes = [self._size(file) for file in (files.image, *files.masks)]
        for file, size in zip(files.masks, sizes[1:], strict=True):
            if size != sizes[0]:
                hint = "; it looks transposed" if size == sizes[0][::-1] else ""
                raise InputError(
                    about(
                        Path(file),
                        f"the mask has {size[0]} x {size[1]} and its image {sizes[0][0]} x "
                        f"{sizes[0][1]} (rows x columns){hint}.",
                        depth=3,
                    )
                )
        return sizes[0]

    def _size(self, file: str) -> tuple[int, int]:
        with self._tree.open(file) as stack:
            if len(stack) > 1:
                raise InputError(about(Path(file), "a stack; the HeLa set is of single images."))
            return stack.header.size_yx

    def read(self, files: HelaFiles, *, with_target: bool) -> Sample:
        """A whole image, with its masks as target if so asked."""
        return self._cache.get((files, with_target), lambda: self._read(files, with_target))

    def _read(self, files: HelaFiles, with_target: bool) -> Sample:
        try:
            scaled = self._intensity.apply(self._gray(files.image)[None])
        except InputError as error:
            raise InputError(about(Path(files.image), str(error))) from None
        if not with_target:
            return Sample(files.name, scaled.image, known=scaled.finite)
        masks = [_marked(self._mask(file)) for file in files.masks]
        if files.raw_markers:
            masks[-1] = redraw_markers(masks[-1])
        return Sample(files.name, scaled.image, np.stack(masks).astype(np.uint8), scaled.finite)

    def _gray(self, file: str) -> npt.NDArray[Any]:
        with self._tree.open(file) as stack:
            return _as_gray(to_channels(stack[0], stack.header.frame_axes), file)

    def _mask(self, file: str) -> npt.NDArray[Any]:
        with self._tree.open(file, palette_indices=True) as stack:
            return _as_gray(color_channels(stack[0], stack.header, Path(file)), file)


def _as_gray(channels: npt.NDArray[Any], file: str) -> npt.NDArray[Any]:
    if is_gray(channels):
        gray: npt.NDArray[Any] = channels[0]
        return gray
    if len(channels) != 3:
        raise InputError(about(Path(file), f"{len(channels)} channels instead of gray."))
    weighted = np.tensordot(_GRAY_WEIGHTS, channels, axes=1)
    return np.rint(weighted).astype(channels.dtype)


def _marked(gray: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Gray above 10, as in the reference; in masks of 0 and 1, above 0."""
    marked: npt.NDArray[np.bool_] = gray > (10 if gray.max() > 1 else 0)
    return marked

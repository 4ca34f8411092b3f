"""Images with their masks, paired by name and compared by shape before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

from ...errors import InputError
from ...files.axes import frames_in_order
from ...files.header import ImageHeader
from ...files.images import open_stack, read_header
from ...files.names import about, listed
from ...files.rois import is_roi_file
from ..pixels import channel_count, has_alpha, is_gray, to_channels
from ..roi_masks import open_masks
from .file_source import Item
from .layout import Layout
from .listing import list_images, list_masks

_LOOKED_AT = 8


class Extent(IntEnum):
    """How much of a frame is labeled."""

    NOTHING = 0
    PART = 1
    WHOLE = 2


@dataclass(frozen=True)
class Pair:
    """An image file with its mask files.

    Attributes
    ----------
    name, image
        Of the image, and its file.
    masks
        One file per class folder; empty if there are no labels.
    header
        Of the image.
    known
        The mask file that says where the labels count, or None for everywhere.
    extents
        Per frame, how much of it is labeled; empty if `known` is None.
    order
        Per frame of the image, the frame of `masks` and `known`; empty if there are no masks.
    """

    name: str
    image: Path
    masks: tuple[Path, ...]
    header: ImageHeader
    known: Path | None = None
    extents: tuple[Extent, ...] = ()
    order: tuple[int, ...] = ()

    @property
    def items(self) -> list[Item]:
        """One per frame; a frame of a stack is called ``name[t=3]``, counted from 0."""
        header = self.header
        labels = [header.frame_label(frame) for frame in range(header.frame_count)]
        return [
            Item(
                f"{self.name}[{label}]" if label else self.name,
                self.image,
                self.masks,
                frame,
                self.known,
                self.order[frame] if self.order else None,
            )
            for frame, label in enumerate(labels)
        ]

    @property
    def labeled_items(self) -> list[Item]:
        """The frames that are labeled, at least in part."""
        return [item for item in self.items if not self.extents or self.extents[item.frame]]

    @property
    def partly_unlabeled_items(self) -> list[Item]:
        """The rest of an image with masks: frames that are not labeled, or not everywhere."""
        return [
            replace(item, masks=())
            for item, extent in zip(self.items, self.extents, strict=False)
            if extent is not Extent.WHOLE
        ]


def pair_files(layout: Layout) -> tuple[dict[str, Pair], list[str]]:
    """Pair the images of a folder with their masks.

    Returns
    -------
    pairs
        By name, sorted.
    notes
        On files that were left out, transparency, and unexplained axes.

    Raises
    ------
    InputError
        If an image has masks of some classes only, a mask has another shape than its image or
        other axes, or a file cannot be read or holds ImageJ ROIs instead of class ids.
    """
    images = list_images(layout.root / layout.images)
    folders = {name: list_masks(layout.root / name).files for name in layout.masks}
    if layout.scheme.exclusive:
        _refuse_rois(
            path for name, path in folders[layout.masks[0]].items() if name in images.files
        )
    notes = []
    if images.strays:
        notes.append(
            f"Left out of {layout.images}, as they are no images: {listed(images.strays)}."
        )
    for folder, masks in folders.items():
        lone = [path.name for name, path in masks.items() if name not in images.files]
        if lone:
            notes.append(f"{folder}: {len(lone)} masks without an image ({listed(lone)}).")
    pairs = {name: _pair(name, path, folders) for name, path in sorted(images.files.items())}
    notes.extend(_notes(pairs.values()))
    return pairs, notes


def _refuse_rois(masks: Iterable[Path]) -> None:
    """Refuse ImageJ ROIs where class ids are wanted."""
    for path in masks:
        if is_roi_file(path):
            text = "ImageJ ROIs hold no class ids; put the ROIs of each class into its own folder."
            raise InputError(about(path, text))


def _pair(name: str, image: Path, folders: Mapping[str, Mapping[str, Path]]) -> Pair:
    masks = {folder: files[name] for folder, files in folders.items() if name in files}
    if masks and len(masks) < len(folders):
        missing = [folder for folder in folders if folder not in masks]
        raise InputError(
            about(
                image,
                f"has a mask in {listed(list(masks))}, and none in {listed(missing)}; add an empty "
                f"one (all 0) if nothing is there.",
            )
        )
    header = read_header(image)
    order: tuple[int, ...] = ()
    for path in masks.values():
        order = mask_frames(image, header, path, order)
    return Pair(name, image, tuple(masks.values()), header, order=order)


def mask_frames(
    image: Path, header: ImageHeader, path: Path, order: tuple[int, ...] = ()
) -> tuple[int, ...]:
    """Per frame of an image, the frame of a mask file.

    Parameters
    ----------
    image, header
        The image.
    path
        The mask file.
    order
        Of the masks of the same image that came before, if any.

    Raises
    ------
    InputError
        If the mask has another size or number of frames than its image, axes that do not say which
        frame belongs to which, or its frames in another order than the masks before.
    """
    with open_masks(path, image) as masks:
        mask = masks.header
    _check_shapes(image, header, path, mask)
    found = frames_in_order(header.stack, mask.stack)
    if found is None:
        raise InputError(
            about(
                path,
                f"the frames of the mask are {_axes(mask)} and those of its image {image.name} "
                f"{_axes(header)}, so that it is not clear which belong together; save it with "
                f"the axes of its image.",
            )
        )
    if order and found != order:
        raise InputError(
            about(
                path,
                f"its frames ({_axes(mask)}) lie in another order than those of the other masks "
                f"of {image.name}; save all with the axes of the image ({_axes(header)}).",
            )
        )
    return found


def _check_shapes(image: Path, header: ImageHeader, path: Path, mask: ImageHeader) -> None:
    if (mask.size_yx, mask.frame_count) == (header.size_yx, header.frame_count):
        return
    one, other = _describe(mask), _describe(header)
    turned = mask.size_yx == header.size_yx[::-1] != header.size_yx
    single = mask.size_yx == header.size_yx and mask.frame_count == 1
    hint = "; it looks transposed" if turned else ""
    hint = "; save a mask per frame, or its channels as such (axis C)" if single else hint
    raise InputError(
        about(
            path, f"the mask has {one} and its image {image.name} {other} (rows x columns){hint}."
        )
    )


def _describe(header: ImageHeader) -> str:
    size = f"{header.size_yx[0]} x {header.size_yx[1]}"
    return size if header.frame_count == 1 else f"{header.frame_count} frames of {size}"


def _axes(header: ImageHeader) -> str:
    """Such as ``"5 T x 3 Z"``."""
    return " x ".join(f"{length} {axis}" for axis, length in header.stack.items())


def common_channels(pairs: Iterable[Pair]) -> int:
    """Channels of all images; 1 if gray and color files are mixed, or all color ones look gray.

    Color files whose three channels are the same are gray. Some are looked at here; should another
    one turn out to be colored, it is refused when it is read.

    Raises
    ------
    InputError
        If files have different numbers of channels that cannot be reconciled; both are named.
    """
    pairs = list(pairs)
    first: dict[int, Pair] = {}
    for pair in pairs:
        first.setdefault(channel_count(pair.header), pair)
    if set(first) == {3}:
        return 1 if all(map(_looks_gray, pairs[:: 1 + len(pairs) // _LOOKED_AT])) else 3
    if set(first) == {1, 3}:
        return 1
    if len(first) == 1:
        return next(iter(first))
    (one, a), (other, b) = sorted(first.items())[:2]
    raise InputError(
        f"{a.image.name} has {one} and {b.image.name} {other} channels; all images of a data set "
        f"must have the same, so take one kind out, and train on it by itself."
    )


def _looks_gray(pair: Pair) -> bool:
    with open_stack(pair.image) as frames:
        return is_gray(to_channels(frames[0], frames.header.frame_axes))


def _notes(pairs: Iterable[Pair]) -> list[str]:
    pairs = list(pairs)
    transparent = [pair.image.name for pair in pairs if has_alpha(pair.header)]
    stacks = [pair.image.name for pair in pairs if pair.header.frame_count > 1]
    notes = [note for pair in pairs for note in pair.header.notes]
    notes = notes if len(notes) <= 3 else [*notes[:2], f"{len(notes) - 2} more notes like these."]
    if transparent:
        notes.append(f"Transparency is left out: {listed(transparent)}.")
    if stacks:
        notes.append(f"Every frame of a stack is an image of its own: {listed(stacks)}.")
    return notes

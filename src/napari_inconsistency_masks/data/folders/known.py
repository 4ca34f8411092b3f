"""Images that are labeled only in part: masks that say where the labels count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...files.names import listed
from ..mask_files import class_channels
from ..masks import read_mask
from ..roi_masks import open_masks
from .listing import list_masks
from .pairing import Extent, Pair, mask_frames


def limit_labels(pairs: Mapping[str, Pair], folder: Path) -> tuple[dict[str, Pair], list[str]]:
    """Limit the labels of images to where the masks in a folder say that they count.

    Parameters
    ----------
    pairs
        By name; see `pair_files`.
    folder
        Of masks with the names of their images, above 0 where the labels count. The labels of an
        image without such a mask count everywhere. Those of an image whose mask is empty count
        nowhere: it is unlabeled.

    Returns
    -------
    pairs
        By name, in the same order.
    notes
        On images that are labeled in part or not at all, and on masks that were not used.

    Raises
    ------
    InputError
        If a mask has another shape or other axes than its image, or cannot be read.
    """
    files = list_masks(folder).files
    limited = {
        name: _limit(pair, files[name]) if pair.masks and name in files else pair
        for name, pair in pairs.items()
    }
    lone = [path.name for name, path in files.items() if name not in pairs]
    idle = [path.name for name, path in files.items() if name in pairs and not pairs[name].masks]
    empty = [name for name, pair in limited.items() if pairs[name].masks and not pair.masks]
    partly = [name for name, pair in limited.items() if pair.partly_unlabeled_items]
    notes = {
        f"{folder.name}: {len(lone)} masks without an image": lone,
        f"{folder.name}: {len(idle)} masks of images that have no labels": idle,
        f"Unlabeled, as their masks in {folder.name} are empty": empty,
        "Labeled only in part, so the rest counts as unlabeled": partly,
    }
    return limited, [f"{what} ({listed(names)})." for what, names in notes.items() if names]


def _limit(pair: Pair, known: Path) -> Pair:
    order = mask_frames(pair.image, pair.header, known, pair.order)
    there = _extents(known, pair.image)
    extents = tuple(there[frame] for frame in order)
    if not any(extents):
        return replace(pair, masks=())
    if all(extent is Extent.WHOLE for extent in extents):
        return pair
    return replace(pair, known=known, extents=extents)


def _extents(path: Path, image: Path) -> tuple[Extent, ...]:
    """How much of each frame a mask marks."""
    extents = []
    with open_masks(path, image, objects=False) as frames:
        for frame in frames:
            known, _ = read_mask(class_channels(frame, frames.header, path), path, objects=False)
            extents.append(Extent(int(known.any()) + int(known.all())))
    return tuple(extents)

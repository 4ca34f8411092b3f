"""SUIM (arXiv 2004.01241): underwater scenes in eight classes, as arXiv 2401.14387 uses them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arguments import checked
from ...errors import InputError
from ...files.names import about
from ...intensity import Intensity
from ...task import LabelScheme, Task
from ..origin import describe
from ..sample import Sample, SegmentationData
from ..splits import published_order, take_labeled
from .image_tree import ImageTree, open_tree
from .pairs import (
    Item,
    Layout,
    PublishedImages,
    check_same_size,
    no_test_split,
    pair_by_name,
    sources,
)
from .resize import resize_bilinear, resize_nearest

SCHEME = LabelScheme(
    Task.MULTICLASS,
    ("water", "divers", "plants", "wrecks", "robots", "reefs", "fish", "sea floor"),
)
"""In the order of the colors 000, 001, 010 ... 111 (red, green, blue) of the mask files."""

PAPER = {"augmentation": {"contrast": 0.5, "brightness": 25}}
"""Settings that differ from HeLa's."""

LAYOUT = Layout(
    "SUIM",
    ("train_val/images", "train_val/masks"),
    "The Minnesota Interactive Robotics and Vision Laboratory (irvlab.cs.umn.edu) publishes "
    "train_val and TEST as ZIPs; put both, unpacked or not, into one folder",
)
_VALIDATION = 0.1
_MOST_DOUBTFUL = 0.1
_MOST_STRETCH = 1.05


@checked
def load_suim(
    path: str | Path,
    *,
    labeled: int | float | Sequence[str] = 0.1,
    seed: int = 42,
    crops: int = 2,
    size: int = 256,
    intensity: Intensity = Intensity(),  # noqa: B008  frozen
) -> SegmentationData:
    """Read SUIM, cut into random squares as in the paper.

    The folder holds ``train_val`` and ``TEST``, unpacked or as ZIP archives, each with ``images``
    and color ``masks`` of the same names. A tenth of ``train_val`` is for validation. Without
    ``TEST`` there is no test split. Nothing is unpacked or written; images are read when they are
    asked for. The masks of some published images have another size than their image: if the shape
    is the same, they are stretched to it.

    Parameters
    ----------
    path
        Folder or ZIP archive.
    labeled
        Share (float, rounded up) or number (int) of the training images that count as labeled, or
        their names. Chosen as the reference chooses, from sorted names.
    seed
        Of that choice, of the validation images, and of the places of the crops.
    crops
        Squares per image, also of validation and test images. Their sides are drawn from `size` to
        twice as much, and they are resized to `size`; of an image smaller than that all is
        resized. The reference draws them anew for each split and without a seed; here they are the
        same in all. 0 for whole images as they are.
    size
        Side of the resized squares.
    intensity
        How gray values of images with more than 8 bits become 0 to 255.

    Raises
    ------
    InputError
        If a folder or a mask is missing; later, if a file cannot be read, a mask has another shape
        than its image, or other colors than those of SUIM. The message names it.
    """
    origin = describe("suim", locals())
    if crops < 0 or size < 16:
        raise InputError(
            f"{crops} crops of {size} pixels: give 0 or more crops, of at least 16 pixels."
        )
    path = Path(path)
    tree = open_tree(path)
    images = {item.name: item for item in _pair(tree, path, "train_val")}
    test = _pair(tree, path, "TEST") if tree.find("TEST/images") else []
    order = published_order(images, seed)
    held_out = math.ceil(_VALIDATION * len(order))
    validation, train = sorted(order[:held_out]), sorted(order[held_out:])
    chosen = take_labeled(published_order(train, seed), labeled, round_up=True)
    reader = PublishedImages(
        tree, intensity, read_colors, partial(_prepare, seed=seed, crops=crops, size=size)
    )
    parts = {
        "train": _pieces([images[name] for name in train], crops),
        "validation": _pieces([images[name] for name in validation], crops),
        "test": _pieces(test, crops),
    }
    names = [item.name for item in _pieces([images[name] for name in chosen], crops)]
    return SegmentationData(
        name=LAYOUT.title,
        scheme=SCHEME,
        channels=3,
        intensity=intensity,
        free_rotation=False,
        validation_is_training=False,
        named=frozenset(),
        notes=() if test else (no_test_split("TEST/images"),),
        paper=PAPER,
        origin=origin,
        **sources(reader, parts, names),
    )


def read_colors(channels: npt.NDArray[Any], path: Path) -> npt.NDArray[np.uint8]:
    """Class ids 1 to 8 ``(Y, X)`` from the colors ``(3, Y, X)`` of a mask.

    As in the reference a channel is on from 128; edges that JPEG or smoothing blurred take the
    nearest color.

    Raises
    ------
    InputError
        If it is no mask of these colors: class ids, or many colors in between.
    """
    if len(channels) not in (1, 3) or channels.dtype != np.uint8:
        raise InputError(
            about(
                path,
                f"no color mask of 8 bits, as SUIM has them, but {len(channels)} channels of "
                f"{channels.dtype}; give the published ones.",
                depth=3,
            )
        )
    doubtful = (channels >= 64) & (channels < 192)
    share = doubtful.any(0).mean()
    if share > _MOST_DOUBTFUL or 0 < channels.max() < 64:
        raise InputError(
            about(
                path,
                "not in the colors of SUIM (red, green and blue on or off); give the published "
                "color masks, not class ids or pictures.",
                depth=3,
            )
        )
    red, green, blue = np.broadcast_to(channels >= 128, (3, *channels.shape[1:]))
    ids: npt.NDArray[np.uint8] = (1 + 4 * red + 2 * green + blue).astype(np.uint8)
    return ids


def _pair(tree: ImageTree, path: Path, part: str) -> list[Item]:
    images, masks = (LAYOUT.require(tree, path, f"{part}/{name}") for name in ("images", "masks"))
    return pair_by_name(tree.files(images), tree.files(masks), images)


def _pieces(items: Sequence[Item], crops: int) -> list[Item]:
    if not crops:
        return list(items)
    return [
        Item(f"{item.name}_{number}", item.image, item.mask, number)
        for item in items
        for number in range(crops)
    ]


def _prepare(
    item: Item,
    image: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8] | None,
    *,
    seed: int,
    crops: int,
    size: int,
) -> Sample:
    window = np.s_[:, :]
    if crops:
        window = _window(image.shape[1:], size, np.random.default_rng((seed, *item.name.encode())))
    if labels is not None:
        labels = _fitted(item, image, labels)[window]
    image = image[:, *window]
    if crops:
        image = resize_bilinear(image, (size, size))
        labels = None if labels is None else resize_nearest(labels, (size, size))
    return Sample(item.name, np.ascontiguousarray(image), labels)


def _fitted(
    item: Item, image: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Labels in the size of their image, stretched if the shape is the same but for rounding."""
    rows, columns = np.divide(image.shape[1:], labels.shape)
    if max(rows / columns, columns / rows) > _MOST_STRETCH:
        check_same_size(item, image, labels)
    if labels.shape == image.shape[1:]:
        return labels
    return resize_nearest(labels, (image.shape[1], image.shape[2]))


def _window(shape: Sequence[int], size: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a random square; all of them if the image is smaller than it."""
    longest = min(2 * size, max(shape))
    side = int(rng.integers(size, longest)) if longest > size else size
    if min(shape) < side:
        return np.s_[:, :]
    top, left = (int(rng.integers(length - side + 1)) for length in shape)
    return np.s_[top : top + side, left : left + side]

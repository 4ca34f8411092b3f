"""Cityscapes (arXiv 1604.01685): street scenes, as arXiv 2401.14387 uses them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...arguments import checked
from ...errors import InputError
from ...files.names import about, folder_name
from ...intensity import Intensity
from ...task import LabelScheme, Task
from ..origin import describe
from ..pixels import is_gray
from ..sample import Sample, SegmentationData
from ..splits import published_order, take_labeled
from .image_tree import ImageTree, open_tree
from .pairs import Item, Layout, PublishedImages, check_same_size, pair_by_name, sources
from .resize import resize_bilinear, resize_nearest

LABEL_IDS = (
    "unlabeled", "ego vehicle", "rectification border", "out of roi", "static", "dynamic",
    "ground", "road", "sidewalk", "parking", "rail track", "building", "wall", "fence",
    "guard rail", "bridge", "tunnel", "pole", "polegroup", "traffic light", "traffic sign",
    "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "caravan",
    "trailer", "train", "motorcycle", "bicycle",
)  # fmt: skip
"""Meaning of the values 0 to 33 of the files ``*_gtFine_labelIds.png``."""

TRAIN_IDS = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
    "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train",
    "motorcycle", "bicycle",
)  # fmt: skip
"""The classes that the benchmark of the data set scores, in its order."""

PAPER = {"augmentation": {"contrast": 0.4, "brightness": 15, "blur": 1, "noise": 15}}
"""Settings that differ from HeLa's; the views of the consistency loss do as well, and are not."""

LAYOUT = Layout(
    "Cityscapes",
    ("leftImg8bit/train", "gtFine/train"),
    "The Cityscapes team (cityscapes-dataset.com, after registration) publishes "
    "leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip; put both, unpacked or not, into one "
    "folder",
)
_IMAGE, _MASK = "_leftImg8bit", "_gtFine_labelIds"
_DIVISOR = 16


@checked
def load_cityscapes(
    path: str | Path,
    *,
    labeled: int | float | Sequence[str] = 0.1,
    seed: int = 42,
    classes: Literal["all", "train"] = "all",
    scale: float = 0.2,
    intensity: Intensity = Intensity(),  # noqa: B008  frozen
) -> SegmentationData:
    """Read Cityscapes, made smaller as in the paper.

    The folder holds ``leftImg8bit`` and ``gtFine``, unpacked or as ZIP archives, each with
    ``train`` and ``val``, and in those a folder per city. The published validation images are
    halved at random into those for validation and for test, as the labels of the published test
    images are secret. Nothing is unpacked or written; images are read when they are asked for.

    Parameters
    ----------
    path
        Folder or ZIP archive.
    labeled
        Share (float) or number (int) of the training images that count as labeled, or their names,
        such as ``aachen_000000_000019``. Chosen as the reference chooses, from sorted names.
    seed
        Of that choice, and of the halves.
    classes
        "all" is the paper's 10 % study: every id is a class, and unlabeled pixels count as blanked,
        so that networks learn output 0 there. "train" is the 19 classes of the data set's own
        benchmark: nothing is learned or scored elsewhere.
    scale
        Of the sides, which are then rounded up to multiples of 16: 0.2 gives 416 x 208 pixels. 1
        leaves images as they are.
    intensity
        How gray values of images with more than 8 bits become 0 to 255.

    Raises
    ------
    InputError
        If a folder or the labels of an image are missing; later, if a file cannot be read, or
        labels have another shape than their image or unknown ids. The message names it.
    """
    origin = describe("cityscapes", locals())
    if not 0 < scale <= 1:
        raise InputError(f"scale={scale:g}: give a scale above 0 and up to 1.")
    path = Path(path)
    tree = open_tree(path)
    train, published = (_pair(tree, path, part) for part in ("train", "val"))
    chosen = take_labeled(published_order([item.name for item in train], seed)[::-1], labeled)
    order = published_order([item.name for item in published], seed)
    test = set(order[: math.ceil(len(order) / 2)])
    if len(order) < 2:
        raise InputError(
            f"{folder_name(path)}: leftImg8bit/val has one image, and it is halved into validation "
            f"and test; complete the download."
        )
    parts = {
        "train": train,
        "validation": [item for item in published if item.name not in test],
        "test": [item for item in published if item.name in test],
    }
    prepare = partial(_prepare, targets=_targets(classes), ignore=classes == "train", scale=scale)
    return SegmentationData(
        name=LAYOUT.title,
        scheme=LabelScheme(Task.MULTICLASS, LABEL_IDS if classes == "all" else TRAIN_IDS),
        channels=3,
        intensity=intensity,
        free_rotation=False,
        validation_is_training=False,
        named=frozenset(),
        notes=(),
        paper=PAPER,
        origin=origin,
        **sources(PublishedImages(tree, intensity, _label_ids, prepare, ids=True), parts, chosen),
    )


def _pair(tree: ImageTree, path: Path, part: str) -> list[Item]:
    """Images of all cities of a part with their label ids, by name."""
    images, masks = (
        _files(tree, LAYOUT.require(tree, path, f"{folder}/{part}"), ending)
        for folder, ending in (("leftImg8bit", _IMAGE), ("gtFine", _MASK))
    )
    return pair_by_name(images, masks, f"leftImg8bit/{part}")


def _files(tree: ImageTree, folder: str, ending: str) -> dict[str, str]:
    found = {
        name.removesuffix(ending): file
        for city in tree.folders(folder)
        for name, file in tree.files(f"{folder}/{city}").items()
        if name.endswith(ending)
    }
    return dict(sorted(found.items()))


def _label_ids(channels: npt.NDArray[Any], path: Path) -> npt.NDArray[np.uint8]:
    if channels.dtype != np.uint8 or not is_gray(channels):
        given = f"{len(channels)} different channels" if not is_gray(channels) else channels.dtype
        raise InputError(
            about(
                path,
                f"no label ids, but {given}; they are gray values of 8 bits (uint8), as published "
                f"in the files *{_MASK}.png.",
            )
        )
    ids: npt.NDArray[np.uint8] = channels[0]
    if ids.max() >= len(LABEL_IDS):
        raise InputError(
            about(path, f"holds the id {ids.max()}; label ids are 0 to {len(LABEL_IDS) - 1}.")
        )
    return ids


def _targets(classes: str) -> npt.NDArray[np.uint8]:
    """The target of each label id. As published, 0 stays 0, and no pixel is in class 1."""
    if classes == "all":
        return np.array([0, *range(2, len(LABEL_IDS) + 1)], np.uint8)
    ids = [TRAIN_IDS.index(name) + 1 if name in TRAIN_IDS else 0 for name in LABEL_IDS]
    return np.array(ids, np.uint8)


def _prepare(
    item: Item,
    image: npt.NDArray[np.uint8],
    ids: npt.NDArray[np.uint8] | None,
    *,
    targets: npt.NDArray[np.uint8],
    ignore: bool,
    scale: float,
) -> Sample:
    height, width = (_scaled(side, scale) for side in image.shape[1:])
    small = image if scale == 1 else resize_bilinear(image, (height, width))
    if ids is None:
        return Sample(item.name, small)
    check_same_size(item, image, ids)
    if scale != 1:
        ids = resize_nearest(ids, (height, width))
    target = targets[ids]
    return Sample(item.name, small, target, target != 0 if ignore else None)


def _scaled(side: int, scale: float) -> int:
    return math.ceil(int(side * scale) / _DIVISOR) * _DIVISOR

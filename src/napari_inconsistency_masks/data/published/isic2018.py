"""ISIC 2018 task 1 (arXiv 1902.03368): skin lesions, as arXiv 2401.14387 uses them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...arguments import checked
from ...errors import InputError
from ...files.names import about
from ...intensity import Intensity
from ...task import LabelScheme, Task
from ..masks import GRAY, read_mask
from ..origin import describe
from ..sample import Sample, SegmentationData
from ..sources import ItemSource
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
from .resize import resize_bilinear

SCHEME = LabelScheme(Task.BINARY, ("lesion",))
_IMAGES = "ISIC2018_Task1-2_{}_Input"
_MASKS = "ISIC2018_Task1_{}_GroundTruth"
_LEAST_GRAY = {"paper": (255, 1), "half": (128, 128)}
"""From which gray value on a pixel of a resized mask is lesion: in training, in test images."""

PAPER = {"width": 0.5, "augmentation": {"contrast": 0.5, "brightness": 25}}
"""Settings that differ from HeLa's."""

LAYOUT = Layout(
    "ISIC 2018",
    tuple(
        folder.format(part) for part in ("Training", "Validation") for folder in (_IMAGES, _MASKS)
    ),
    "The ISIC Challenge (challenge.isic-archive.com, 2018, task 1) publishes it as a ZIP of that "
    "name; put all six, unpacked or not, into one folder",
)


@checked
def load_isic2018(
    path: str | Path,
    *,
    labeled: int | float | Sequence[str] = 0.1,
    seed: int = 42,
    size: int = 256,
    edges: Literal["paper", "half"] = "paper",
    intensity: Intensity = Intensity(),  # noqa: B008  frozen
) -> SegmentationData:
    """Read ISIC 2018 task 1, resized as in the paper.

    The folder holds what the ISIC Challenge publishes, unpacked or still as ZIP archives: images in
    ``ISIC2018_Task1-2_{Training,Validation,Test}_Input`` and masks, named ``<id>_segmentation``, in
    ``ISIC2018_Task1_{Training,Validation,Test}_GroundTruth``. Without the test images there is no
    test split. Nothing is unpacked or written; images are read when they are asked for.

    Parameters
    ----------
    path
        Folder or ZIP archive.
    labeled
        Share (float) or number (int) of the training images that count as labeled, or their names.
        Chosen as the reference chooses, from sorted names.
    seed
        Of that choice.
    size
        Side of the squares that images and masks are resized to, whatever their shape.
    edges
        Masks are resized smoothly, so that lesions get gray edges. "paper": only pure white is
        lesion in training and validation, and any gray above 0 in test images, as the published
        scores are made. "half": from half of white on, everywhere.
    intensity
        How gray values of images with more than 8 bits become 0 to 255.

    Raises
    ------
    InputError
        If a folder or a mask is missing; later, if a file cannot be read, or a mask has another
        shape than its image. The message names it.
    """
    origin = describe("isic2018", locals())
    if size < 16:
        raise InputError(f"size={size}: give at least 16 pixels.")
    path = Path(path)
    tree = open_tree(path)
    parts = {
        "train": _pair(tree, path, "Training"),
        "validation": _pair(tree, path, "Validation"),
        "test": _pair(tree, path, "Test") if tree.find(_IMAGES.format("Test")) else [],
    }
    order = published_order([item.name for item in parts["train"]], seed)
    reader, test_reader = (
        PublishedImages(tree, intensity, _gray_mask, partial(_prepare, size=size, least=least))
        for least in _LEAST_GRAY[edges]
    )
    lists = sources(reader, parts, take_labeled(order[::-1], labeled))
    lists["test"] = ItemSource(test_reader, parts["test"])
    return SegmentationData(
        name=LAYOUT.title,
        scheme=SCHEME,
        channels=3,
        intensity=intensity,
        free_rotation=True,
        validation_is_training=False,
        named=frozenset(),
        notes=() if parts["test"] else (no_test_split(_IMAGES.format("Test")),),
        paper=PAPER,
        origin=origin,
        **lists,
    )


def _pair(tree: ImageTree, path: Path, part: str) -> list[Item]:
    images = LAYOUT.require(tree, path, _IMAGES.format(part))
    masks = LAYOUT.require(tree, path, _MASKS.format(part))
    by_name = {name.removesuffix("_segmentation"): file for name, file in tree.files(masks).items()}
    return pair_by_name(tree.files(images), by_name, images)


def _gray_mask(channels: npt.NDArray[Any], path: Path) -> npt.NDArray[np.uint8]:
    mask, remark = read_mask(channels, path)
    if remark not in (None, GRAY):
        raise InputError(
            about(path, "a mask with other values than 0 and 255; give the published ones.")
        )
    return mask.astype(np.uint8) * np.uint8(255)


def _prepare(
    item: Item,
    image: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.uint8] | None,
    *,
    size: int,
    least: int,
) -> Sample:
    small = resize_bilinear(image, (size, size))
    if mask is None:
        return Sample(item.name, small)
    check_same_size(item, image, mask)
    target = resize_bilinear(mask[None], (size, size)) >= least
    return Sample(item.name, small, target.astype(np.uint8))

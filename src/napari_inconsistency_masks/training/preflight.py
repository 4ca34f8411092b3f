"""What is wrong with the data, said before training starts."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..arguments import refuse_other_types
from ..data.folders.scan import drawn_outputs, never_drawn
from ..data.sample import Sample, SegmentationData, Source
from ..data.sources import name_of
from ..errors import InputError
from ..files.names import listed
from .recipe import Recipe

MOST_SECONDS = 20.0
"""Unlabeled images are read for so long before training: some may be damaged, or in color."""


def preflight(
    data: SegmentationData, recipe: Recipe, *, seconds: float = MOST_SECONDS
) -> list[str]:
    """Check that a recipe can be trained on some data.

    Parameters
    ----------
    data, recipe
        What is to be trained on, and how.
    seconds
        Time for unlabeled images, in random order; with 0 one of them is looked at.

    Returns
    -------
    list of str
        What a person should know, one sentence each.

    Raises
    ------
    InputError
        If there are no labels, no unlabeled images or not all labels where the recipe needs them,
        nothing is drawn on any labeled image, an image cannot be read, or arrays are not what
        `Sample` says: networks would learn nonsense from masks of 0 and 255, or images of 0 to 1.
    """
    if not len(data.labeled):
        raise InputError(
            f"{data.name}: no image is labeled; draw {_list(data.classes)} on at least one image, "
            f"better on two or more."
        )
    if not len(data.validation):
        raise InputError(
            f"{data.name}: no image is set aside for validation; give at least one labeled image."
        )
    if recipe.needs_unlabeled and not len(data.unlabeled):
        raise InputError(
            f"{data.name}: the recipe {recipe.key!r} also learns from images without labels, and "
            f"there are none; add some, or take the recipe 'labeled-aug'."
        )
    if (recipe.data == "full" or recipe.hidden_labels) and len(data.hidden) < len(data.unlabeled):
        raise InputError(
            f"{data.name}: for the recipe {recipe.key!r} all training images need labels, but of "
            f"{len(data.unlabeled)} without, only {len(data.hidden)} have them elsewhere."
        )
    looked_at = _look_at(data.unlabeled, data, seconds) if recipe.needs_unlabeled else 0
    drawn = _drawn(data.labeled, data)
    if not drawn.any():
        raise InputError(
            f"{data.name}: the labels of all {len(data.labeled)} labeled images are empty; draw "
            f"{_list(data.classes)}, or remove the labels of images that are not labeled yet."
        )
    notes = [*data.notes]
    if recipe.needs_unlabeled and seconds and looked_at < len(data.unlabeled):
        notes.append(f"Looked at {looked_at} of {len(data.unlabeled)} unlabeled images in advance.")
    notes += [
        f"{never_drawn(name)}: it is not learned, and its predictions mean nothing."
        for name, found in zip(data.scheme.output_names, drawn, strict=True)
        if not found and name in data.classes and not _is_said(never_drawn(name), data.notes)
    ]
    if not _drawn(data.validation, data, enough=True)[-len(data.classes) :].any():
        names = _list(data.classes)
        notes.append(
            f"No validation image shows {names}: the best epoch of a network is that of the lowest "
            f"loss on them, and whether {names} is found is not measured; set aside an image that "
            f"shows it."
        )
    if data.validation_is_training:
        notes.append(
            "There are too few labeled images to set one aside: the validation scores are of "
            "images the networks learned from, and look better than they are."
        )
    return notes


def _is_said(beginning: str, notes: Sequence[str]) -> bool:
    return any(note.startswith(beginning) for note in notes)


def _drawn(
    samples: Source, data: SegmentationData, *, enough: bool = False
) -> npt.NDArray[np.bool_]:
    """For each output, whether any image has it; or, with ``enough``, until one has any class."""
    found = np.zeros(data.scheme.outputs, bool)
    for index in range(len(samples)):
        sample = samples[index]
        _refuse_unusable(sample, data)
        found |= drawn_outputs(sample, data.scheme)
        if enough and found[-len(data.classes) :].any():
            break
    return found


def _look_at(unlabeled: Source, data: SegmentationData, seconds: float) -> int:
    """Read unlabeled images, and return how many there was time for.

    What cannot be used would else show when they are labeled, after hours of training.
    """
    began, refused = time.monotonic(), dict[int, str]()
    order = np.random.default_rng(0).permutation(len(unlabeled)).tolist()
    looked_at = 0
    for index in order:
        try:
            _refuse_unusable(unlabeled[index], data)
        except InputError as error:
            refused[index] = str(error)
        looked_at += 1
        if time.monotonic() - began >= seconds:
            break
    if not refused:
        return looked_at
    first, *others = sorted(refused)
    said = refused[first]
    if others:
        names = listed([name_of(unlabeled, index) for index in others])
        said = f"{said.removesuffix('.')}; nor can {names} be used: repair or remove them."
    raise InputError(said)


def _refuse_unusable(sample: Sample, data: SegmentationData) -> None:
    """Refuse arrays that no reader makes, but Python may."""
    refuse_other_types({"sample": sample}, {"sample": Sample})
    image, target, scheme = sample.image, sample.target, data.scheme
    if image.dtype != np.uint8 or image.ndim != 3 or len(image) != data.channels:
        raise InputError(
            f"{sample.name}: an image of {image.dtype} and shape {image.shape} cannot be used; "
            f"give uint8 of shape ({data.channels}, rows, columns), with gray values 0 to 255."
        )
    if target is None:
        return
    planes = () if scheme.exclusive else (scheme.outputs,)
    largest = scheme.outputs - 1 if scheme.exclusive else 1
    if target.dtype.kind not in "bui" or target.shape != (*planes, *image.shape[1:]):
        raise InputError(
            f"{sample.name}: labels of {target.dtype} and shape {target.shape} do not fit the "
            f"image; give uint8 of shape {(*planes, *image.shape[1:])}."
        )
    if not 0 <= target.min() <= target.max() <= largest:
        meaning = "class ids, 0 for what is not labeled" if scheme.exclusive else "0 and 1"
        raise InputError(
            f"{sample.name}: labels with values from {target.min()} to {target.max()}; give "
            f"{meaning}, {largest} at the most."
        )


def _list(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

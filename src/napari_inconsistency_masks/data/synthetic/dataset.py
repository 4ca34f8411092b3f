"""The synthetic data set: for the demo, the tests and everyone who has no data at hand yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...arguments import checked
from ...errors import InputError
from ...task import LabelScheme, Task
from ..sample import Sample, SegmentationData
from .dish import Size
from .scene import check_options, make_image

_SCHEME = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), position="position")


@checked
def load_synthetic(
    *,
    images: int = 60,
    labeled: int = 8,
    validation: int = 8,
    test: int = 16,
    size: Sequence[int] = (256, 256),
    seed: int = 0,
    cells: Sequence[int] = (8, 20),
    dead: float = 0.25,
    difficulty: float = 0.5,
) -> SegmentationData:
    """Brightfield pictures of HeLa-like cells with the classes alive, dead and position.

    Nothing is drawn before it is asked for; then it is kept.

    Parameters
    ----------
    images
        Training images; the labels of all but the first `labeled` are hidden.
    labeled
        How many of them come with labels, at least 1.
    validation, test
        Further labeled images.
    size
        Rows and columns of every image.
    seed
        Of the whole set, not negative.
    cells, dead, difficulty
        As in `make_image`.

    Raises
    ------
    InputError
        If an argument is outside of its limits.
    """
    check_options(size, cells, dead, difficulty)
    if not 1 <= labeled <= images or min(validation, test, seed) < 0:
        raise InputError(
            f"A synthetic set of {images} training images with {labeled} of them labeled, "
            f"{validation} validation and {test} test images and seed {seed}: label at least 1 "
            "and at most all of the training images, and give no negative numbers."
        )
    # lists where the options were read from JSON
    shape, few_most = (size[0], size[1]), (cells[0], cells[1])
    album = _Album(seed, shape, few_most, dead, difficulty)
    numbers = range(images + validation + test)
    return SegmentationData(
        name="synthetic HeLa-like cells",
        scheme=_SCHEME,
        channels=1,
        labeled=_Samples(album, numbers[:labeled]),
        unlabeled=_Samples(album, numbers[labeled:images], with_target=False),
        validation=_Samples(album, numbers[images : images + validation]),
        test=_Samples(album, numbers[images + validation :]),
        hidden=_Samples(album, numbers[labeled:images]),
        notes=("The images are computed, not photographed.",),
        origin={
            "kind": "synthetic",
            "images": images,
            "labeled": labeled,
            "validation": validation,
            "test": test,
            "size": list(size),
            "seed": seed,
            "cells": list(cells),
            "dead": dead,
            "difficulty": difficulty,
        },
    )


@dataclass(frozen=True, eq=False)
class _Album:
    """The pictures of one set, each drawn when it is first looked at."""

    seed: int
    size: Size
    cells: tuple[int, int]
    dead: float
    difficulty: float
    drawn: dict[int, Sample] = field(default_factory=dict)

    def sample(self, number: int) -> Sample:
        if number not in self.drawn:
            picture = make_image(
                (self.seed, number),
                self.size,
                cells=self.cells,
                dead=self.dead,
                difficulty=self.difficulty,
            )
            name = f"synthetic_{number:04d}"
            self.drawn[number] = Sample(name, picture.image[np.newaxis], picture.target)
        return self.drawn[number]


@dataclass(frozen=True, eq=False)
class _Samples:
    """Some pages of an album, with or without their labels."""

    album: _Album
    numbers: range
    with_target: bool = True

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int, /) -> Sample:
        sample = self.album.sample(self.numbers[index])
        return sample if self.with_target else replace(sample, target=None)


def write_synthetic(folder: str | Path, **options: Any) -> Path:
    """Write the set as files: an example of what a data folder looks like.

    ``images/``, ``alive/``, ``dead/`` and ``position/`` hold a PNG of the same name per image
    (masks: 0 and 255), ``splits/`` the lists of names ``train.txt``, ``val.txt`` and ``test.txt``;
    ``labeled.txt`` and ``unlabeled.txt`` divide the training images. The masks of the unlabeled
    images are written as well.

    Parameters
    ----------
    folder
        A new or empty one; it is made with its parents.
    **options
        As in `load_synthetic`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the folder has something in it, is a file, or an option is outside of its limits.
    """
    folder = Path(folder)
    data = load_synthetic(**options)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not an empty folder: choose a new one for the example data.")
    lists = {
        "train": [*data.labeled, *data.hidden],
        "labeled": data.labeled,
        "unlabeled": data.hidden,
        "val": data.validation,
        "test": data.test,
    }
    for name in ("images", "splits", *data.classes):
        (folder / name).mkdir(parents=True)
    for name, samples in lists.items():
        lines = "".join(f"{sample.name}\n" for sample in samples)
        (folder / "splits" / f"{name}.txt").write_text(lines, encoding="utf-8", newline="\n")
    for name in ("train", "val", "test"):
        _write_images(folder, data.classes, lists[name])
    return folder


def _write_images(folder: Path, classes: Sequence[str], samples: Iterable[Sample]) -> None:
    for sample in samples:
        Image.fromarray(sample.image[0]).save(folder / "images" / f"{sample.name}.png")
        for name, mask in zip(classes, sample.labeled, strict=True):
            Image.fromarray(mask * np.uint8(255)).save(folder / name / f"{sample.name}.png")

"""Which images a run began with: it goes on with the same ones in the same order, or not at all.

Pseudo-labels and random numbers belong to an image by its place in its list, and a run that went on
with other lists would give them to other images::

    names.json    by list, the names of the images in their order
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..data.sample import SegmentationData
from ..data.sources import name_of
from ..errors import InputError
from ..files.atomic import write_json
from ..files.json_files import read_json, read_json_lines
from .recipe import Recipe
from .results import PSEUDO_LABELS

NAMES = "names.json"

_TITLES = {
    "labeled": "labeled image",
    "unlabeled": "unlabeled image",
    "hidden": "image with hidden labels",
    "validation": "validation image",
}


def write_names(folder: Path, data: SegmentationData, recipe: Recipe) -> None:
    """Write down the images that a run begins with, unless this was done before."""
    if not (folder / NAMES).exists():
        write_json(folder / NAMES, _names(data, recipe))


def refuse_other_images(folder: Path, data: SegmentationData, recipe: Recipe) -> None:
    """Refuse to go on with a run if its images are others than those it began with.

    Lists that the recipe does not use may change. A run of an older version has no list of names;
    then those that its pseudo-labels were made for are compared.

    Raises
    ------
    InputError
        If a name differs, with the first that does, or the list of names is damaged.
    """
    now = _names(data, recipe)
    path = folder / NAMES
    if path.is_file():
        before = _read(path)
        for which, names in before.items():
            if which in now:
                pairs = zip_longest(names, now[which])
                _refuse_first(folder, which, enumerate(pairs))
    elif "unlabeled" in now:
        names = now["unlabeled"]
        noted = (
            (index, (name, names[index] if index < len(names) else None))
            for index, name in _pseudo_labeled(folder)
        )
        _refuse_first(folder, "unlabeled", noted)


def _names(data: SegmentationData, recipe: Recipe) -> dict[str, list[str]]:
    sources = {"labeled": data.labeled}
    if recipe.needs_unlabeled:
        sources["unlabeled"] = data.unlabeled
    if recipe.data == "full" or recipe.hidden_labels:
        sources["hidden"] = data.hidden
    sources["validation"] = data.validation
    return {
        which: [name_of(source, index) for index in range(len(source))]
        for which, source in sources.items()
    }


def _read(path: Path) -> Mapping[str, Sequence[str]]:
    values: Any = read_json(path)
    if not isinstance(values, dict) or not all(isinstance(v, list) for v in values.values()):
        raise InputError(f"{path}: the list of the images that the run began with is damaged.")
    return values


def _pseudo_labeled(folder: Path) -> Iterator[tuple[int, str]]:
    """Place and name of each unlabeled image that some generation has a pseudo-label of."""
    for path in sorted(folder.glob(f"generation-*/{PSEUDO_LABELS}")):
        for line in read_json_lines(path):
            yield line["index"], line["name"]


def _refuse_first(
    folder: Path, which: str, pairs: Iterator[tuple[int, tuple[str | None, str | None]]]
) -> None:
    for index, (before, now) in pairs:
        if before != now:
            what = f"{_TITLES[which]} {index + 1}"
            if before is None:
                said = f"there was no {what}, and now it is {now!r}"
            elif now is None:
                said = f"{what} was {before!r}, and there is none now"
            else:
                said = f"{what} was {before!r}, and now it is {now!r}"
            raise InputError(
                f"{folder}: the images are not those that this run began with ({said}); put the "
                f"files back as they were, or start a new run: retraining goes on from the "
                f"networks of this one with what is new."
            )

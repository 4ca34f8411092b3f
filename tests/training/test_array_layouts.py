"""Images and labels as arrays of any layout: flipped views, read-only ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.training.events import EpochEnd
from toy import QUICK, toy_data

Array = npt.NDArray[Any]


def flipped(array: Array) -> Array:
    """The same values, the last axis stored backwards."""
    return np.ascontiguousarray(array[..., ::-1])[..., ::-1]


def read_only(array: Array) -> Array:
    """The same values, as those of a file that is mapped or of a picture."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def stored(data: SegmentationData, how: Callable[[Array], Array]) -> SegmentationData:
    def each(sample: Sample) -> Sample:
        known = how(np.ones(sample.image.shape[1:], bool))
        target = None if sample.target is None else how(sample.target)
        return replace(sample, image=how(sample.image), target=target, known=known)

    lists = {name: list(map(each, getattr(data, name))) for name in ("labeled", "unlabeled")}
    return replace(data, **lists, validation=list(map(each, data.validation)))


@pytest.mark.parametrize("how", [flipped, read_only])
@pytest.mark.parametrize("recipe", ["input-ensemble", "fixmatch"])
def test_how_arrays_lie_in_memory_changes_nothing(
    recipe: str, how: Callable[[Array], Array], tmp_path: Path
) -> None:
    losses = []
    for name, store in (("plain", np.copy), ("other", how)):
        data = stored(toy_data(unlabeled=2), store)
        events = runs.train(recipe, data, replace(QUICK, epochs=1), folder=tmp_path / name)
        losses.append([e.validation_loss for e in events if isinstance(e, EpochEnd)])
    assert losses[0] == losses[1]

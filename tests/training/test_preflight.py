"""What is said about the data before training starts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.recipes import RECIPES
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.preflight import preflight
from toy import toy_data


def without(data, channel: int):  # type: ignore[no-untyped-def]
    """The same data, but nothing of one class is drawn."""
    labeled = []
    for sample in data.labeled:
        target = sample.labeled.copy()
        target[channel] = 0
        labeled.append(replace(sample, target=target))
    return replace(data, labeled=labeled)


def test_a_class_that_is_never_drawn_is_named_once() -> None:
    data = toy_data(Task.MULTILABEL)
    name = data.classes[1]
    said = [note for note in preflight(without(data, 1), RECIPES["im"]) if name in note]
    assert len(said) == 1
    assert said[0].startswith(f"The class {name!r} is never drawn")
    note = f"The class {name!r} is never drawn for training: no."
    noted = replace(without(data, 1), notes=(note,))
    assert preflight(noted, RECIPES["im"]).count(noted.notes[0]) == 1
    assert len([note for note in preflight(noted, RECIPES["im"]) if name in note]) == 1


@pytest.mark.parametrize("recipe", [r for r in RECIPES.values() if r.needs_unlabeled])
def test_recipes_that_need_unlabeled_images_are_refused_without(recipe) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=f"the recipe '{re.escape(recipe.key)}' also learns from"):
        preflight(toy_data(unlabeled=0), recipe)


@dataclass(frozen=True)
class Named:
    name: str


class Damaged(list[Sample]):
    """Samples of which some cannot be read; counts how many were asked for."""

    asked = 0

    @property
    def items(self) -> list[Named]:
        return [Named(f"{index}.png") for index in range(len(self))]

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        self.asked += 1
        if index in (3, 5):
            raise InputError(f"{index}.png: cannot be read.")
        return super().__getitem__(index)


def test_unlabeled_images_that_cannot_be_read_are_refused_before_training() -> None:
    data = toy_data(unlabeled=6)
    damaged = replace(data, unlabeled=Damaged(data.unlabeled))
    said = r"^3\.png: cannot be read; nor can 5\.png be used: repair or remove them\.$"
    with pytest.raises(InputError, match=said):
        preflight(damaged, RECIPES["im"])
    with pytest.raises(InputError, match=r"^3\.png: cannot be read\.$"):
        preflight(replace(data, unlabeled=Damaged(data.unlabeled[:5])), RECIPES["im"])
    preflight(damaged, RECIPES["labeled"])  # which never asks for them


def test_of_many_unlabeled_images_as_many_are_read_as_there_is_time_for() -> None:
    data = toy_data(unlabeled=3)
    some = replace(data, unlabeled=Damaged(data.unlabeled))
    notes = preflight(some, RECIPES["im"], seconds=1e-9)
    assert "Looked at 1 of 3 unlabeled images in advance." in notes
    assert some.unlabeled.asked == 1
    assert preflight(some, RECIPES["im"], seconds=0) == []
    assert some.unlabeled.asked == 2
    assert preflight(some, RECIPES["im"]) == []


def test_labels_that_are_all_empty_are_refused() -> None:
    data = toy_data(Task.BINARY)
    empty = [replace(s, target=np.zeros_like(s.labeled)) for s in data.labeled]
    with pytest.raises(InputError, match="are empty"):
        preflight(replace(data, labeled=empty), RECIPES["labeled"])


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (Task.BINARY, "bright"),
        (Task.MULTILABEL, "bright, dark or position"),
        (Task.MULTICLASS, "ground, bright or dark"),
    ],
)
def test_validation_images_without_any_class_are_noted(task: Task, names: str) -> None:
    data = toy_data(task)
    nothing = [replace(s, target=np.zeros_like(s.labeled)) for s in data.validation]
    (said,) = preflight(replace(data, validation=nothing), RECIPES["labeled"])
    assert said.startswith(f"No validation image shows {names}: ")
    assert "lowest loss" in said
    one = [*nothing, data.validation[0]]
    assert not preflight(replace(data, validation=one), RECIPES["labeled"])


def gray_as_fractions(sample: Sample) -> Sample:
    return replace(sample, image=(sample.image / 255).astype(np.float32))  # type: ignore[arg-type]


def without_channels(sample: Sample) -> Sample:
    return replace(sample, image=sample.image[0])


def white_masks(sample: Sample) -> Sample:
    return replace(sample, target=sample.labeled * 255)


def ids_of_other_classes(sample: Sample) -> Sample:
    return replace(sample, target=sample.labeled + 1)


def smaller_labels(sample: Sample) -> Sample:
    return replace(sample, target=sample.labeled[..., :20])


@pytest.mark.parametrize(
    ("task", "change", "said"),
    [
        (Task.BINARY, gray_as_fractions, r"float32 and shape \(1, 32, 32\).* give uint8"),
        (
            Task.MULTICLASS,
            without_channels,
            r"shape \(32, 32\) cannot.* shape \(1, rows, columns\)",
        ),
        (Task.MULTILABEL, white_masks, r"values from 0 to 255; give 0 and 1, 1 at the most"),
        (Task.MULTICLASS, ids_of_other_classes, r"from 2 to 4; give class ids.*, 3 at the most"),
        (Task.BINARY, smaller_labels, r"shape \(1, 32, 20\) do not fit.* shape \(1, 32, 32\)"),
    ],
)
@pytest.mark.parametrize("which", ["labeled", "validation", "unlabeled"])
def test_arrays_that_would_teach_nonsense_are_refused(
    task: Task, change: Callable[[Sample], Sample], said: str, which: str
) -> None:
    data = toy_data(task)
    if which == "unlabeled" and change not in (gray_as_fractions, without_channels):
        return  # their labels are never looked at
    samples = list(getattr(data, which))
    changed = replace(data, **{which: [*map(change, samples)]})
    with pytest.raises(InputError, match=said) as refused:
        preflight(changed, RECIPES["im"])
    assert str(refused.value).startswith(f"{samples[0].name}: ")

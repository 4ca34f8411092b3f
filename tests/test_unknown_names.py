"""What has names, and is asked for one that is not there."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

import napari_inconsistency_masks as im
from napari_inconsistency_masks.errors import unknown
from napari_inconsistency_masks.inconsistency import CellCounts, ClassAreas


@pytest.mark.parametrize(
    ("things", "name", "sentence"),
    [
        (im.PRESETS, "fast", "There is no preset 'fast'; there are quick, standard, paper."),
        (im.PRESETS, "quik", "There is no preset 'quik'; did you mean 'quick'?"),
        (im.RECIPES, "imm", "There is no recipe 'imm'; did you mean 'im'?"),
    ],
)
def test_a_name_of_nothing_is_refused_with_those_that_are_known(
    things: Any, name: str, sentence: str
) -> None:
    with pytest.raises(KeyError) as refused:
        things[name]
    assert str(refused.value) == sentence
    assert isinstance(refused.value, im.InputError)
    assert name not in things
    assert things.get(name) is None


def test_a_count_of_no_class_is_refused_with_those_that_are_known() -> None:
    counts = CellCounts({"alive": 3}, {"alive": 2}, {"alive": 4})
    areas = ClassAreas({"alive": 3}, {"alive": 2}, {"alive": 4}, 10)
    for numbers, kind in ((counts, "count"), (areas, "area")):
        sentence = f"There is no {kind} of 'aliv'; did you mean 'alive'?"
        with pytest.raises(im.InputError, match=re.escape(sentence)):
            numbers["aliv"]
        assert "aliv" not in numbers


def test_it_comes_back_from_another_process_as_it_was() -> None:
    error = pickle.loads(pickle.dumps(unknown("recipe", "imm", ["im"])))
    assert isinstance(error, im.InputError)
    assert str(error) == "There is no recipe 'imm'; did you mean 'im'?"

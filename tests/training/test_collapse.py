"""Networks that have nothing to teach are noticed, and said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.inconsistency import Prediction, find_consensus
from napari_inconsistency_masks.inference.behavior import Behavior, Watch
from napari_inconsistency_masks.nets.ensemble import Ensemble
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.collapse import (
    growing_inconsistency,
    notes_on,
    signs_of_collapse,
)
from napari_inconsistency_masks.training.events import Finished, GenerationEnd, Labeling, Warned
from napari_inconsistency_masks.training.records import GenerationRecord
from toy import QUICK, SCHEMES, toy_data

MULTILABEL, MULTICLASS = SCHEMES[Task.MULTILABEL], SCHEMES[Task.MULTICLASS]


def watched(votes: np.ndarray, scheme: LabelScheme, truth: np.ndarray | None = None) -> Behavior:
    """Behavior of members on images; votes ``(images, E, K, Y, X)``."""
    watch = Watch()
    for image in votes:
        there = image[0] if truth is None else truth
        prediction = Prediction(image.astype(np.float32), scheme)
        watch.add(find_consensus(prediction), there)
    return watch.behavior()


@pytest.mark.parametrize("seed", range(5))
def test_behavior_by_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = rng.random((3, 4, 3, 6, 7)) < rng.random((1, 4, 3, 1, 1))
    votes[:, 2] = votes[:, 0]
    votes[:, 3] = np.array([True, False, True])[:, None, None]
    if seed:
        votes[2, 2, 0, 0, 0] ^= True
    found = watched(votes, MULTILABEL)
    for k in range(3):
        pixels = [votes[i, :, k, y, x] for i in range(3) for y in range(6) for x in range(7)]
        assert found.agreed[k] == pytest.approx(sum(p.all() for p in pixels) / len(pixels))
        assert found.seen[k] == pytest.approx(sum(p.any() for p in pixels) / len(pixels))
        assert found.labeled[k] == pytest.approx(votes[:, 0, k].mean())
    assert 3 in found.constant
    constant = [
        m for m in range(4) if all((votes[:, m, k] == votes[0, m, k, 0, 0]).all() for k in range(3))
    ]
    assert list(found.constant) == constant
    pairs = [(a, b) for a, b in combinations(range(4), 2) if (votes[:, a] == votes[:, b]).all()]
    assert list(found.alike) == pairs
    assert ((0, 2) in pairs) == (seed == 0)
    assert found.members == 4


def test_a_network_that_says_something_else_in_another_image_is_not_constant() -> None:
    votes = np.zeros((2, 1, 3, 4, 4), bool)
    votes[1] = True
    assert watched(votes, MULTILABEL).constant == ()


def votes_of(*members: np.ndarray) -> np.ndarray:
    return np.stack(members)[None]


NONE = "they find nothing"
NOTHING = np.zeros((3, 4, 4), bool)
LEFT = NOTHING.copy()
LEFT[:, :, :2] = True
RIGHT = NOTHING.copy()
RIGHT[:, :, 2:] = True
MORE = NOTHING.copy()
MORE[:, :, :3] = True


@pytest.mark.parametrize(
    ("members", "masks", "said"),
    [
        ((NOTHING, NOTHING), True, [NONE, "the same at every pixel", "on every pixel"]),
        ((NOTHING, NOTHING), False, [NONE, "the same at every pixel"]),
        ((LEFT, RIGHT), True, ["they agree on no pixel of any class"]),
        ((LEFT, RIGHT), False, []),
        ((LEFT, LEFT), True, ["they agree on every pixel"]),
        ((LEFT, LEFT), False, []),
        ((LEFT, MORE), True, []),
        ((~NOTHING,), False, ["the same at every pixel"]),
        ((LEFT,), True, []),
    ],
)  # fmt: skip
def test_signs_of_a_collapse(members: tuple[np.ndarray, ...], masks: bool, said: list[str]) -> None:
    behavior = watched(votes_of(*members), MULTILABEL, truth=LEFT)
    found = signs_of_collapse(behavior, MULTILABEL, masks=masks)
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


def test_one_class_everywhere_is_a_collapse_of_exclusive_classes() -> None:
    truth = MULTICLASS.to_channels((1 + np.arange(16).reshape(4, 4) % 3).astype(np.uint8))
    ids = np.ones((2, 4, 4), np.uint8)
    votes = MULTICLASS.to_channels(ids)[None]
    found = signs_of_collapse(watched(votes, MULTICLASS, truth), MULTICLASS, masks=False)
    assert found == ("they say the same at every pixel of every image",)
    blanked = MULTICLASS.to_channels(np.zeros((2, 4, 4), np.uint8))[None]
    found = signs_of_collapse(watched(blanked, MULTICLASS, truth), MULTICLASS, masks=False)
    assert found[0] == "they find nothing"


@pytest.mark.parametrize("masks", [False, True])
def test_networks_that_rightly_say_the_same_everywhere_have_not_collapsed(masks: bool) -> None:
    empty = watched(votes_of(NOTHING, NOTHING), MULTILABEL, truth=NOTHING)
    ground = MULTICLASS.to_channels(np.ones((2, 4, 4), np.uint8))
    for behavior, scheme in (
        (empty, MULTILABEL),
        (watched(ground[None], MULTICLASS, truth=ground[0]), MULTICLASS),
    ):
        assert signs_of_collapse(behavior, scheme, masks=masks) == ()
        assert notes_on(behavior, scheme, masks=masks) == ()


def test_finding_what_is_in_no_label_is_no_collapse_unless_it_is_the_same_everywhere() -> None:
    noise = NOTHING.copy()
    noise[0, 1, 1] = True
    apart = watched(votes_of(noise, NOTHING), MULTILABEL, truth=NOTHING)
    assert signs_of_collapse(apart, MULTILABEL, masks=True) == ()
    everything = watched(votes_of(~NOTHING, ~NOTHING), MULTILABEL, truth=NOTHING)
    same, alike = signs_of_collapse(everything, MULTILABEL, masks=True)
    assert "the same at every pixel" in same
    assert "on every pixel" in alike


def squares(*sides: int) -> np.ndarray:
    """Votes for one class, a square of some side in each of 40 x 40 pixels."""
    votes = np.zeros((len(sides), 1, 40, 40), bool)
    for vote, side in zip(votes, sides, strict=True):
        vote[0, :side, :side] = True
    return votes[None]


@pytest.mark.parametrize(
    ("sides", "masks", "said"),
    [
        ((1, 0), False, ["they find almost nothing"]),
        ((1, 0), True, ["they find almost nothing"]),
        ((20, 1), True, ["they agree on almost no pixel of any class"]),
        ((20, 1), False, []),
        ((3, 4), True, []),  # 9 and 16 of 400 pixels
    ],
)
def test_single_pixels_do_not_hide_a_collapse(
    sides: tuple[int, ...], masks: bool, said: list[str]
) -> None:
    scheme = SCHEMES[Task.BINARY]
    behavior = watched(squares(*sides), scheme, truth=squares(20)[0, 0])
    assert list(signs_of_collapse(behavior, scheme, masks=masks)) == said
    missed = [note for note in notes_on(behavior, scheme, masks=masks) if "nowhere" in note]
    assert len(missed) == len(said)


def test_a_pixel_of_another_class_does_not_hide_a_collapse_either() -> None:
    truth = np.zeros((3, 40, 40), bool)
    truth[0, :20] = True
    votes = np.zeros((1, 2, 3, 40, 40), bool)
    votes[0, 0, 1, 5, 5] = True
    found = signs_of_collapse(watched(votes, MULTILABEL, truth), MULTILABEL, masks=True)
    assert found == ("they find almost nothing",)


def test_single_networks_and_classes_are_noted() -> None:
    other = LEFT.copy()
    other[1] = False
    truth = LEFT.copy()
    truth[2] = False
    notes = notes_on(
        watched(votes_of(LEFT, other, LEFT, ~NOTHING), MULTILABEL, truth), MULTILABEL, masks=True
    )
    assert len(notes) == 3
    assert "place 4 says the same" in notes[0]
    assert "places 1 and 3 never differ" in notes[1]
    assert "class 'dark' is in the labels, but they agree on it nowhere" in notes[2]
    kept = notes_on(watched(votes_of(LEFT, other), MULTILABEL, truth), MULTILABEL, masks=False)
    assert kept == ()


RECORD = GenerationRecord(0, (0,), None, 0.5, 0.1, 0.1, True)


@pytest.mark.parametrize(
    ("areas", "drifting"),
    [
        ((0.1, 0.2), False),
        ((0.1, 0.12, 0.2), True),
        ((0.1, 0.11, 0.12), False),
        ((0.1, 0.3, 0.2), False),
        ((0.3, 0.1, 0.12, 0.2), True),
        ((0.1, 0.12, 0.2, 0.1), False),
    ],
)
def test_an_inconsistent_area_that_keeps_growing_is_said(
    areas: tuple[float, ...], drifting: bool
) -> None:
    records = [replace(RECORD, generation=g, inconsistent=a) for g, a in enumerate(areas)]
    said = growing_inconsistency(records)
    assert (said is not None) == drifting
    if said is not None:
        assert f"to {areas[-1]:.1%}" in said


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("recipe", ["im", "model-ensemble", "noisy-student"])
def test_nothing_is_learned_from_collapsed_networks_unless_wanted(
    recipe: str, follow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Ensemble.forward
    monkeypatch.setattr(Ensemble, "forward", lambda self, image: forward(self, image) * 0 - 30)
    config: TrainConfig = replace(QUICK, generations=2, follow_collapsed=follow, epochs=1, steps=1)
    events = list(runs.train(recipe, toy_data(), config, folder=tmp_path / "run"))
    said = [e.message for e in events if isinstance(e, Warned) and "have collapsed" in e.message]
    ends = [e for e in events if isinstance(e, GenerationEnd)]
    assert len(said) == len(ends) == (3 if follow else 1)
    assert "they find nothing" in said[0]
    assert any(isinstance(e, Labeling) for e in events) == follow
    assert isinstance(events[-1], Finished)
    written = read_json(tmp_path / "run" / "generation-0" / "generation.json")
    assert tuple(written["collapse"]) == ends[0].collapse
    again = list(runs.resume(tmp_path / "run", toy_data()))
    assert not [e for e in again if isinstance(e, Labeling | GenerationEnd)]


@pytest.mark.parametrize("follow", [False, True])
def test_networks_that_collapsed_do_not_replace_better_ones(
    follow: bool, good_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, data = tmp_path / "run", toy_data(labeled=16)
    good = plans.read_plan(good_run).config
    config = replace(good, generations=1, epochs=1, steps=1, follow_collapsed=follow)
    plans.create(folder, "im", data, config)
    shutil.copytree(good_run / "generation-0", folder / "generation-0")
    forward = Ensemble.forward
    monkeypatch.setattr(Ensemble, "forward", lambda self, image: forward(self, image) * 0 - 30)
    _, end = [e for e in runs.resume(folder, data) if isinstance(e, GenerationEnd)]
    assert "they find nothing" in end.collapse
    assert end.accepted == follow
    assert read_json(folder / "ensemble.json")["generation"] == (1 if follow else 0)

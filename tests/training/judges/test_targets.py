"""What an EvalNet learns to say, against slow versions written from the description."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_inconsistency_masks.config import PseudoLabelConfig
from napari_inconsistency_masks.data.pseudo import PseudoLabel
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.inconsistency import Prediction
from napari_inconsistency_masks.pseudolabels import InconsistencyMasks
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.judges.targets import detected, overlaps, score_of
from napari_inconsistency_masks.training.judges.truth import Truth, true_overlap

BINARY = LabelScheme(Task.BINARY, ("lesion",))
HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
FISH = LabelScheme(Task.MULTICLASS, ("water", "fish", "reef"))
SCHEMES = (BINARY, HELA, FISH)


def random_pair(scheme: LabelScheme, seed: int) -> tuple[PseudoLabel, np.ndarray]:
    """A label with a mask from two noisy copies of the truth, and the truth."""
    rng = np.random.default_rng(seed)
    shape = (20, 24) if scheme.exclusive else (scheme.outputs, 20, 24)
    truth = rng.integers(0 + scheme.exclusive, 4 if scheme.exclusive else 2, shape, np.uint8)
    if seed % 3 == 0:
        truth[..., :15, :] = 1 if scheme.exclusive else 0  # some classes become rare
    votes = np.stack([scheme.to_channels(truth)] * 2)
    for member in range(2):
        flipped = rng.random((20, 24)) < 0.2
        other = truth.copy()
        other[..., flipped] = rng.permutation(truth[..., flipped], axis=-1)
        votes[member] = scheme.to_channels(other)
    config = PseudoLabelConfig(drop_uncertain=False)
    (label,) = InconsistencyMasks(config).candidates(Prediction(votes.astype(np.float32), scheme))
    return label, truth


@pytest.mark.parametrize("scheme", [HELA, BINARY])
@pytest.mark.parametrize("seed", range(6))
def test_overlaps_of_independent_outputs(scheme: LabelScheme, seed: int) -> None:
    label, truth = random_pair(scheme, seed)
    there = detected(label, truth, scheme, masks=True)
    found = overlaps(label, truth, scheme, there)
    for k in range(scheme.outputs):
        pixels = list(zip(label.target[k].ravel().tolist(), truth[k].ravel().tolist(), strict=True))
        both = sum(a and b for a, b in pixels)
        either = sum(a or b for a, b in pixels)
        share = sum(b for _, b in pixels) / len(pixels)
        assert there[k] == (share >= (0.001 if k == 2 else 0.01))
        expected = both / (either + 1e-7)
        if scheme is HELA and not there[k]:
            expected = 0
        assert found[k] == pytest.approx(expected)


@pytest.mark.parametrize("masks", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_overlaps_of_exclusive_classes(masks: bool, seed: int) -> None:
    label, truth = random_pair(FISH, seed)
    there = detected(label, truth, FISH, masks=masks)
    found = overlaps(label, truth, FISH, there)
    where = label.mask[0]
    for k in range(4):
        a, b = label.target == k, truth == k
        expected = (a & b).sum() / max(1, (a | b).sum())
        if k == 0 and a.any() and not b.any():
            expected = 1
        assert found[k] == pytest.approx(expected)
        if not masks:
            assert there[k] == (b.sum() > 0.01 * truth.size)
        elif k == 0:
            assert there[k] == where.any()
        else:
            left, before = (b & ~where).sum(), b.sum()
            assert there[k] == ((before > 0 and left >= 0.3 * before) or left >= 0.1 * truth.size)


def test_a_score_is_the_mean_overlap_of_the_outputs_that_are_detected() -> None:
    overlap = np.array([[0.2, 0.4, 0.9], [0.4, 0.6, 0.9]])
    detection = np.array([[0.9, 0.5, 0.2], [0.8, 0.5, 0.1]])
    assert score_of(overlap, detection, HELA) == pytest.approx((0.3 + 0.5) / 2)
    assert score_of(overlap, 0 * detection, HELA) == 0
    assert score_of(overlap[:, :1], None, BINARY) == pytest.approx(0.3)
    with_blanked = np.hstack([overlap, [[0.7], [0.7]]])
    assert score_of(with_blanked, np.ones((2, 4)), FISH) == pytest.approx((0.5 + 0.9 + 0.7) / 3)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(4))
def test_the_true_overlap_is_of_what_lies_outside_of_the_mask(
    scheme: LabelScheme, seed: int
) -> None:
    label, truth = random_pair(scheme, seed)
    blanked = truth.copy()
    blanked[..., label.mask.any(0)] = 0
    ids = np.unique(blanked) if scheme.exclusive else range(scheme.outputs)
    each = []
    for k in ids:
        a, b = label.target == k, blanked == k
        if not scheme.exclusive:
            a, b = label.target[k] == 1, blanked[k] == 1
        if b.any():
            each.append((a & b).sum() / ((a | b).sum() + 1e-7))
    expected = np.mean(each) if each else 0
    image = Sample("b", np.zeros((1, 20, 24), np.uint8))
    assert true_overlap(label, replace(image, target=truth), scheme) == pytest.approx(expected)
    hidden = [Sample("a", image.image), Sample("b", image.image, truth)]
    assert Truth(hidden, {"a": 0, "b": 1}, scheme).score(0, image, label) == pytest.approx(expected)


def test_a_label_without_any_class_is_worth_nothing() -> None:
    empty = PseudoLabel(np.zeros((3, 4, 4), np.uint8), np.zeros((3, 4, 4), bool))
    truth = Sample("a", np.zeros((1, 4, 4), np.uint8), empty.target)
    assert true_overlap(empty, truth, HELA) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_true_overlap_is_of_what_is_known(scheme: LabelScheme) -> None:
    """What nobody labeled is neither right nor wrong: other pseudo-labels there change nothing."""
    label, target = random_pair(scheme, 5)
    known = np.zeros(target.shape[-2:], bool)
    known[4:15, 3:20] = True
    truth = Sample("a", np.zeros((1, *known.shape), np.uint8), target, known)
    other = replace(label, target=np.where(known, label.target, random_pair(scheme, 6)[0].target))
    assert (other.target != label.target).any()
    inside = (..., slice(4, 15), slice(3, 20))
    cut = PseudoLabel(label.target[inside], label.mask[inside])
    crop = Sample("a", truth.image[inside], target[inside])
    expected = true_overlap(cut, crop, scheme)
    assert 0 < expected < 1
    for each in (label, other):
        assert true_overlap(each, truth, scheme) == pytest.approx(expected)
    assert true_overlap(label, replace(truth, known=~np.ones_like(known)), scheme) == 0


def test_each_output_is_known_where_it_is_labeled() -> None:
    label, target = random_pair(HELA, 5)
    known = np.zeros(target.shape, bool)
    known[1] = True
    truth = Sample("a", np.zeros((1, *known.shape[1:]), np.uint8), target, known)
    only = replace(truth, target=target * known, known=None)
    assert true_overlap(label, truth, HELA) == true_overlap(label, only, HELA) > 0

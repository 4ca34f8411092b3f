"""Each way to label unlabeled images, against the reference's results and slow versions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from golden_files import Case, each_case, read_cases
from napari_inconsistency_masks.cells import draw_discs, pseudo_label_markers
from napari_inconsistency_masks.config import PseudoLabelConfig
from napari_inconsistency_masks.data.batches.transforms import Change, move, move_back
from napari_inconsistency_masks.data.pseudo import PseudoLabel
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.inconsistency import Prediction
from napari_inconsistency_masks.pseudolabels import (
    PSEUDO_LABELERS,
    BestNetwork,
    InconsistencyMasks,
    InputEnsemble,
    ModelEnsemble,
    SingleTeacher,
    choose_markers,
)
from napari_inconsistency_masks.task import LabelScheme, Task

BINARY = LabelScheme(Task.BINARY, ("lesion",))
HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
FISH = LabelScheme(Task.MULTICLASS, ("water", "fish", "reef"))
SCHEMES = (BINARY, HELA, FISH)
CONFIG = PseudoLabelConfig()


def scheme_of(case: str, outputs: int) -> LabelScheme:
    if case.startswith("multiclass"):
        return LabelScheme(Task.MULTICLASS, tuple(f"class {i}" for i in range(1, outputs)))
    return HELA if case.startswith("hela") else BINARY


def drawn(scheme: LabelScheme, members: int, seed: int = 0, size: int = 24) -> Prediction:
    """Smooth random probabilities, such that markers and regions appear."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((members, scheme.outputs, size // 6, size // 6))
    fine = coarse.repeat(6, axis=-2).repeat(6, axis=-1) + rng.normal(0, 0.05, (size, size))
    probability = fine.clip(0, 1).astype(np.float32)
    if scheme.exclusive:
        probability /= probability.sum(1, keepdims=True) + 1e-6
    return Prediction(probability, scheme)


def only(labels: tuple[PseudoLabel, ...]) -> PseudoLabel:
    (label,) = labels
    return label


def obvious_target(votes: npt.NDArray[np.bool_], scheme: LabelScheme) -> npt.NDArray[np.uint8]:
    """A target pixel by pixel, with markers drawn anew."""
    outputs, height, width = votes.shape
    if scheme.exclusive:
        ids = np.zeros((height, width), np.uint8)
        for k in range(outputs):
            ids[votes[k]] = k
        return ids
    target = votes.astype(np.uint8)
    if scheme.position_output is not None:
        target[scheme.position_output] = pseudo_label_markers(votes[scheme.position_output])
    return target


def check_model_ensemble(case: str, given: Case) -> None:
    probability = given["probs"].transpose(0, 3, 1, 2)  # (E, K, Y, X)
    scheme = scheme_of(case, probability.shape[1])
    label = only(ModelEnsemble(CONFIG).candidates(Prediction(probability, scheme)))
    if scheme is HELA:
        expected = np.stack([given["ens_alive"], given["ens_dead"], given["ens_pos"]]) > 0
    elif scheme is BINARY:
        expected = given["ens"][None] > 0
    else:
        expected = given["ens_soft"]
    np.testing.assert_array_equal(label.target, expected)
    assert label.keep
    assert not label.mask.any()


def has_ensemble(case: str, given: Case) -> bool:
    """The reference transposes the markers of images that are not square."""
    return any(field.startswith("ens") for field in given)


@each_case("ensembles")
def test_the_model_ensemble_is_the_reference_one(case: str, given: Case) -> None:
    if has_ensemble(case, given):
        check_model_ensemble(case, given)


def test_all_golden_model_ensembles(shared: Path) -> None:
    cases = read_cases(shared / "oracle" / "ensembles.npz")
    chosen = {case: given for case, given in cases.items() if has_ensemble(case, given)}
    assert len(chosen) >= 12
    for case, given in chosen.items():
        check_model_ensemble(case, given)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_single_teacher_is_the_best_one_as_it_is(scheme: LabelScheme) -> None:
    labeler = SingleTeacher(CONFIG)
    assert labeler.teachers((3, 1, 0), 2) == (3,)
    prediction = drawn(scheme, 1)
    prediction.probability[0, 0, :2, :2] = 0.5
    votes = np.zeros(prediction.probability.shape[1:], bool)
    for row in range(24):
        for column in range(24):
            values = prediction.probability[0, :, row, column]
            if scheme.exclusive:
                votes[values.argmax(), row, column] = True
            else:
                votes[:, row, column] = values >= 0.5 if scheme is HELA else values > 0.5
    label = only(labeler.candidates(prediction))
    np.testing.assert_array_equal(label.target, obvious_target(votes, scheme))
    assert label.keep
    assert not label.mask.any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_input_ensemble_teaches_what_is_found_in_all_versions(scheme: LabelScheme) -> None:
    labeler = InputEnsemble(CONFIG)
    assert labeler.teachers((3, 1, 0), 2) == (3,)
    prediction = drawn(scheme, 3)
    votes = np.zeros(prediction.probability.shape[1:], bool)
    for row in range(24):
        for column in range(24):
            values = prediction.probability[:, :, row, column]  # (views, K)
            if scheme.exclusive:
                votes[values.mean(0).argmax(), row, column] = True
            else:
                votes[:, row, column] = (values > 0.5).all(0)
    label = only(labeler.candidates(prediction))
    np.testing.assert_array_equal(label.target, obvious_target(votes, scheme))


@pytest.mark.parametrize(("scheme", "found"), [(BINARY, True), (HELA, False)])
def test_exactly_one_half_is_found_by_an_input_ensemble_of_binary_images_alone(
    scheme: LabelScheme, found: bool
) -> None:
    probability = np.full((3, scheme.outputs, 12, 12), 0.5, np.float32)
    label = only(InputEnsemble(CONFIG).candidates(Prediction(probability, scheme)))
    assert label.target.all() == label.target.any() == found


def test_an_input_ensemble_leaves_out_binary_images_in_which_little_is_found() -> None:
    def keeps(side: int, drop: bool = True, scheme: LabelScheme = BINARY) -> bool:
        probability = np.zeros((4, scheme.outputs, 32, 32), np.float32)
        probability[:, 0, 10 : 10 + side, 10 : 10 + side] = 0.9
        labeler = InputEnsemble(PseudoLabelConfig(drop_uncertain=drop))
        return only(labeler.candidates(Prediction(probability, scheme))).keep

    assert [keeps(side) for side in (0, 4, 5, 9)] == [False, False, True, True]
    assert keeps(0, drop=False)
    assert keeps(0, scheme=HELA)


def test_views_are_as_many_as_wanted_differ_and_can_be_repeated() -> None:
    labeler = InputEnsemble(PseudoLabelConfig(views=7))
    views = labeler.views(np.random.default_rng(5), free_rotation=True)
    assert len(set(views)) == 7
    assert views == labeler.views(np.random.default_rng(5), free_rotation=True)
    assert any(view.turns for view in views)
    upright = labeler.views(np.random.default_rng(5), free_rotation=False)
    assert not any(view.turns or view.flip_vertical for view in upright)
    for name, make in PSEUDO_LABELERS.items():
        if name != "input-ensemble":
            assert make(CONFIG, pseudo_label_markers).views(
                np.random.default_rng(0), free_rotation=True
            ) == (Change(),)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("horizontal", [False, True])
def test_moving_back_undoes_moving(turns: int, vertical: bool, horizontal: bool) -> None:
    image = torch.arange(2 * 3 * 5).reshape(2, 3, 5)
    change = Change(flip_vertical=vertical, flip_horizontal=horizontal, turns=turns)
    assert torch.equal(move_back(move(image, change), change), image)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_selection_offers_the_labels_of_every_network(scheme: LabelScheme) -> None:
    labeler = BestNetwork(CONFIG)
    assert labeler.teachers((3, 1, 0), 2) == (3, 1, 0)
    prediction = drawn(scheme, 3)
    labels = labeler.candidates(prediction)
    for member, label in enumerate(labels):
        expected = obvious_target(prediction.hard()[member], scheme)
        np.testing.assert_array_equal(label.target, expected)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_exercises_of_selection_are_labels_of_single_networks(scheme: LabelScheme) -> None:
    labeler, prediction = BestNetwork(CONFIG), drawn(scheme, 3)
    targets = [label.target for label in labeler.candidates(prediction)]
    seen = set()
    for seed in range(30):
        label = labeler.exercise(prediction, np.random.default_rng(seed))
        seen.add(next(m for m, t in enumerate(targets) if np.array_equal(t, label.target)))
    assert seen == {0, 1, 2}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_exercises_of_masks_are_masks_of_two_or_more_networks(scheme: LabelScheme) -> None:
    """Every one is what some choice of networks and squares gives, and many kinds occur."""
    from itertools import combinations, product

    prediction = drawn(scheme, 3)
    possible: dict[bytes, tuple[int, int, int]] = {}
    for count in (2, 3):
        for members in combinations(range(3), count):
            part = Prediction(prediction.probability[list(members)], scheme)
            for erode, dilate in product((0, 3, 5), repeat=2):
                config = PseudoLabelConfig(erode=erode, dilate=dilate)
                label = only(InconsistencyMasks(config).candidates(part))
                key = label.target.tobytes() + label.mask.tobytes()
                possible.setdefault(key, (count, erode, dilate))
    seen = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        label = InconsistencyMasks(CONFIG).exercise(prediction, rng)
        seen.add(possible[label.target.tobytes() + label.mask.tobytes()])
    assert {count for count, _, _ in seen} == {2, 3}
    assert {erode for _, erode, _ in seen} >= {0, 3}
    assert {dilate for _, _, dilate in seen} == {0, 3, 5}


def test_exercises_of_a_single_network_are_possible() -> None:
    label = InconsistencyMasks(CONFIG).exercise(drawn(HELA, 1), np.random.default_rng(0))
    assert not label.mask.any()


def labeled_with(radius: int, known: npt.NDArray[np.bool_] | None = None) -> SegmentationData:
    """Data whose markers have a radius; where it is not known, larger ones."""
    mask = draw_discs(np.array([(10, 10), (30, 40)]), np.full(2, radius), (50, 60))
    if known is not None:
        mask |= draw_discs(np.array([(5, 45)]), np.array([8]), (50, 60))
    target = np.stack([mask, mask & False, mask]).astype(np.uint8)
    samples = [Sample("a", np.zeros((1, 50, 60), np.uint8), target, known=known)]
    return SegmentationData("made", HELA, 1, samples)


@pytest.mark.parametrize("radius", [3, 5, 11])
@pytest.mark.parametrize("partly", [False, True])
@pytest.mark.parametrize("name", PSEUDO_LABELERS)
def test_markers_are_like_those_of_the_labels_if_wanted(
    name: str, partly: bool, radius: int
) -> None:
    known = None
    if partly:
        known = np.ones((50, 60), bool)
        known[:15, 30:] = False
    data = labeled_with(radius, known)
    config = PseudoLabelConfig(markers="labels")
    labeler = PSEUDO_LABELERS[name](config, choose_markers(config, data))
    seen = draw_discs(np.array([(25, 20)]), np.array([3]), (50, 60))
    votes = np.stack([np.zeros((2, 50, 60)), np.zeros((2, 50, 60)), [seen, seen]], 1)
    prediction = Prediction(votes.astype(np.float32), HELA)
    label = labeler.candidates(prediction)[0]
    expected = draw_discs(np.array([(25, 20)]), np.array([radius]), (50, 60))
    np.testing.assert_array_equal(label.target[2], expected)
    exercised = labeler.exercise(prediction, np.random.default_rng(0))
    np.testing.assert_array_equal(exercised.target[2], expected)


def test_markers_are_the_references_unless_wanted_or_without_positions() -> None:
    data = labeled_with(3)
    assert choose_markers(PseudoLabelConfig(), data) is pseudo_label_markers
    binary = SegmentationData("made", BINARY, 1, data.labeled)
    assert choose_markers(PseudoLabelConfig(markers="labels"), binary) is pseudo_label_markers

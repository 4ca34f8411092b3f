from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from golden_files import Case, each_case, read_cases
from napari_inconsistency_masks.cells import draw_discs, find_cells, pseudo_label_markers
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inconsistency import (
    CellCounts,
    Consensus,
    Prediction,
    blank,
    count_cells,
    disagreement,
    find_consensus,
    measure_areas,
    pseudo_label,
    refine,
)
from napari_inconsistency_masks.pseudolabels import InconsistencyMasks
from napari_inconsistency_masks.recipes import PRESETS
from napari_inconsistency_masks.task import LabelScheme, Task

Bool = npt.NDArray[np.bool_]
BINARY = LabelScheme(Task.BINARY, ("lesion",))
HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
FISH = LabelScheme(Task.MULTICLASS, ("water", "fish", "reef"))


def scheme_of(case: str, outputs: int) -> LabelScheme:
    if case.startswith("multiclass"):
        return LabelScheme(Task.MULTICLASS, tuple(f"class {i}" for i in range(1, outputs)))
    return HELA if case.startswith("hela") else BINARY


def prediction_of(case: str, given: Case) -> Prediction:
    probability = given["probs"].transpose(0, 3, 1, 2)  # (E, K, Y, X)
    return Prediction(probability, scheme_of(case, probability.shape[1]))


def certain(votes: Any, scheme: LabelScheme) -> Prediction:
    """Members that are sure of ``(E, K, Y, X)`` votes."""
    return Prediction(np.asarray(votes, np.float32), scheme)


def classes(ids: Any) -> Prediction:
    """Members that are sure of ``(E, Y, X)`` class ids."""
    return certain(FISH.to_channels(np.asarray(ids, np.uint8)), FISH)


# --- the reference's own results ---


@each_case("im_binary")
def test_binary_masks_are_the_reference_ones(case: str, given: Case) -> None:
    found = find_consensus(certain(given["masks"][:, None], BINARY))
    np.testing.assert_array_equal(found.label[0] * 255, given["pred"])
    np.testing.assert_array_equal(found.inconsistency, given["im"] > 0)
    assert found.agreed.sum() == given["pred_size"]
    assert found.area == given["im_size"] / given["im"].size


@each_case("im_multiclass")
def test_multiclass_masks_are_the_reference_ones(case: str, given: Case) -> None:
    scheme = scheme_of("multiclass", int(given["masks"].max()) + 2)
    found = find_consensus(certain(scheme.to_channels(given["masks"]), scheme))
    np.testing.assert_array_equal(found.label, given["pred"])
    np.testing.assert_array_equal(found.inconsistency, given["im"] > 0)


def check_ensemble(case: str, given: Case) -> None:
    prediction = prediction_of(case, given)
    scheme, found = prediction.scheme, find_consensus(prediction)
    np.testing.assert_array_equal(found.inconsistency, given["im"] > 0)
    made = pseudo_label(prediction, same_classes=True)
    assert made.size == given["im_size"]
    if scheme is HELA:
        expected = np.stack([given["im_alive"], given["im_dead"], given["im_pos_raw"]]) > 0
        np.testing.assert_array_equal(found.agreed, expected)
    elif scheme is BINARY:
        np.testing.assert_array_equal(found.agreed[0], given["im_pred"] > 0)
    else:
        np.testing.assert_array_equal(found.label, given["im_pred"])
        np.testing.assert_array_equal(scheme.to_target(found.best_guess), given["ens_soft"])
        assert made.kept == given["same_class_sets"]


def check_mean(case: str, given: Case) -> None:
    """The reference's model ensemble for cells."""
    mean = HELA.harden(prediction_of(case, given).mean())
    mean[2] = pseudo_label_markers(mean[2])
    expected = np.stack([given["ens_alive"], given["ens_dead"], given["ens_pos"]]) > 0
    np.testing.assert_array_equal(mean, expected)


def check_pseudo_label(case: str, given: Case) -> None:
    options = {key: int(value) for key, value in re.findall(r"_(e|d|bi|bo|f)(\d)", case)}
    made = pseudo_label(
        prediction_of(case, given),
        erode=options["e"],
        dilate=options["d"],
        blank_label=options.get("bo", 1) == 1,
        same_classes=options.get("f", 0) == 1,
    )
    mask = np.logical_or.reduce(made.mask)
    np.testing.assert_array_equal(mask, given["im"] > 0)
    assert made.size == given["mean_im_size"]
    assert made.kept == given.get("written", True)
    if not made.kept:
        return
    channels_last = np.atleast_3d(given["image"])
    image = channels_last.transpose(2, 0, 1)
    image = blank(image, mask) if options.get("bi", 1) else image
    if case.startswith("hela"):
        np.testing.assert_array_equal(image[0], given["brightfield"])
        expected = np.stack([given["alive"], given["dead"], given["mod_position"]]) > 0
        np.testing.assert_array_equal(made.target, expected)
    else:
        np.testing.assert_array_equal(image, given["out_image"].transpose(2, 0, 1))
        target = made.target[0] * 255 if case.startswith("binary") else made.target
        np.testing.assert_array_equal(target, given["out_mask"])


@each_case("ensembles")
def test_ensembles_are_the_reference_ones(case: str, given: Case) -> None:
    check_ensemble(case, given)
    if "ens_pos" in given:
        check_mean(case, given)


@each_case("pseudo_labels")
def test_pseudo_labels_are_the_reference_ones(case: str, given: Case) -> None:
    check_pseudo_label(case, given)


def test_all_golden_ensembles_and_pseudo_labels(shared: Path) -> None:
    for case, given in read_cases(shared / "oracle" / "ensembles.npz").items():
        check_ensemble(case, given)
        if "ens_pos" in given:
            check_mean(case, given)
    for case, given in read_cases(shared / "oracle" / "pseudo_labels.npz").items():
        check_pseudo_label(case, given)


@each_case("primitives", "dilate_mask")
def test_agreed_classes_grow_one_over_the_other(case: str, given: Case) -> None:
    scheme = scheme_of("multiclass", 4)
    unit = 255 if case.endswith("binary") else 1
    agreed = scheme.to_channels(given["mask"] // unit)
    nowhere = np.zeros_like(agreed)
    found = Consensus(agreed, nowhere, agreed[None], agreed, scheme)
    np.testing.assert_array_equal(refine(found, erode=3).label, given["out"] // unit)


# --- predictions ---


@pytest.mark.parametrize("shape", [(2, 4, 4), (2, 1, 4, 4), (0, 3, 4, 4), (2, 3, 0, 4)])
def test_predictions_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="3 outputs"):
        Prediction(np.zeros(shape, np.float32), HELA)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5, 255])
def test_what_is_no_probability_is_refused(value: float) -> None:
    probability = np.full((2, 1, 4, 4), 0.5, np.float32)
    probability[1, 0, 2, 2] = value
    with pytest.raises(InputError, match="0 to 1"):
        Prediction(probability, BINARY)


def test_only_multilabel_takes_one_half_for_foreground() -> None:
    half = np.full((2, 3, 1, 1), 0.5, np.float32)
    assert find_consensus(Prediction(half, HELA)).agreed.all()
    assert not find_consensus(Prediction(half[:, :1], BINARY)).agreed.any()


# --- consensus ---


def test_a_consensus_by_hand() -> None:
    found = find_consensus(certain([[[[1, 1, 0, 0]]], [[[1, 0, 1, 0]]]], BINARY))
    assert found.label.tolist() == [[[1, 0, 0, 0]]]
    assert found.inconsistency.tolist() == [[False, True, True, False]]
    assert found.area == 0.5
    assert found.for_class("lesion").tolist() == [[False, True, True, False]]


def test_a_multiclass_consensus_by_hand() -> None:
    found = find_consensus(classes([[[1, 2, 3, 0]], [[1, 2, 1, 0]], [[1, 3, 2, 0]]]))
    assert found.label.tolist() == [[1, 0, 0, 0]]
    assert found.inconsistency.tolist() == [[False, True, True, False]]
    assert found.for_class("water").tolist() == [[False, False, True, False]]
    assert disagreement(found).tolist() == [[0, 1, 2, 0]]


def test_members_that_are_outvoted() -> None:
    votes = np.zeros((5, 3, 1, 4), bool)
    votes[:1, 0, 0, 1] = votes[:2, 1, 0, 1] = True  # 1 and 2 of 5
    votes[:4, 2, 0, 2] = True
    votes[:, :, 0, 3] = True
    outvoted = disagreement(find_consensus(certain(votes, HELA)))
    assert outvoted.tolist() == [[0, 2, 1, 0]]
    assert outvoted.dtype == np.uint8


def test_one_member_always_agrees() -> None:
    found = find_consensus(classes([[[1, 2, 3, 0]]]))
    assert found.area == 0
    assert found.label.tolist() == [[1, 2, 3, 0]]


def test_more_classes_than_a_label_can_hold_are_refused() -> None:
    names = tuple(f"class {number}" for number in range(1, 257))
    scheme = LabelScheme(Task.MULTICLASS, names[:255])
    probability = np.zeros((1, 256, 2, 2), np.float32)
    probability[:, 255] = 1
    assert (find_consensus(Prediction(probability, scheme)).label == 255).all()
    with pytest.raises(InputError, match="at most 255 classes, not 256"):
        LabelScheme(Task.MULTICLASS, names)


def test_unknown_classes_are_refused() -> None:
    with pytest.raises(InputError, match="water, fish, reef"):
        find_consensus(classes([[[1]]])).for_class("shark")


probabilities = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.just(4), st.integers(1, 9), st.integers(1, 9)),
    elements=st.integers(0, 16).map(lambda i: np.float32(i / 16)),
)
predictions = st.one_of(
    probabilities.map(lambda p: Prediction(p, FISH)),
    probabilities.map(lambda p: Prediction(p[:, :3], HELA)),
    probabilities.map(lambda p: Prediction(p[:, :1], BINARY)),
)


@over(predictions)
def test_a_consensus_holds_together(prediction: Prediction) -> None:
    found = find_consensus(prediction)
    sure = ~found.inconsistency
    assert (disagreement(found) > 0).tolist() == found.inconsistency.tolist()
    np.testing.assert_array_equal((found.best_guess & sure), (found.agreed & sure))
    for votes in found.votes:
        assert not (found.agreed & ~votes).any()
        np.testing.assert_array_equal(votes & sure, found.agreed & sure)


# --- refining the mask ---


def test_erosion_acts_on_the_mask_of_all_outputs() -> None:
    votes = np.zeros((2, 3, 5, 5), bool)
    votes[0, 0, 1:4, 1:3] = votes[0, 1, 1:4, 3:4] = True  # together 3 x 3
    refined = refine(find_consensus(certain(votes, HELA)), erode=3)
    assert np.argwhere(refined.inconsistency).tolist() == [[2, 2]]
    assert refined.for_class("alive").sum() == 1
    assert refined.for_class("dead").sum() == 0


def test_the_border_of_the_image_does_not_erode() -> None:
    votes = np.zeros((2, 1, 4, 4), bool)
    votes[0] = True
    assert refine(find_consensus(certain(votes, BINARY)), erode=3).inconsistency.all()


def test_erosion_grows_all_but_positions_and_nothing_that_is_binary() -> None:
    spot = np.zeros((1, 3, 5, 5), bool)
    spot[..., 2, 2] = True
    refined = refine(find_consensus(certain(spot, HELA)), erode=3)
    assert refined.agreed.sum((1, 2)).tolist() == [9, 9, 1]
    refined = refine(find_consensus(certain(spot[:, :1], BINARY)), erode=3)
    assert refined.agreed.sum() == 1


def test_dilation_leaves_the_label_alone() -> None:
    found = find_consensus(classes([[[1, 1, 2, 3]], [[1, 1, 2, 2]]]))
    refined = refine(found, dilate=3)
    assert refined.inconsistency.tolist() == [[False, False, True, True]]
    assert refined.label.tolist() == [[1, 1, 2, 0]]


@over(predictions, st.sampled_from([0, 1, 3, 5]), st.sampled_from([0, 1, 3, 5]))
def test_refined_masks_hold_together(prediction: Prediction, erode: int, dilate: int) -> None:
    found = find_consensus(prediction)
    before = found.agreed.copy(), found.disagreed.copy()
    refined = refine(found, erode=erode, dilate=dilate)
    np.testing.assert_array_equal(found.agreed, before[0])
    np.testing.assert_array_equal(found.disagreed, before[1])
    if dilate == 0:
        assert not (refined.inconsistency & ~found.inconsistency).any()
    if erode == 0:
        assert not (found.inconsistency & ~refined.inconsistency).any()
        np.testing.assert_array_equal(refined.agreed, found.agreed)
    if prediction.scheme.exclusive:
        assert refined.agreed.sum(0).max() <= 1


@pytest.mark.parametrize("sides", [{"erode": 2}, {"dilate": 4}, {"erode": -3}])
def test_even_and_negative_sides_are_refused(sides: dict[str, int]) -> None:
    with pytest.raises(InputError, match="odd"):
        refine(find_consensus(classes([[[1]]])), **sides)


# --- pseudo-labels ---


def test_blanking_copies() -> None:
    image = np.arange(1, 9, dtype=np.uint8).reshape(2, 2, 2)
    mask = np.array([[True, False], [False, False]])
    assert blank(image, mask).tolist() == [[[0, 2], [3, 4]], [[0, 6], [7, 8]]]
    assert blank(image, mask).dtype == np.uint8
    assert blank(image[0], mask).tolist() == [[0, 2], [3, 4]]
    assert image[0, 0, 0] == 1


def test_uncertain_binary_images_are_dropped_if_asked() -> None:
    even = certain([[[[1, 1]]], [[[1, 0]]]], BINARY)  # one pixel agreed, one not
    assert not pseudo_label(even).kept
    assert pseudo_label(even, drop_uncertain=False).kept
    assert not pseudo_label(certain(np.zeros((2, 1, 3, 3)), BINARY)).kept


@pytest.mark.parametrize(
    ("preset", "kept"), [("quick", True), ("standard", True), ("paper", False)]
)
def test_an_image_without_anything_is_learned_from_unless_as_published(
    preset: str, kept: bool
) -> None:
    labeler = InconsistencyMasks(PRESETS[preset].pseudo_labels)
    (label,) = labeler.candidates(certain(np.zeros((2, 1, 3, 3)), BINARY))
    assert label.keep == kept


def test_the_mask_is_per_output_only_if_outputs_are_independent() -> None:
    assert pseudo_label(classes([[[1, 2]], [[1, 3]]])).mask.tolist() == [[[False, True]]]
    votes = np.zeros((2, 3, 1, 2), bool)
    votes[0, 0, 0, 1] = True
    made = pseudo_label(certain(votes, HELA))
    assert made.mask.tolist() == [[[False, True]], [[False, False]], [[False, False]]]


# --- counting ---


def dish(*members: list[tuple[int, int, str]]) -> Consensus:
    """Members that each see cells: row, column, state."""
    votes = np.zeros((len(members), 3, 64, 64), bool)
    for channels, cells in zip(votes, members, strict=True):
        for row, column, state in cells:
            at = np.array([[row, column]])
            channels[HELA.classes.index(state)] |= draw_discs(at, np.array([8]), (64, 64))
            channels[2] |= draw_discs(at, np.array([4]), (64, 64))
    return find_consensus(certain(votes, HELA))


def test_counts_span_those_of_the_members() -> None:
    counts = count_cells(
        dish(
            [(10, 10, "alive"), (10, 30, "alive"), (10, 50, "dead")],
            [(10, 10, "alive"), (10, 30, "alive"), (40, 10, "alive")],
            [(10, 10, "alive"), (10, 50, "dead")],
        )
    )
    assert dict(counts) == {"alive": 2, "dead": 1}
    assert counts.low == {"alive": 1, "dead": 0}
    assert counts.high == {"alive": 3, "dead": 1}
    assert (counts.unclear, counts.total) == (0, 3)
    assert repr(counts) == "CellCounts(alive=2 [1-3], dead=1 [0-1], unclear=0)"


def test_of_two_members_the_surer_one_decides() -> None:
    votes = np.array(dish([(10, 10, "alive"), (40, 40, "dead")], []).votes, np.float32)
    sure, doubtful = Prediction(votes * 0.9, HELA), Prediction(votes * 0.6, HELA)
    doubtful.probability[1] = sure.probability[1] = 0.3
    assert dict(count_cells(find_consensus(sure))) == {"alive": 1, "dead": 1}
    assert dict(count_cells(find_consensus(doubtful))) == {"alive": 0, "dead": 0}
    assert count_cells(find_consensus(doubtful)).high == {"alive": 1, "dead": 1}


def test_the_range_is_widened_to_the_count() -> None:
    # Each of three members misses another cell, the mean probability none.
    all_cells = [(10, 10, "alive"), (10, 40, "alive"), (40, 10, "alive")]
    members = [[cell for cell in all_cells if cell != missed] for missed in all_cells]
    counts = count_cells(dish(*members))
    assert (counts.low["alive"], counts["alive"], counts.high["alive"]) == (2, 3, 3)


def test_a_cell_of_two_states_is_unclear() -> None:
    counts = count_cells(dish([(20, 20, "alive"), (20, 20, "dead")]))
    assert (dict(counts), counts.unclear, counts.total) == ({"alive": 0, "dead": 0}, 1, 1)


@over(predictions)
def test_counts_lie_in_their_range_and_are_those_of_the_shown_cells(
    prediction: Prediction,
) -> None:
    found = find_consensus(prediction)
    counts = count_cells(found)
    assert isinstance(counts, CellCounts)
    for name in counts:
        assert 0 <= counts.low[name] <= counts[name] <= counts.high[name]
    assert counts.total == len(find_cells(found.best_guess, prediction.scheme).centers)
    if len(found.votes) == 1:
        assert counts.low == counts.high


def test_areas_span_those_of_the_members() -> None:
    areas = measure_areas(
        dish(
            [(10, 10, "alive"), (10, 30, "alive"), (10, 50, "dead")],
            [(10, 10, "alive"), (10, 30, "alive"), (40, 10, "alive")],
            [(10, 10, "alive"), (10, 50, "dead")],
        )
    )
    cell = areas.estimate["dead"]
    assert list(areas) == ["alive", "dead"]  # that of positions says nothing
    assert (areas.low, areas.high) == (
        {"alive": cell, "dead": 0},
        {"alive": 3 * cell, "dead": cell},
    )
    assert areas["alive"] == 2 * cell / areas.pixels
    assert areas.span("dead") == (0, areas["dead"])
    shares = [f"{number * cell / areas.pixels:.1%}" for number in range(4)]
    assert repr(areas) == (
        f"ClassAreas(alive={shares[2]} [{shares[1]}-{shares[3]}], "
        f"dead={shares[1]} [0.0%-{shares[1]}])"
    )


@over(predictions)
def test_areas_are_counted_pixel_by_pixel(prediction: Prediction) -> None:
    found, scheme = find_consensus(prediction), prediction.scheme
    areas = measure_areas(found)
    assert areas.pixels == found.inconsistency.size
    for name in scheme.counted:
        channel = scheme.output_names.index(name)
        members = [sum(votes[channel].ravel().tolist()) for votes in found.votes]
        best = sum(found.best_guess[channel].ravel().tolist())
        assert areas[name] == best / areas.pixels
        assert (areas.low[name], areas.high[name]) == (
            min(best, *members),
            max(best, *members),
        )

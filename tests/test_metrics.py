from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.measure import label, regionprops

from golden_files import Case, each_case, read_cases
from napari_inconsistency_masks.cells import (
    MARK_RULES,
    OBJECT_SIZES,
    draw_discs,
    redraw_markers,
    rules_for,
)
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.metrics.count_sums import matched_pairs
from napari_inconsistency_masks.metrics.evaluation import Evaluation
from napari_inconsistency_masks.metrics.reference import (
    classwise_iou,
    detected_after_blanking,
    detected_classes,
    dice,
    iou,
    mean_iou_of_present_classes,
    pixel_accuracy,
    reference_hela_scores,
)
from napari_inconsistency_masks.metrics.rule_choice import RuleChoice
from napari_inconsistency_masks.metrics.scores import CountRow, CountScore, Scores
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.object_sizes import typical_sizes

Bool = npt.NDArray[np.bool_]
BINARY = LabelScheme(Task.BINARY, ("lesion",))
HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
MARKED = LabelScheme(Task.MULTILABEL, ("cell", "position"), "position")
FISH = LabelScheme(Task.MULTICLASS, ("water", "fish", "reef"))


# --- the reference's own results ---


@each_case("metrics", "b_")
def test_binary_figures_are_the_reference_ones(case: str, given: Case) -> None:
    assert iou(given["gt"] > 0, given["pred"] > 0) == given["iou_binary"]
    assert np.float32(dice(given["gt"] >= 128, given["pred"] >= 128)) == given["dice"]


@each_case("metrics", "m_")
def test_multiclass_figures_are_the_reference_ones(case: str, given: Case) -> None:
    predicted, true, classes = given["pred"], given["gt"], int(given["n_classes"])
    mean_iou = mean_iou_of_present_classes(predicted, true)
    assert mean_iou == pytest.approx(float(given["miou_unique"]), rel=1e-12)  # sums round apart
    assert pixel_accuracy(predicted, true) == pytest.approx(
        float(given["pixel_accuracy"]), rel=1e-12
    )
    each = classwise_iou(predicted, true, classes)
    np.testing.assert_array_equal(each.round(4), given["classwise_iou"])
    np.testing.assert_array_equal(detected_classes(true, classes), given["detection_gt"])
    blanked = detected_after_blanking(predicted, true, classes)
    np.testing.assert_array_equal(blanked, given["detection_im"])


def marks(*sides: int) -> Bool:
    """A cell all over, and square marks of so many pixels."""
    channels = np.zeros((2, 20, 60), bool)
    channels[0] = True
    for number, side in enumerate(sides):
        channels[1, 5 : 5 + side, 10 * number + 1 : 10 * number + 1 + side] = True
    return channels


@pytest.mark.parametrize(
    ("predicted", "there", "best"),
    [
        ((5, 2, 1), 1, 6),  # specks where nothing is; 6 is the first of all that are right
        ((5, 3, 1), 1, 10),
        ((5, 3, 2), 2, 6),
        ((5, 2, 1), 2, 4),
        ((5, 2, 1), 3, 1),
        ((6, 5), 2, 6),
    ],
)
def test_the_smallest_mark_is_the_one_with_the_best_counts(
    predicted: tuple[int, ...], there: int, best: int
) -> None:
    choice = RuleChoice(MARKED, MARK_RULES)
    choice.add("a", marks(*predicted).astype(np.float32), marks(*[5] * there).astype(np.uint8))
    rule, scores = choice.best()
    assert rule == CountRule(0.5, best)
    assert scores.mcce == 0
    assert [image.count_error for image in scores.per_image] == [0]


@pytest.mark.parametrize(("there", "best"), [(1, 0.5), (2, 0.3), (3, 0.1)])
def test_the_threshold_is_the_one_with_the_best_counts(there: int, best: float) -> None:
    """Three marks, each fainter than the one before."""
    probability = marks(5, 5, 5).astype(np.float32)
    probability[1] *= np.repeat([0.9, 0.4, 0.2], [10, 10, 40])
    choice = RuleChoice(MARKED, MARK_RULES)
    choice.add("a", probability, marks(*[5] * there).astype(np.uint8))
    rule, scores = choice.best()
    assert rule == CountRule(best, 6)
    assert scores.mcce == 0


def test_one_rule_for_all_images_together() -> None:
    faint = marks(5, 5).astype(np.float32)
    faint[1, :, 10:] *= 0.4
    choice = RuleChoice(MARKED, MARK_RULES)
    choice.add("one cell", faint, marks(5).astype(np.uint8))
    for name in ("a", "b"):
        choice.add(name, faint, marks(5, 5).astype(np.uint8))
    rule, scores = choice.best()
    assert rule == CountRule(0.3, 6)
    assert scores.mcce == pytest.approx(1 / 3)
    assert [image.count_error for image in scores.per_image] == [1, 0, 0]


@pytest.mark.parametrize("position", ["position", None])
def test_the_paper_knows_of_no_rules(position: str | None) -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("cell", "position"), position)
    rules = rules_for(scheme, {"cell": 900, "position": 90})
    choice = RuleChoice(scheme, rules, as_in_paper=True)
    choice.add("a", 0.2 * marks(5, 2).astype(np.float32), marks(5).astype(np.uint8))
    assert choice.best()[0] == rules[0]


OBJECTS = LabelScheme(Task.MULTILABEL, ("large", "small"))


def squares(*sides: int) -> np.ndarray:
    """``(40, 40)``, a square of each size in a row."""
    mask = np.zeros((40, 40), np.uint8)
    left = 0
    for side in sides:
        mask[1 : 1 + side, left : left + side] = 1
        left += side + 1
    return mask


def choose_sizes(
    predicted: tuple[np.ndarray, np.ndarray], true: tuple[np.ndarray, np.ndarray]
) -> tuple[CountRule, Scores]:
    labels = [Sample("a", np.zeros((1, 40, 40), np.uint8), np.stack(true))]
    choice = RuleChoice(OBJECTS, rules_for(OBJECTS, typical_sizes([labels], OBJECTS)))
    choice.add("a", np.stack(predicted).astype(np.float32), np.stack(true))
    return choice.best()


def test_each_class_gets_the_smallest_size_with_the_best_counts() -> None:
    rule, scores = choose_sizes(
        (squares(10, 10, 2, 1), squares(4, 3, 1)), (squares(10, 10), squares(4, 4))
    )
    assert rule == CountRule(
        smallest_objects=(8, 2)
    )  # 4 pixels are too few for one, and 1 for the other
    assert scores.object_count_error == 0
    assert [(row.state, row.predicted, row.true) for row in scores.rows] == [
        ("large", 2, 2),
        ("small", 2, 2),
    ]
    assert [image.count_error for image in scores.per_image] == [0]
    assert (scores.counts["large"].recall, scores.counts["large"].precision) == (1, 1)


def test_no_size_loses_what_is_typical() -> None:
    """More than an eighth of the pixels of a typical object are never asked for."""
    rule, scores = choose_sizes((squares(4, 4, 4), squares(4)), (squares(4), squares()))
    assert rule == CountRule(smallest_objects=(1, 1))
    assert scores.object_count_error == 3


def test_a_class_that_is_in_other_labels_only_loses_its_specks_too() -> None:
    nothing = np.zeros((2, 40, 40), np.uint8)
    for elsewhere, best in (({"small": 20.0}, 2), ({}, 1)):
        choice = RuleChoice(OBJECTS, rules_for(OBJECTS, elsewhere))
        choice.add("a", np.stack([squares(), squares(3, 1)]).astype(np.float32), nothing)
        assert choice.best()[0] == CountRule(smallest_objects=(1, best))


def test_typical_sizes_are_those_where_labels_count() -> None:
    target = np.stack([squares(10, 2, 4), squares(3)])
    known = np.ones((40, 40), bool)
    known[:, 14:] = False  # the third square
    image = np.zeros((1, 40, 40), np.uint8)
    whole, part = Sample("a", image, target), Sample("b", image, target, known=known)
    assert typical_sizes([[whole]], OBJECTS) == {"large": 16, "small": 9}
    assert typical_sizes([[part]], OBJECTS) == {"large": 52, "small": 9}
    assert typical_sizes([[whole], [part]], OBJECTS) == {"large": 16, "small": 9}
    assert typical_sizes([[whole]], MARKED) == {}


def test_the_sizes_are_those_of_a_slow_search() -> None:
    random = np.random.default_rng(3)
    true = [(ndimage.zoom(random.random((2, 6, 6)) > 0.7, (1, 8, 8), order=0)) for _ in range(5)]
    found = [image ^ (random.random(image.shape) > 0.985) for image in true]
    labels = [Sample("", np.zeros((1, 48, 48), np.uint8), image.astype(np.uint8)) for image in true]
    choice = RuleChoice(
        OBJECTS, rules_for(OBJECTS, typical_sizes([labels[:2], labels[2:]], OBJECTS))
    )
    for number, (image, guess) in enumerate(zip(true, found, strict=True)):
        choice.add(str(number), guess.astype(np.float32), image.astype(np.uint8))
    rule, scores = choice.best()
    wrong = 0
    for place, size in enumerate(rule.smallest_objects):
        pixels = [[region_sizes(mask[place]) for mask in images] for images in (true, found)]
        most = np.median(np.concatenate(pixels[0])) / 8
        errors = {
            least: sum(
                abs(len(there) - (guess >= least).sum())
                for there, guess in zip(*pixels, strict=True)
            )
            for least in OBJECT_SIZES
            if least <= most
        }
        assert size == min(errors, key=lambda least: errors[least])
        assert size > 1
        wrong += errors[size]
    assert scores.object_count_error == wrong / 5
    by_rule = Evaluation(OBJECTS, rules=(rule,))
    for number, (image, guess) in enumerate(zip(true, found, strict=True)):
        by_rule.add(str(number), guess, image.astype(np.uint8))
    assert by_rule.scores() == scores


def region_sizes(mask: np.ndarray) -> np.ndarray:
    return np.array([region.area for region in regionprops(label(mask, connectivity=2))])


def test_all_marks_that_a_person_drew_count() -> None:
    evaluation = Evaluation(MARKED.counting_by(CountRule(0.5, 12)), rules=(CountRule(0.5, 12),))
    evaluation.add("a", marks(5, 5, 5), marks(5, 2, 1).astype(np.uint8))
    assert evaluation.scores().mcce == 0


def check_hela(given: Case) -> None:
    predicted = (given["probs"] > 0.5).transpose(0, 3, 1, 2)  # (images, K, Y, X)
    true = np.stack([given["gt_alive"], given["gt_dead"], given["gt_pos"]], axis=1) > 10
    for channels, redrawn in zip(predicted, given["pred_pos"], strict=True):
        np.testing.assert_array_equal(redraw_markers(channels[2]), redrawn > 0)
    figures = reference_hela_scores(predicted, true, HELA)
    assert [figures.mean_iou, figures.mean_iou_states, figures.mcce] == given["result"].tolist()
    evaluation = Evaluation(HELA, as_in_paper=True)
    for channels, target in zip(predicted, true, strict=True):
        evaluation.add("crop", channels, target.astype(np.uint8))
    scores = evaluation.scores()
    assert scores.mcce == pytest.approx(figures.mcce, abs=5e-4)
    assert scores.reference_mean_iou == pytest.approx(figures.mean_iou, abs=6e-4)
    assert scores.reference_mean_iou_states == pytest.approx(figures.mean_iou_states, abs=6e-4)


@each_case("hela_benchmark")
def test_cell_figures_are_the_reference_ones(case: str, given: Case) -> None:
    check_hela(given)


def test_all_golden_cell_figures(shared: Path) -> None:
    for given in read_cases(shared / "oracle" / "hela_benchmark.npz").values():
        check_hela(given)


def test_reference_figures_for_cells_need_positions() -> None:
    with pytest.raises(InputError, match="position"):
        reference_hela_scores([], [], BINARY)


# --- evaluation ---


def test_an_evaluation_by_hand() -> None:
    evaluation = Evaluation(BINARY)
    evaluation.add("a", np.array([[[1, 1, 0, 0]]], bool), np.array([[[1, 0, 0, 1]]], np.uint8))
    evaluation.add("b", np.array([[[1, 1, 1, 1]]], bool), np.array([[[1, 1, 1, 1]]], np.uint8))
    evaluation.add("c", np.array([[[0, 0, 0, 0]]], bool), np.array([[[0, 0, 0, 0]]], np.uint8))
    scores = evaluation.scores()
    assert scores.images == 3
    assert scores.iou == {"lesion": 5 / 7}
    assert scores.mean_iou == 5 / 7
    assert scores.reference_mean_iou == pytest.approx((1 / 3 + 1 + 0) / 3, abs=1e-6)
    assert scores.dice == pytest.approx((3 / 5 + 1 + 1) / 3)
    assert scores.pixel_accuracy == 10 / 12
    assert scores.mcce is None
    assert scores.object_count_error == 1 / 3
    assert scores.relative_count_error == 1 / 3
    assert scores.rows[0] == CountRow("a", "lesion", predicted=1, true=2)


def test_multiclass_by_hand() -> None:
    predicted = np.array([[1, 1, 2, 2, 3, 0]], np.uint8)
    true = np.array([[1, 2, 2, 2, 0, 1]], np.uint8)
    evaluation = Evaluation(FISH)
    evaluation.add("reef", FISH.to_channels(predicted), true)
    scores = evaluation.scores()
    assert scores.iou == {"water": 1 / 3, "fish": 2 / 3, "reef": None}  # 0 is not known
    assert scores.mean_iou == pytest.approx(1 / 2)
    assert scores.reference_mean_iou == pytest.approx(1 / 2)
    assert scores.pixel_accuracy == 3 / 5


@over(
    st.integers(2, 40).flatmap(
        lambda k: st.tuples(
            st.just(k),
            hnp.arrays(np.uint8, (2, 9, 9), elements=st.integers(1, k)),
        )
    )
)
@settings(max_examples=30)
def test_multiclass_equals_the_figures_of_one_image(
    given: tuple[int, npt.NDArray[np.uint8]],
) -> None:
    classes, (predicted, true) = given
    scheme = LabelScheme(Task.MULTICLASS, tuple(f"class {i + 1}" for i in range(classes)))
    evaluation = Evaluation(scheme)
    evaluation.add("image", scheme.to_channels(predicted), true)
    scores = evaluation.scores()
    assert scores.pixel_accuracy == pytest.approx(pixel_accuracy(predicted, true))
    expected = mean_iou_of_present_classes(predicted, true)
    assert scores.reference_mean_iou == pytest.approx(expected)
    each = classwise_iou(predicted, true, classes + 1)[1:]
    assert [value or 0 for value in scores.iou.values()] == pytest.approx(each)


def test_what_never_occurs_is_not_scored() -> None:
    evaluation = Evaluation(HELA, as_in_paper=True)
    nothing = np.zeros((3, 20, 20), bool)
    evaluation.add("empty dish", nothing, nothing.astype(np.uint8))
    scores = evaluation.scores()
    assert scores.iou == {"alive": None, "dead": None, "position": None}
    assert scores.mean_iou is None
    assert scores.reference_mean_iou == 0  # as the reference has it
    assert (scores.mcce, scores.relative_count_error) == (0, None)
    assert (scores.counts["alive"].recall, scores.counts["alive"].precision) == (None, None)


@pytest.mark.parametrize("scheme", [BINARY, HELA, FISH])
def test_no_images_no_scores(scheme: LabelScheme) -> None:
    scores = Evaluation(scheme).scores()
    assert scores.images == 0
    assert scores.mean_iou is scores.reference_mean_iou is scores.dice is None
    assert scores.pixel_accuracy is scores.mcce is scores.object_count_error is None
    assert scores.rows == ()


def dish(alive: list[tuple[int, int]], dead: list[tuple[int, int]]) -> Bool:
    channels = np.zeros((3, 100, 100), bool)
    for state, places in enumerate((alive, dead)):
        at = np.array(places, np.int64).reshape(-1, 2)
        channels[state] = draw_discs(at, np.full(len(at), 8), (100, 100))
        channels[2] |= draw_discs(at, np.full(len(at), 4), (100, 100))
    return channels


def test_cells_are_counted_paired_and_listed() -> None:
    true = dish(alive=[(20, 20), (20, 50), (20, 80)], dead=[(80, 20)])
    predicted = dish(alive=[(24, 20), (80, 20)], dead=[(80, 80)])
    evaluation = Evaluation(HELA, as_in_paper=True)
    evaluation.add("dish", predicted, true.astype(np.uint8))
    scores = evaluation.scores()
    assert scores.counts == {
        "alive": CountScore(predicted=2, true=3, matched=1, bias=-1),
        "dead": CountScore(predicted=1, true=1, matched=0, bias=0),
    }
    assert (scores.counts["alive"].recall, scores.counts["alive"].precision) == (1 / 3, 1 / 2)
    assert (scores.mcce, scores.object_count_error) == (1, None)
    assert scores.relative_count_error == 1 / 4
    assert scores.rows == (CountRow("dish", "alive", 2, 3), CountRow("dish", "dead", 1, 1))


def test_errors_of_several_images_do_not_compensate_but_the_bias_does() -> None:
    one, two = dish([(20, 20)], []), dish([(20, 20), (20, 60)], [])
    evaluation = Evaluation(HELA, as_in_paper=True)
    evaluation.add("too many", two, one.astype(np.uint8))
    evaluation.add("too few", one, two.astype(np.uint8))
    scores = evaluation.scores()
    assert scores.mcce == 1
    assert scores.counts["alive"].bias == 0


def test_margin_of_the_count_error_is_its_standard_error_over_the_images() -> None:
    evaluation = Evaluation(HELA, as_in_paper=True)
    cells = [(20, 20), (20, 60), (60, 20)]
    for number, missed in enumerate((0, 1, 3)):
        predicted = dish(alive=cells[missed:], dead=[(80, 80)])
        evaluation.add(str(number), predicted, dish(cells, dead=[(80, 80)]).astype(np.uint8))
        if number == 0:
            assert evaluation.scores().count_error_margin is None
    scores = evaluation.scores()
    assert scores.mcce == pytest.approx(4 / 3)
    assert scores.count_error_margin == pytest.approx(np.std([0, 1, 3], ddof=1) / np.sqrt(3))


def test_images_of_one_name_are_several_in_the_margin() -> None:
    evaluation = Evaluation(HELA, as_in_paper=True)
    cells = [(20, 20), (20, 60), (60, 20)]
    for missed in (0, 1, 3):
        predicted = dish(alive=cells[missed:], dead=[])
        evaluation.add("frame 1", predicted, dish(cells, dead=[]).astype(np.uint8))
    margin = evaluation.scores().count_error_margin
    assert margin == pytest.approx(np.std([0, 1, 3], ddof=1) / np.sqrt(3))


def test_class_ids_that_the_scheme_has_not_are_refused_where_they_count() -> None:
    scheme = LabelScheme(Task.MULTICLASS, ("water", "fish"))
    true = np.ones((4, 4), np.uint8)
    true[0, 0] = 7
    predicted, known = scheme.to_channels(np.ones((4, 4), np.uint8)), true == 1
    with pytest.raises(InputError, match=r"pond: labels have the class id 7, .* 1 to 2"):
        Evaluation(scheme).add("pond", predicted, true)
    evaluation = Evaluation(scheme)
    evaluation.add("pond", predicted, true, known)
    assert evaluation.scores().iou == {"water": 1, "fish": None}


def test_pixels_and_cells_that_are_not_known_do_not_count() -> None:
    true = dish(alive=[(20, 20)], dead=[])
    predicted = dish(alive=[(20, 20), (80, 80)], dead=[])
    known = np.zeros((100, 100), bool)
    known[:50] = True
    for where in (known, np.stack([known] * 3)):
        evaluation = Evaluation(HELA, as_in_paper=True)
        evaluation.add("dish", predicted, true.astype(np.uint8), where)
        scores = evaluation.scores()
        assert scores.mcce == 0
        assert scores.iou["alive"] == 1


def test_outputs_that_are_not_known_do_not_count() -> None:
    true, predicted = dish([(20, 20)], []), dish([], [(20, 20)])
    known = np.zeros((3, 100, 100), bool)
    known[0] = True
    evaluation = Evaluation(HELA, as_in_paper=True)
    evaluation.add("only alive is known", predicted, true.astype(np.uint8), known)
    scores = evaluation.scores()
    assert scores.iou == {"alive": 0, "dead": None, "position": None}
    assert scores.reference_mean_iou == 0
    assert (scores.mcce, scores.rows) == (None, ())


def test_images_without_known_pixels_are_left_out() -> None:
    evaluation = Evaluation(FISH)
    predicted = FISH.to_channels(np.ones((4, 4), np.uint8))
    evaluation.add("not labeled", predicted, np.zeros((4, 4), np.uint8))
    evaluation.add("not known", predicted, np.ones((4, 4), np.uint8), np.zeros((4, 4), bool))
    assert evaluation.scores().images == 0


@pytest.mark.parametrize(
    ("predicted", "true"), [((3, 8, 8), (3, 8, 9)), ((2, 8, 8), (2, 8, 8)), ((3, 8, 8), (8, 8))]
)
def test_shapes_that_do_not_fit_are_refused(
    predicted: tuple[int, ...], true: tuple[int, ...]
) -> None:
    with pytest.raises(InputError, match=r"^dish-7: "):
        Evaluation(HELA).add("dish-7", np.zeros(predicted, bool), np.zeros(true, np.uint8))


def test_known_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match=r"^dish-7: "):
        Evaluation(BINARY).add(
            "dish-7",
            np.zeros((1, 8, 8), bool),
            np.zeros((1, 8, 8), np.uint8),
            np.ones((8, 9), bool),
        )


# --- pairs ---


def test_the_nearest_are_paired_first_and_none_twice() -> None:
    a, b = np.array([[0, 0], [0, 9.0]]), np.array([[0, -5.0], [0, 1.0]])
    assert matched_pairs(a, b, radius=10) == 1  # then -5 and 9 are too far apart
    assert matched_pairs(a, b, radius=14) == 2
    assert matched_pairs(a, b, radius=0.5) == 0
    assert matched_pairs(a, a, radius=0) == 2
    assert matched_pairs(a, np.empty((0, 2)), radius=10) == 0


few_points = hnp.arrays(float, st.tuples(st.integers(0, 5), st.just(2)), elements=st.integers(0, 6))


@over(few_points, few_points, st.integers(0, 5))
def test_pairs_are_at_least_half_of_those_possible(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], radius: int
) -> None:
    short, long = sorted((a, b), key=len)
    most = max(
        sum(bool(np.hypot(*(p - q)) <= radius) for p, q in zip(short, order, strict=False))
        for order in permutations(long)
    )
    assert most / 2 <= matched_pairs(a, b, radius) <= most


def test_iou_of_two_empty_masks() -> None:
    empty = np.zeros((3, 3), bool)
    assert iou(empty, empty) == iou(empty, ~empty) == 0

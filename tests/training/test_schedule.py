"""What grows, against the tables of the reference; and what a generation then trains on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from golden_files import Case, each_case
from napari_inconsistency_masks.checkpoint import ModelCard
from napari_inconsistency_masks.config import AugmentConfig, TrainConfig
from napari_inconsistency_masks.data.batches.loader import Loader, Part
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.nets.ensemble import Architecture
from napari_inconsistency_masks.recipes import RECIPES
from napari_inconsistency_masks.settings import settings
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.judges.targets import score_of
from napari_inconsistency_masks.training.parts import Taught, training_parts
from napari_inconsistency_masks.training.pseudo_labeling import score_range
from napari_inconsistency_masks.training.schedule import SCHEDULES, Schedule, copies_for
from toy import toy_data

GROWING = SCHEDULES["growing"]

HELA = AugmentConfig(contrast=0.3, brightness=15, blur=3, noise=25)
ISIC = AugmentConfig(contrast=0.5, brightness=25, blur=3, noise=25)
CITYSCAPES = AugmentConfig(contrast=0.4, brightness=15, blur=1, noise=15)
FIVES, THREES = (5, 10, 15, 20, 25), (3, 6, 9, 12, 15)


@pytest.mark.parametrize(
    ("strongest", "noise", "blur", "brightness", "contrast"),
    [
        (HELA, FIVES, (0, 1, 1, 2, 3), THREES, (0.1, 0.1, 0.2, 0.2, 0.3)),
        (ISIC, FIVES, (0, 1, 1, 2, 3), FIVES, (0.1, 0.2, 0.3, 0.4, 0.5)),
        # The reference's contrasts for Cityscapes begin with 0.05 and 0.1.
        (CITYSCAPES, THREES, (0, 0, 0, 0, 1), THREES, (0.1, 0.2, 0.2, 0.3, 0.4)),
    ],
)
def test_five_generations_are_the_table_of_the_reference(
    strongest: AugmentConfig, noise: object, blur: object, brightness: object, contrast: object
) -> None:
    found = [GROWING.strength(strongest, generation, 5) for generation in range(1, 6)]
    assert tuple(each.noise for each in found) == noise
    assert tuple(each.blur for each in found) == blur
    assert tuple(each.brightness for each in found) == brightness
    assert tuple(each.contrast for each in found) == contrast


@pytest.mark.parametrize(
    ("base", "widths"),
    [(0.5, (0.5, 0.75, 1.0, 1.25, 1.5)), (1.0, (1.0, 1.25, 1.5, 1.75, 2.0))],
)
def test_networks_grow_as_in_the_reference(base: float, widths: tuple[float, ...]) -> None:
    assert tuple(GROWING.width(base, generation) for generation in range(1, 6)) == widths
    assert GROWING.width(base, 0) == base
    assert GROWING.width(base, 50) == widths[-1]
    assert SCHEDULES["constant"].width(base, 5) == base


@pytest.mark.parametrize("generations", [1, 2, 3, 7, 50])
def test_the_last_generation_has_the_full_strength_and_none_has_less_than_the_one_before(
    generations: int,
) -> None:
    odd = AugmentConfig(contrast=0.25, brightness=7, blur=2, noise=11)
    found = [GROWING.strength(odd, g, generations) for g in range(1, generations + 1)]
    assert found[-1] == odd
    for before, after in pairwise(found):
        assert before.noise <= after.noise
        assert before.blur <= after.blur
        assert before.brightness <= after.brightness
        assert before.contrast > 0


def test_the_strongest_contrast_that_can_be_chosen_grows_without_becoming_too_much() -> None:
    strongest = AugmentConfig(contrast=0.99)
    found = [GROWING.strength(strongest, generation, 50) for generation in range(1, 51)]
    assert all(0 < each.contrast <= 0.99 for each in found)


@pytest.mark.parametrize("schedule", SCHEDULES.values())
def test_the_widest_networks_that_grow_can_be_loaded(schedule: Schedule) -> None:
    (widest,) = (each.maximum for each in settings(TrainConfig) if each.name == "width")
    scheme = LabelScheme(Task.BINARY, ("cell",))
    for generation in (0, 1, 50):
        width = schedule.width(widest, generation)
        card = ModelCard(scheme, Architecture(1, 1, width), Intensity())
        assert ModelCard.from_json(card.to_json(), "x").architecture.width == width


def test_a_constant_schedule_changes_nothing() -> None:
    assert SCHEDULES["constant"].strength(HELA, 3, 5) is None
    assert SCHEDULES["constant"].copies([0.1, None, 0.9], 0.2, 0.8) == [1, 1, 1]


@each_case("evalnet_n_aug")
def test_copies_are_as_many_as_in_the_reference(case: str, given: Case) -> None:
    outputs = given["iou"].shape[-1] if given["iou"].ndim == 2 else 1
    if case.startswith("hela"):
        scheme = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
    elif case.startswith("multiclass"):
        scheme = LabelScheme(Task.MULTICLASS, tuple(f"class {i}" for i in range(1, outputs)))
    else:
        scheme = LabelScheme(Task.BINARY, ("lesion",))
    overlap = given["iou"].reshape(len(given["iou"]), outputs)
    score = score_of(overlap, given.get("detection"), scheme)
    low, high = given["min_max"].tolist()
    assert copies_for(score, low, high) == given["n_aug"]
    by_score = SCHEDULES["growing-by-score"]
    assert by_score.copies([score, None], low, high) == [given["n_aug"], 1]


def test_scores_that_are_all_alike_give_one_copy_each() -> None:
    assert copies_for(0.4, 0.4, 0.4) == 1


def test_a_low_score_above_the_high_one_counts() -> None:
    assert [copies_for(score, 0.9, 0.6) for score in (0.5, 0.7, 0.9, 0.95)] == [1, 1, 1, 5]


def test_low_and_high_come_from_the_scores_where_nobody_chose_them() -> None:
    scores = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, None]
    assert score_range(scores, None, None, (0.2, 0.8)) == pytest.approx((0.2, 0.8))
    assert score_range(scores, 0.55, None, (0.2, 0.8)) == pytest.approx((0.55, 0.8))
    assert score_range(scores, 0.1, 0.3, (0.2, 0.8)) == (0.1, 0.3)
    assert score_range([None], None, None, (0.2, 0.8)) == (0.0, 0.0)


# --- what is trained on ---


def flat(count: int, first: int) -> list[Sample]:
    """Images of one gray value each."""
    target = np.zeros((3, 16, 16), np.uint8)
    target[0, :8] = 1
    return [
        Sample(f"s{first + i}", np.full((1, 16, 16), first + i, np.uint8), target)
        for i in range(count)
    ]


def taught(recipe: str, scores: list[float | None], **changes: object) -> list[Part]:
    config = replace(TrainConfig(), **changes)
    schedule = SCHEDULES[RECIPES[recipe].schedule]
    pseudo = Taught(
        samples=flat(len(scores), 100),
        strength=schedule.strength(config.augmentation, 1, 5),
        times=schedule.copies(scores, 0.2, 0.8),
        originals=schedule.originals,
    )
    data = replace(toy_data(), labeled=flat(2, 10))
    return training_parts(
        data, config, full=False, augmented=RECIPES[recipe].augmented, pseudo=pseudo
    )


def passes(parts: list[Part], generation: int = 1) -> Counter[str]:
    """How often each image is seen in one pass, by its name; "+" if it is a changed one."""
    loader = Loader(parts, batch=1, generation=generation)
    seen: Counter[str] = Counter()
    for step in range(len(loader)):
        for _, item in loader._slots(0, step):
            sample = parts[item.part].samples[item.sample]
            change = loader._change(parts[item.part], item, np.random.default_rng(0))
            seen[sample.name + ("+" if change.noise else "")] += 1
    return seen


SCORES = [0.1, 0.5, 0.9]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("im", {"s10": 1, "s11": 1, "s100": 1, "s101": 1, "s102": 1}),
        ("im+", {"s10": 1, "s11": 1, "s100+": 1, "s101+": 1, "s102+": 1}),
        ("im++", {"s10": 1, "s11": 1, "s100+": 1, "s101+": 3, "s102+": 5}),
        (
            "aim+",
            {
                "s10": 1, "s11": 1, "s10+": 9, "s11+": 9,
                "s100": 1, "s101": 1, "s102": 1, "s100+": 1, "s101+": 1, "s102+": 1,
            },
        ),
        (
            "aim++",
            {
                "s10": 1, "s11": 1, "s10+": 9, "s11+": 9,
                "s100": 1, "s101": 1, "s102": 1, "s100+": 1, "s101+": 3, "s102+": 5,
            },
        ),
        ("noisy-student", {"s10": 1, "s11": 1, "s100+": 1, "s101+": 1, "s102+": 1}),
        ("model-ensemble", {"s10": 1, "s11": 1, "s100": 1, "s101": 1, "s102": 1}),
    ],
)  # fmt: skip
def test_each_recipe_trains_on_what_the_reference_writes_to_disk(
    recipe: str, expected: dict[str, int]
) -> None:
    assert passes(taught(recipe, SCORES)) == expected


def test_images_changed_anew_are_seen_as_often_as_there_would_be_copies() -> None:
    labeled = {"s10+": 1, "s11+": 1}
    assert passes(taught("im", SCORES, augment="always")) == {
        **labeled, "s100+": 1, "s101+": 1, "s102+": 1,
    }  # fmt: skip
    assert passes(taught("aim++", SCORES, augment="always")) == {
        **labeled, "s100+": 2, "s101+": 4, "s102+": 6,
    }  # fmt: skip
    strengths = {
        recipe: taught(recipe, SCORES, augment="always")[1].strength for recipe in ("im", "im+")
    }
    assert strengths == {"im": HELA, "im+": GROWING.strength(HELA, 1, 5)}


def test_labels_may_be_changed_anew_and_pseudo_labels_as_the_recipe_says() -> None:
    labeled = {"s10+": 1, "s11+": 1}
    parts = taught("im", SCORES, augment="labels")
    assert passes(parts) == {**labeled, "s100": 1, "s101": 1, "s102": 1}
    assert (parts[0].strength, parts[0].copies) == (HELA, 0)
    by_recipe = passes(taught("im+", SCORES))
    growing = passes(taught("im+", SCORES, augment="labels"))
    assert {k: v for k, v in growing.items() if k.startswith("s100")} == {
        k: v for k, v in by_recipe.items() if k.startswith("s100")
    }


def test_who_wants_no_augmentation_gets_none_but_keeps_the_weights() -> None:
    found = passes(taught("im++", SCORES, augment="never"))
    assert found == {"s10": 1, "s11": 1, "s100": 1, "s101": 3, "s102": 5}


def test_copies_of_pseudo_labeled_images_are_drawn_anew_in_each_generation() -> None:
    parts = taught("aim+", SCORES)

    def changes(part: int, generation: int) -> set[object]:
        loader = Loader(parts, batch=1, generation=generation)
        items = [i for stream in loader._streams for i in stream.items if i.part == part and i.copy]
        return {loader._change(parts[part], i, np.random.default_rng(0)) for i in items}

    assert changes(0, 1) == changes(0, 2)  # those of labeled images last
    assert not changes(1, 1) & changes(1, 2)
    assert changes(1, 1) == changes(1, 1)

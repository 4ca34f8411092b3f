"""Every approach of the paper as a row of a table, and the presets. Nothing but data."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from .config import PseudoLabelConfig, TrainConfig
from .errors import Named
from .training.recipe import Recipe

_AGREEMENT = "where the best networks agree"
_masks = partial(Recipe, pseudo_labels="inconsistency-masks", labeled_by=_AGREEMENT)


def _per_step(key: str, title: str, sentence: str) -> Recipe:
    return Recipe(key, title, sentence, method=key, unlabeled=True)


_START = (
    _masks(
        "im",
        "Inconsistency Masks",
        "Networks learn from your labels and from where they agree on the unlabeled images; "
        "the choice when few images are labeled.",
    ),
    Recipe(
        "labeled-aug",
        "Labeled data, augmented (ALDT)",
        "Learns from the labeled images, flipped, turned, brightened, blurred and noisy; "
        "the choice when there are no unlabeled images.",
        augmented=True,
    ),
    Recipe(
        "labeled",
        "Labeled data only (LDT)",
        "Learns from the labeled images alone, augmented only if the settings say so for all "
        "recipes (Quick look and Standard do); what every other recipe has to beat.",
    ),
)

_GROWING = (
    _masks(
        "im+",
        "Inconsistency Masks, growing (IM+)",
        "As Inconsistency Masks, but what agreement teaches is made noisier, and the networks "
        "wider, from generation to generation; for many generations and much computing time.",
        schedule="growing",
    ),
    _masks(
        "im++",
        "Inconsistency Masks, growing and judged (IM++)",
        "As IM+, and images whose pseudo-labels a further network judges to be good are seen more "
        "often; when there are enough labeled images to learn to judge from.",
        schedule="growing-by-score",
        judge="evalnet",
    ),
    _masks(
        "aim+",
        "Augmented, then IM+ (AIM+)",
        "As IM+, from the first generation on with augmented labels, and with unchanged "
        "pseudo-labeled images as well; among the best of the paper on all of its data, and slow.",
        augmented=True,
        schedule="growing-with-originals",
    ),
    _masks(
        "aim++",
        "Augmented, then IM++ (AIM++)",
        "As AIM+, and images whose pseudo-labels are judged to be good are seen more often; the "
        "slowest, when there are enough labeled images to learn to judge from.",
        augmented=True,
        schedule="growing-by-score-with-originals",
        judge="evalnet",
    ),
)

_SELF_TRAINING = (
    Recipe(
        "model-ensemble",
        "Model ensemble",
        "The best networks label all of every unlabeled image together, and nothing is left out; "
        "shows what the masks are good for.",
        pseudo_labels="model-ensemble",
        labeled_by="by the best networks together",
    ),
    Recipe(
        "input-ensemble",
        "Input ensemble",
        "The best network labels several changed versions of every unlabeled image, and what it "
        "finds in all of them is taught; for comparison, when only one network can be trained.",
        pseudo_labels="input-ensemble",
        labeled_by="where the best network finds the same in changed versions of them",
    ),
    Recipe(
        "noisy-student",
        "Noisy student",
        "The best network labels the unlabeled images; wider networks learn from noisier versions "
        "of them in each generation; for comparison, the most simple self-training that works.",
        pseudo_labels="single-teacher",
        labeled_by="by the best network",
        schedule="growing",
    ),
    Recipe(
        "evalnet",
        "Selection by EvalNet",
        "Of the labels of all networks the one is taught that a further network judges to be the "
        "best, and only of images judged well; for comparison, when there are enough labels.",
        pseudo_labels="best-network",
        labeled_by="by the network that is judged best for each",
        judge="evalnet",
    ),
)

_PER_STEP = (
    _per_step(
        "consistency",
        "Consistency loss (CL)",
        "Two noisy views of an unlabeled image must look the same to the network; the "
        "gentlest use of unlabeled images, for when labels alone already go far.",
    ),
    _per_step(
        "fixmatch",
        "FixMatch",
        "Labels that the network is sure of teach it strongly changed views of the same "
        "image; the simplest baseline to compare with.",
    ),
    _per_step(
        "fpl",
        "Fuzzy positive learning (FPL)",
        "Two networks teach each other which classes of a pixel are plausible; for several "
        "classes that are easily mistaken for each other.",
    ),
    _per_step(
        "crossmatch",
        "CrossMatch",
        "Strong views, and features with channels left out, must agree with the plain view; a "
        "comparison for medical images.",
    ),
    _per_step(
        "imas",
        "iMAS",
        "A slowly following teacher labels unlabeled images, and each is changed the more the "
        "easier it is; for images of very different difficulty.",
    ),
    _per_step(
        "u2pl",
        "U2PL",
        "A slowly following teacher labels unlabeled images, and pixels it is unsure of still "
        "say what they are not; for many classes.",
    ),
    _per_step(
        "unimatch",
        "UniMatch",
        "As FixMatch, with two strong views and one of perturbed features; the usual strong "
        "baseline to compare with.",
    ),
    _per_step(
        "unimatch-v2",
        "UniMatch v2",
        "A slowly following teacher, and two strong views with complementary channels; "
        "UniMatch with less work per step.",
    ),
    _per_step(
        "segkc",
        "Cross-width consultation (SegKC-style)",
        "A wide and a narrow network teach each other; an approximation of SegKC, whose exact "
        "losses are not published here.",
    ),
)

_BOUNDS = (
    Recipe(
        "full",
        "All data labeled (FDT)",
        "Learns from the labels of all training images; shows what more labeling could bring.",
        data="full",
    ),
    Recipe(
        "full-aug",
        "All data labeled, augmented (AFDT)",
        "As all data labeled, with augmentation; the upper end of a comparison.",
        data="full",
        augmented=True,
    ),
    _masks(
        "gt-im++",
        "Upper bound of IM++, with hidden labels (GT_IM++)",
        "As IM++, but pseudo-labels are judged by the true labels of the unlabeled images, which "
        "must exist: no method, it shows what a perfect judge would bring.",
        schedule="growing-by-score",
        judge="hidden-labels",
        hidden_labels=True,
    ),
)


def with_masks(recipe: Recipe) -> Recipe:
    """Return "X + IM": X trains the first teachers, then students learn where these agree."""
    return replace(
        recipe,
        key=f"{recipe.key}+im",
        title=f"{recipe.title} + IM",
        sentence=f"{recipe.title} trains the first networks; new ones then learn from your labels "
        f"and from where the first agree; to see what Inconsistency Masks add to it.",
        pseudo_labels="inconsistency-masks",
        labeled_by=_AGREEMENT,
    )


GROUPS: dict[str, tuple[Recipe, ...]] = {
    "Start here": _START,
    "Inconsistency Masks, growing": _GROWING,
    "Other ways to label unlabeled images": _SELF_TRAINING,
    "Unlabeled images in every step": _PER_STEP,
    "Unlabeled images in every step, then Inconsistency Masks": tuple(map(with_masks, _PER_STEP)),
    "For comparison: all labels": _BOUNDS,
}
"""All recipes under headings, in the order in which they are offered and listed."""

RECIPES = Named("recipe", {recipe.key: recipe for group in GROUPS.values() for recipe in group})
"""All recipes by key."""

WITHOUT_MASKS = {"im": "labeled"} | {with_masks(recipe).key: recipe.key for recipe in _PER_STEP}
"""What trains the first networks of each recipe to which only Inconsistency Masks are added."""

_EVERYDAY = TrainConfig(
    batch=16,
    cosine=True,
    settle_norms=True,
    loss="ce+dice",
    augment="labels",
    pseudo_labels=PseudoLabelConfig(
        ignore="classes",
        blank_image=False,
        blank_label=False,
        markers="labels",
        drop_uncertain=False,
    ),
    labeled_share=0.5,
    refuse_worse=True,
)
"""For few labels, rare classes and short training: where networks disagree nothing is taught,
neither a class nor its absence (so no image is left out for it), half of each batch is real labels,
and these alone are changed anew each time they are seen (docs/benchmarks.md)."""

PRESETS = Named(
    "preset",
    {
        "quick": replace(
            _EVERYDAY,
            members=2,
            generations=1,
            width=0.5,
            epochs=5,
            steps=100,
            batch=8,
            patch=128,
            warm_start=True,
        ),
        "standard": replace(_EVERYDAY, members=3, generations=2, width=1.0, epochs=20, steps=50),
        "paper": TrainConfig(),
    },
)
"""Settings by name: a quick look, what a person should use, and the paper's (for HeLa)."""

PAPER = "paper"
"""The preset, and the protocol, that a data set may have other values for."""

"""Every approach of the paper as a row of a table, and the presets. Nothing but data."""

from __future__ import annotations

from dataclasses import replace

from .config import PseudoLabelConfig, TrainConfig
from .training.recipe import Recipe

_ROWS = (
    Recipe(
        "im",
        "Inconsistency Masks",
        "Networks learn from your labels and from where they agree on the unlabeled images; "
        "the choice when few images are labeled.",
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
    ),
    Recipe(
        "im+",
        "Inconsistency Masks, growing (IM+)",
        "As Inconsistency Masks, but what agreement teaches is made noisier, and the networks "
        "wider, from generation to generation; for many generations and much computing time.",
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
        schedule="growing",
    ),
    Recipe(
        "im++",
        "Inconsistency Masks, growing and judged (IM++)",
        "As IM+, and images whose pseudo-labels a further network judges to be good are seen more "
        "often; when there are enough labeled images to learn to judge from.",
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
        schedule="growing-by-score",
        judge="evalnet",
    ),
    Recipe(
        "aim+",
        "Augmented, then IM+ (AIM+)",
        "As IM+, from the first generation on with augmented labels, and with unchanged "
        "pseudo-labeled images as well; among the best of the paper on all of its data, and slow.",
        augmented=True,
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
        schedule="growing-with-originals",
    ),
    Recipe(
        "aim++",
        "Augmented, then IM++ (AIM++)",
        "As AIM+, and images whose pseudo-labels are judged to be good are seen more often; the "
        "slowest, when there are enough labeled images to learn to judge from.",
        augmented=True,
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
        schedule="growing-by-score-with-originals",
        judge="evalnet",
    ),
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
    Recipe(
        "labeled",
        "Labeled data only (LDT)",
        "Learns from the labeled images alone; what every other recipe has to beat.",
    ),
    Recipe(
        "labeled-aug",
        "Labeled data, augmented (ALDT)",
        "Learns from the labeled images, flipped, turned, brightened, blurred and noisy; "
        "the choice when there are no unlabeled images.",
        augmented=True,
    ),
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
    Recipe(
        "gt-im++",
        "Upper bound of IM++, with hidden labels (GT_IM++)",
        "As IM++, but pseudo-labels are judged by the true labels of the unlabeled images, which "
        "must exist: no method, it shows what a perfect judge would bring.",
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
        schedule="growing-by-score",
        judge="hidden-labels",
        hidden_labels=True,
    ),
)

_PER_STEP = (
    Recipe(
        "consistency",
        "Consistency loss (CL)",
        "Two noisy views of an unlabeled image must look the same to the network; the "
        "gentlest use of unlabeled images, for when labels alone already go far.",
        method="consistency",
        unlabeled=True,
    ),
    Recipe(
        "fixmatch",
        "FixMatch",
        "Labels that the network is sure of teach it strongly changed views of the same "
        "image; the simplest baseline to compare with.",
        method="fixmatch",
        unlabeled=True,
    ),
    Recipe(
        "fpl",
        "Fuzzy positive learning (FPL)",
        "Two networks teach each other which classes of a pixel are plausible; for several "
        "classes that are easily mistaken for each other.",
        method="fpl",
        unlabeled=True,
    ),
    Recipe(
        "crossmatch",
        "CrossMatch",
        "Strong views, and features with channels left out, must agree with the plain view; a "
        "comparison for medical images.",
        method="crossmatch",
        unlabeled=True,
    ),
    Recipe(
        "imas",
        "iMAS",
        "A slowly following teacher labels unlabeled images, and each is changed the more the "
        "easier it is; for images of very different difficulty.",
        method="imas",
        unlabeled=True,
    ),
    Recipe(
        "u2pl",
        "U2PL",
        "A slowly following teacher labels unlabeled images, and pixels it is unsure of still "
        "say what they are not; for many classes.",
        method="u2pl",
        unlabeled=True,
    ),
    Recipe(
        "unimatch",
        "UniMatch",
        "As FixMatch, with two strong views and one of perturbed features; the usual strong "
        "baseline to compare with.",
        method="unimatch",
        unlabeled=True,
    ),
    Recipe(
        "unimatch-v2",
        "UniMatch v2",
        "A slowly following teacher, and two strong views with complementary channels; "
        "UniMatch with less work per step.",
        method="unimatch-v2",
        unlabeled=True,
    ),
    Recipe(
        "segkc",
        "Cross-width consultation (SegKC-style)",
        "A wide and a narrow network teach each other; an approximation of SegKC, whose exact "
        "losses are not published here.",
        method="segkc",
        unlabeled=True,
    ),
)
"""Methods that learn from unlabeled images in every step. One network each, or several."""


def with_masks(recipe: Recipe) -> Recipe:
    """Return "X + IM": X trains the first teachers, then students learn where these agree."""
    return replace(
        recipe,
        key=f"{recipe.key}+im",
        title=f"{recipe.title} + IM",
        sentence=f"{recipe.title} trains the first networks; new ones then learn from your labels "
        f"and from where the first agree; to see what Inconsistency Masks add to it.",
        pseudo_labels="inconsistency-masks",
        labeled_by="where the best networks agree",
    )


RECIPES = {r.key: r for r in (*_ROWS, *_PER_STEP, *map(with_masks, _PER_STEP))}
"""All recipes by key."""

_EVERYDAY = TrainConfig(
    batch=16,
    cosine=True,
    settle_norms=True,
    loss="ce+dice",
    augment="always",
    pseudo_labels=PseudoLabelConfig(ignore="classes", blank_image=False, blank_label=False),
    labeled_share=0.5,
    refuse_worse=True,
)
"""For few labels, rare classes and short training: where networks disagree nothing is taught,
neither a class nor its absence, and half of each batch is real labels (docs/benchmarks.md)."""

PRESETS = {
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
}
"""Settings by name: a quick look, what a person should use, and the paper's."""

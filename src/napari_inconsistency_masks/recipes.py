"""Every approach of the paper as a row of a table, and the presets. Nothing but data."""

from __future__ import annotations

from .training.recipe import Recipe

_ROWS = (
    Recipe(
        "im",
        "Inconsistency Masks",
        "Networks learn from your labels and from where they agree on the unlabeled images; "
        "the choice when few images are labeled.",
        pseudo_labels="inconsistency-masks",
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
)

RECIPES = {recipe.key: recipe for recipe in _ROWS}
"""All recipes by key."""

"""Settings that all recipes of a comparison share: by how much computing there is."""

from __future__ import annotations

from dataclasses import replace

from ..config import TrainConfig
from ..errors import InputError
from ..recipes import PRESETS, RECIPES

PROTOCOLS = {
    "quick": replace(
        PRESETS["standard"],
        members=3,
        generations=2,
        width=0.5,
        epochs=8,
        refuse_worse=False,
    ),
    "standard": replace(PRESETS["standard"], members=5, generations=3, refuse_worse=False),
    "paper": PRESETS["paper"],
}
"""Hours on a CPU, hours on a GPU, and the paper's settings. No generation is refused, so that the
course over the generations is seen, and the last one is the result, as in the paper."""


def protocol_config(protocol: str, recipe: str, seed: int) -> TrainConfig:
    """The settings of one recipe in a comparison.

    The presets augment always; in a comparison only the recipes do that say so, and the students
    of the later generations. Otherwise recipes that are defined by having no augmentation would
    not be what their names say.

    Parameters
    ----------
    protocol
        A key of `PROTOCOLS`.
    recipe
        A key of `RECIPES`.
    seed
        Of the run.

    Raises
    ------
    InputError
        For a protocol that does not exist.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"There is no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}.")
    config = PROTOCOLS[protocol]
    if config.augment == "always" and not _augments(recipe):
        config = replace(config, augment="never")
    return replace(config, seed=seed)


def _augments(recipe: str) -> bool:
    chosen = RECIPES[recipe]
    return chosen.augmented or chosen.pseudo_labels is not None

"""What a person says about networks that are given away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ..cells import told_counts
from ..checkpoint import ModelCard
from ..count_rule import HALF
from ..task import LabelScheme
from .gray import AS_IS


@dataclass(frozen=True)
class About:
    """What cannot be known from the networks.

    Attributes
    ----------
    name
        Of the package, at least five letters, digits and ``_+- ()``.
    example
        An image ``(C, Y, X)`` that goes with the package, as files hold it; of a large one the
        middle. Everybody who gets the package sees it.
    authors
        Names of persons.
    license
        SPDX identifier, as ``CC-BY-4.0``; None says nothing, and others may then not use it.
    description
        A sentence or two; None for one that is made from the classes.
    """

    name: str
    example: npt.NDArray[Any]
    authors: Sequence[str] = ()
    license: str | None = None
    description: str | None = None


def proposed_name(words: str) -> str:
    """A name that the format allows, from any words: of the name of a file."""
    plain = re.sub(r"[^\w+\- ()]", "_", words, flags=re.ASCII)
    return (plain if len(plain) >= SHORTEST else f"networks {plain}")[:LONGEST]


SHORTEST, LONGEST = 5, 64
"""Letters of a name; a longer one is allowed, and warned of."""

CITATION = "Vorndran, Roeck: Inconsistency Masks (arXiv 2401.14387)"
PAPER = "https://arxiv.org/abs/2401.14387"


def description(card: ModelCard, members: int) -> str:
    """A sentence about networks of which nobody said anything."""
    classes = ", ".join(card.scheme.classes)
    return (
        f"Finds {classes} with {members} small U-Nets as one, and where these networks do not "
        f"agree: there errors gather."
    )


def documentation(about: About, card: ModelCard, members: int, divisor: int, gray: str) -> str:
    """The text (Markdown) that goes with a package."""
    scheme = card.scheme
    recipe = card.provenance.get("recipe")
    title = recipe.get("title") if isinstance(recipe, dict) else None
    how = f"recipe *{title}*" if title else "an unknown recipe"
    names = "\n".join(f"{place}. {_meaning(card, name)}" for place, name in _outputs(card))
    pixels = (
        "8-bit images as they are, 0 to 255."
        if gray == AS_IS
        else (
            f"Any type. Of each image the gray value at percentile {card.intensity.low:g} becomes "
            f"0 and that at {card.intensity.high:g} becomes 255, over all channels together; the "
            f"package says so to programs that read it, an ONNX file alone does not do it."
        )
    )
    return f"""# {about.name}

{about.description or description(card, members)}

{members} U-Nets, trained with napari-inconsistency-masks ({how}; [the method]({PAPER})), in one \
ONNX file.

## Input

`image`: batch, {card.architecture.channels} channel(s), y, x; sides are multiples of {divisor}. \
{pixels}

## Outputs

`probability`: batch, channel, y, x: the mean of the networks, 0 to 1. \
{_rule(scheme)} Channels:

{names}

{told_counts(scheme)}

`inconsistency`: batch, 1, y, x: 1 where the networks do not agree on the label, 0 elsewhere. Look \
there first; an empty mask is no proof, since all networks can be wrong together.

## Good to know

The networks know images like those that they learned from. Check them on labeled images of your \
own microscope before you count with them.
"""


def _rule(scheme: LabelScheme) -> str:
    if scheme.exclusive:
        return "A pixel has the class with the highest."
    return f"A pixel has a class above {HALF:g}; it may have several, or none."


def _outputs(card: ModelCard) -> list[tuple[int, str]]:
    return list(enumerate(card.scheme.output_names))


def _meaning(card: ModelCard, name: str) -> str:
    if name == card.scheme.position:
        return f"`{name}`: a spot on each cell"
    if name not in card.scheme.classes:
        return f"`{name}`: no class; what was left out in training"
    return f"`{name}`"

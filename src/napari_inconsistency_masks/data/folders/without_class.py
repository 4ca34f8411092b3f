"""How much of labeled images has no class, where every pixel should have one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...task import LabelScheme
from ..sample import Sample
from .file_source import Item

MUCH = 0.2
"""Share of the area; who leaves out less has left out rims, or what is not clear."""


@dataclass
class WithoutClass:
    """Adds it up over images that are labeled all over.

    Who draws cells in classes that exclude each other, and no background, teaches that there are
    cells everywhere: what has no class is not learned.
    """

    scheme: LabelScheme
    pixels: int = 0
    without: int = 0

    def add(self, item: Item, sample: Sample) -> None:
        """Take a sample; what lies outside of label boxes has no class on purpose."""
        if self.scheme.exclusive and item.known is None:
            self.pixels += sample.labeled.size
            self.without += int((sample.labeled == 0).sum())

    def notes(self) -> Iterator[str]:
        """What to know of it."""
        if self.without > MUCH * self.pixels:
            share = self.without / self.pixels
            yield (
                f"{share:.0%} of the area of the labeled images has no class. Nothing is learned "
                f"of it, and the networks will see one of the classes there, too: if it is "
                f"background, make that a class, and draw it."
            )

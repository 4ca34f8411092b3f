"""Frames of stacks on which nothing is drawn, as nothing is there or nobody has labeled them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...files.names import listed
from .file_source import Item


@dataclass
class EmptyFrames:
    """Counts them in stacks of which other frames are labeled.

    A mask has a frame for each of its image, so who has labeled some leaves the others empty; and
    where a folder ``known`` does not say otherwise, these say that there is no cell.
    """

    empty: set[Item] = field(default_factory=set)
    drawn: set[Path] = field(default_factory=set)

    def add(self, item: Item, *, drawn: bool) -> None:
        """Take a frame, of which anything is drawn or not."""
        if drawn:
            self.drawn.add(item.image)
        elif item.known is None:
            self.empty.add(item)

    def notes(self) -> Iterator[str]:
        """What to know of them."""
        unsure = [item for item in self.empty if item.image in self.drawn]
        if unsure:
            stacks, count = sorted({item.image for item in unsure}), len(unsure)
            frames = "1 frame" if count == 1 else f"{count} frames"
            yield (
                f"{listed([image.name for image in stacks])}: on {frames} nothing is drawn, which "
                f"teaches that nothing is there; if that is not so, say in a folder known which "
                f"frames are labeled."
            )

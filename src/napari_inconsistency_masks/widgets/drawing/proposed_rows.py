"""Classes as they are proposed from the layers that are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from napari.layers import Labels, Layer, Points

from ..layers.class_rows import MASK, POSITION, ClassRow, default_rows
from ..parts.colors import class_color
from .snapshot import class_name


def proposed_rows(layers: Iterable[Layer], image: str = "") -> list[ClassRow]:
    """A class per layer of labels, named like it, and one for points; else the default ones.

    Points alone are the positions of these.
    What napari puts before the names of layers, that of the `image` they were made on, is left out.
    """
    layers = list(layers)
    masks = [item for item in layers if isinstance(item, Labels)]
    points = [item for item in layers if isinstance(item, Points)]
    if not masks:
        alone = points[0] if points else None
        return [
            replace(row, layer=alone if row.kind == POSITION else None) for row in default_rows()
        ]
    rows: list[ClassRow] = []
    for item in [*masks, *points[:1]]:
        own = item.name.removeprefix(f"{image} - ")
        name = class_name(own, [row.name for row in rows])
        rows.append(ClassRow(name, "", MASK if item in masks else POSITION, item))
    spots = [row for row in rows if "position" in row.name.lower() and len(rows) > 1]
    if spots and not points:
        rows = [replace(row, kind=POSITION) if row is spots[0] else row for row in rows]
    return [replace(row, color=class_color(number)) for number, row in enumerate(rows)]

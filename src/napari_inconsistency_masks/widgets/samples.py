"""Sample data: computed pictures of cells with labels that are exactly right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .parts.colors import class_color

LayerData = tuple[Any, dict[str, Any], str]

SIZE = (256, 256)
FRAMES = 12


def synthetic_image() -> list[LayerData]:
    """One image of cells, with the labels alive and dead and the cells' positions."""
    from ..data.synthetic import make_image

    picture = make_image(1, SIZE)
    masks = {"alive": picture.alive, "dead": picture.dead}
    return _layers("synthetic cells", picture.image, masks, picture.positions, picture.states)


def synthetic_timelapse() -> list[LayerData]:
    """A time-lapse of cells that crawl, divide and die, with labels and positions."""
    from ..data.synthetic import make_stack

    stack = make_stack(1, FRAMES, SIZE)
    masks = {"alive": stack.alive, "dead": stack.dead}
    return _layers("synthetic time-lapse", stack.image, masks, stack.positions, stack.states)


def _layers(
    name: str,
    image: npt.NDArray[np.uint8],
    masks: dict[str, npt.NDArray[np.bool_]],
    positions: npt.NDArray[np.float64],
    states: tuple[str, ...],
) -> list[LayerData]:
    axes = ("y", "x") if image.ndim == 2 else ("t", "y", "x")
    layers: list[LayerData] = [(image, {"name": name, "axis_labels": axes}, "image")]
    for number, (state, mask) in enumerate(masks.items()):
        colors = {None: class_color(number), 0: (0, 0, 0, 0), 1: class_color(number)}
        about = {"name": state, "colormap": colors, "opacity": 0.4, "axis_labels": axes}
        layers.append((mask.astype(np.uint8), about, "labels"))
    about = {
        "name": "position",
        "features": {"state": list(states)},
        "face_color": class_color(2),
        "border_color": "black",
        "size": 7,
        "axis_labels": axes,
    }
    layers.append((positions, about, "points"))
    return layers

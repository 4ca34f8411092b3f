"""CutMix (arXiv 1905.04899): a box of another image of the same batch is pasted into each image.

The partner of an image is the one as far from the end of the batch as it is from the start.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..data.batches.views import Unlabeled

DrawBox = Callable[[np.random.Generator, tuple[int, int]], npt.NDArray[np.bool_]]
"""Draws where the partner is pasted into an image of some height and width, bool ``(Y, X)``."""


def draw_boxes(unlabeled: Unlabeled, draw: DrawBox) -> Tensor:
    """Draw a box for every unlabeled image, bool ``(E, U, 1, Y, X)``."""
    count, (height, width) = unlabeled.weak.shape[1], unlabeled.weak.shape[-2:]
    boxes = [[draw(rng, (height, width)) for _ in range(count)] for rng in unlabeled.rngs]
    return torch.from_numpy(np.array(boxes)).to(unlabeled.weak.device).unsqueeze(2)


def paste(values: Tensor, box: Tensor, order: Tensor | None = None) -> Tensor:
    """Take what is in the box from the partner: of images, labels, whatever ``(E, U, ., Y, X)``.

    With ``order`` ``(E, U)``, partners are the images of these numbers.
    """
    if order is None:
        partner = values.flip(1)  # (E, U, ., Y, X)
    else:
        partner = torch.stack([v[o] for v, o in zip(values, order, strict=True)])
    return torch.where(box, partner, values)


TRIES = 1000
"""Boxes that are drawn for an image, at most: of some very narrow ones none would ever fit."""


def unimatch_box(rng: np.random.Generator, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Draw nothing or, half of the time, a box of 2 to 40 % of the area.

    The ratio of its sides is between 0.3 and 1/0.3; it is drawn anew until it fits. After `TRIES`
    there is none.
    """
    box = np.zeros(shape, np.bool_)
    if rng.random() < 0.5:
        return box
    for _ in range(TRIES):
        area = rng.uniform(0.02, 0.4) * shape[0] * shape[1]
        ratio = rng.uniform(0.3, 1 / 0.3)
        width, height = int(math.sqrt(area / ratio)), int(math.sqrt(area * ratio))
        top, left = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
        if top + height <= shape[0] and left + width <= shape[1]:
            box[top : top + height, left : left + width] = True
            break
    return box

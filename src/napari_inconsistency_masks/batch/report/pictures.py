"""Small pictures of the most inconsistent frames, the inconsistency mask over the image."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture

from ...data.pixels import to_channels
from ...errors import InputError
from ...files.images import open_stack
from ..images import LARGE, Image
from ..layout import image_files
from ..plan import Plan

_SIDE = 240
_MASK_COLOR = np.array([255, 0, 200])


def thumbnail(image: Image, place: int, plan: Plan) -> str | None:
    """A frame as a data URL; None if the image or its mask cannot be read any more, or is huge.

    Parameters
    ----------
    place
        In ``image.frame_indices()``, and so in the results.
    """
    if image.pixels > LARGE:
        return None
    try:
        with image.open(plan.options) as stack:
            frame = to_channels(stack[image.frame_indices()[place]], stack.header.frame_axes)
        mask = _mask(image, place, plan)
    except InputError:
        return None
    channels = plan.options.channels or ((0, 1, 2) if len(frame) == 3 else (0,))
    return _data_url(with_mask(frame[list(channels[:3])], mask))


def _mask(image: Image, place: int, plan: Plan) -> npt.NDArray[np.bool_] | None:
    path = image_files(image, plan).get("mask")
    if path is None:
        return None
    with open_stack(path) as stack:
        mask: npt.NDArray[np.bool_] = stack[place] > 0
        return mask


def with_mask(frame: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.uint8]:
    """A color picture ``(y, x, 3)`` of a frame ``(C, Y, X)``, of at most `_SIDE` pixels."""
    values = np.nan_to_num(frame.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(values, (0.5, 99.8))
    gray = ((values - low) / ((high - low) or 1.0)).clip(0, 1) * 255
    color = (
        np.moveaxis(np.broadcast_to(gray, (3, *gray.shape[1:])), 0, -1)
        if len(gray) != 2
        else (np.moveaxis(np.stack([gray[0], gray[1], gray[1]]), 0, -1))
    )
    picture = _shrunk(Picture.fromarray(color.astype(np.uint8)))
    if mask is None:
        return np.asarray(picture)
    share = np.asarray(_shrunk(Picture.fromarray(mask.astype(np.uint8) * 255)), np.float64) / 255
    weight = 0.5 * share[..., None] ** 0.5  # thin lines stay visible
    mixed = np.asarray(picture) * (1 - weight) + _MASK_COLOR * weight
    return mixed.round().astype(np.uint8)


def _shrunk(picture: Picture.Image) -> Picture.Image:
    scale = min(1.0, _SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Picture.Resampling.BOX)


def _data_url(picture: npt.NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Picture.fromarray(picture).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()

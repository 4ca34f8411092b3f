"""What a trained ensemble predicts for an image as it comes from a camera or a file."""

from __future__ import annotations

import warnings
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import checked
from ..data.pixels import ALPHA, is_gray
from ..errors import InputError
from ..inconsistency import Prediction
from .predict import predict_logits
from .trained import TrainedEnsemble


@checked
def predict(ensemble: TrainedEnsemble, image: npt.NDArray[Any]) -> Prediction:
    """Predict one image.

    Parameters
    ----------
    ensemble
        From `load`.
    image
        ``(Y, X)``, ``(Y, X, C)`` or ``(C, Y, X)`` of any real type and size; gray values are scaled
        as they were for training. NaN and infinite pixels belong to no class. Transparency (the
        fourth of four or the second of two last channels) is left out if all is opaque.

    Returns
    -------
    Prediction
        Probabilities of every member.

    Raises
    ------
    InputError
        If it is no array of numbers, the number of channels is not the networks', the image is
        transparent or masked anywhere, or has no usable pixel.

    Warns
    -----
    UserWarning
        If an image whose gray values are scaled is constant, or if it has pixels without a value.
    """
    prediction, notes = predict_channels(ensemble, channels_first(image, ensemble.channels))
    for note in notes:
        warnings.warn(f"image: {note}", stacklevel=3)  # of who called, beyond `checked`
    return prediction


def predict_channels(
    ensemble: TrainedEnsemble, image: npt.NDArray[Any]
) -> tuple[Prediction, tuple[str, ...]]:
    """Predict ``(C, Y, X)``; also returns what a person should know, one sentence each."""
    if not image.size:
        raise InputError(f"an image of shape {image.shape} has no pixels; give one that has some.")
    if len(image) != ensemble.channels and not (ensemble.channels == 1 and is_gray(image)):
        raise InputError(
            f"an image with {len(image)} channels does not fit networks for {ensemble.channels}; "
            f"give images like those they were trained on."
        )
    scaled = ensemble.card.intensity.apply(image[: ensemble.channels])
    logits = predict_logits(ensemble.networks, scaled.image[None])[:, 0]  # (E, K, Y, X)
    scheme = ensemble.card.scheme
    probability = scheme.probability(logits).numpy()
    if scaled.finite is not None:
        scheme.say_nothing(probability, ~scaled.finite)
    return Prediction(probability, scheme), (*scaled.notes, *ensemble.remark_on(image.dtype))


def channels_first(image: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """Return ``(Y, X)``, ``(Y, X, C)`` or ``(C, Y, X)`` as ``(C, Y, X)``.

    Where both ends could be channels, the last axis is taken. Transparency is left out.

    Raises
    ------
    InputError
        If it has not ``channels``, nor three, transparency that is not opaque everywhere, or
        pixels that are masked.
    """
    if np.ma.is_masked(image):
        raise InputError(
            "a masked image: its mask would be forgotten; give the plain array, as float with NaN "
            "where nothing is to be found."
        )
    image = _as_array(image)
    if image.ndim == 2:
        return image[None]
    if image.ndim == 3 and image.shape[-1] in (channels, 3):
        return np.moveaxis(image, -1, 0)
    if image.ndim == 3 and len(image) in (channels, 3):
        return image
    without = ALPHA.get(image.shape[-1]) if image.ndim == 3 else None
    if without in (channels, 3):
        _refuse_transparent(image)
        return np.moveaxis(image[..., :without], -1, 0)
    raise InputError(
        f"an image of shape {image.shape} is neither (Y, X) nor has {channels} channels; give one "
        f"frame at a time."
    )


def _as_array(image: Any) -> npt.NDArray[Any]:
    """The array that an image is, or is made of; `InputError` if it is none of numbers."""
    if isinstance(image, str | PathLike):
        raise InputError(
            f"image={image!r}: give the pixels, as skimage.io.imread or tifffile.imread read them "
            f"from a file."
        )
    try:
        array = np.asarray(image)
    except ValueError:  # a list of rows of different lengths
        array = np.empty((), object)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"an image of the type {type(image).__name__} with {array.dtype} values: give an array "
            f"of whole or real numbers."
        )
    return array


def _refuse_transparent(image: npt.NDArray[Any]) -> None:
    """Refuse an image ``(Y, X, S)`` whose last channel is below its highest value anywhere."""
    whole = np.issubdtype(image.dtype, np.integer)
    if (image[..., -1] == (np.iinfo(image.dtype).max if whole else 1)).all():
        return
    count = image.shape[-1] - 1
    raise InputError(
        f"an image of shape {image.shape}: its last channel would be transparency (alpha), and is "
        f"not opaque everywhere; give image[..., :{count}] if the other channels are the image."
    )

"""How the input and the outputs of a package are described (BioImage.IO, model 0.5)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
from bioimageio.spec.common import RelativeFilePath, Sha256
from bioimageio.spec.model import v0_5

from ..inference.trained import TrainedEnsemble
from ..intensity import Intensity
from .gray import AS_IS
from .onnx_file import IMAGE, PROBABILITY

EPSILON = 1e-6
"""Added to the range of an image, so that one without any is no division by 0."""


def as_seen(image: npt.NDArray[Any], intensity: Intensity, gray: str) -> npt.NDArray[np.float32]:
    """What the steps of `describe_input` make of an image ``(1, C, Y, X)``."""
    values = image.astype(np.float32)
    if gray == AS_IS:
        return values
    low, high = np.percentile(values, (intensity.low, intensity.high))
    scaled: npt.NDArray[np.float32] = ((values - low) / (high - low + EPSILON) * 255).astype("f4")
    return scaled


def smallest_side(trained: TrainedEnsemble) -> int:
    """Height and width that an image must have: with less, all of it would be border."""
    return 2 * trained.networks.halo + trained.networks.divisor


def describe_file(file: Path) -> v0_5.FileDescr:
    """A file beside the description, by its name and checksum."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return v0_5.FileDescr(source=RelativeFilePath(PurePosixPath(file.name)), sha256=Sha256(digest))


def describe_input(file: Path, trained: TrainedEnsemble, gray: str) -> v0_5.InputTensorDescr:
    """The image, with an example in a file (.npy)."""
    networks = trained.networks
    size = v0_5.ParameterizedSize(min=smallest_side(trained), step=networks.divisor)
    return v0_5.InputTensorDescr(
        id=v0_5.TensorId(IMAGE),
        axes=[
            v0_5.BatchAxis(),
            v0_5.ChannelAxis(channel_names=_identifiers(_channels(trained.channels))),
            *(v0_5.SpaceInputAxis(id=v0_5.AxisId(axis), size=size) for axis in "yx"),
        ],
        test_tensor=describe_file(file),
        data=v0_5.IntervalOrRatioDataDescr(type="uint8" if gray == AS_IS else "float32"),
        preprocessing=_steps(trained.card.intensity, gray),
    )


def describe_output(
    file: Path, name: str, channels: Sequence[str], trained: TrainedEnsemble
) -> v0_5.OutputTensorDescr:
    """What the networks give, as big as the image, with an example in a file (.npy)."""
    sides = [
        v0_5.SpaceOutputAxisWithHalo(
            id=v0_5.AxisId(axis),
            size=v0_5.SizeReference(tensor_id=v0_5.TensorId(IMAGE), axis_id=v0_5.AxisId(axis)),
            halo=trained.networks.halo,
        )
        for axis in "yx"
    ]
    return v0_5.OutputTensorDescr(
        id=v0_5.TensorId(name),
        description=_shortened(f"{name} of {', '.join(channels)}" if name == PROBABILITY else ""),
        axes=[v0_5.BatchAxis(), v0_5.ChannelAxis(channel_names=_identifiers(channels)), *sides],
        test_tensor=describe_file(file),
        data=v0_5.IntervalOrRatioDataDescr(type="float32", range=(0.0, 1.0)),
    )


def _steps(rule: Intensity, gray: str) -> list[Any]:
    as_float = v0_5.EnsureDtypeDescr(kwargs=v0_5.EnsureDtypeKwargs(dtype="float32"))
    if gray == AS_IS:
        return [as_float]
    percentiles = v0_5.ScaleRangeKwargs(
        axes=[v0_5.AxisId(axis) for axis in ("channel", "y", "x")],
        min_percentile=rule.low,
        max_percentile=rule.high,
        eps=EPSILON,
    )
    gain = v0_5.ScaleLinearKwargs(gain=255.0)
    return [
        as_float,
        v0_5.ScaleRangeDescr(kwargs=percentiles),
        v0_5.ScaleLinearDescr(kwargs=gain),
    ]


def _channels(count: int) -> tuple[str, ...]:
    if count == 1:
        return ("gray",)
    return ("red", "green", "blue") if count == 3 else tuple(f"channel{n}" for n in range(count))


def _identifiers(names: Sequence[str]) -> list[v0_5.Identifier]:
    """Names as the format allows them: letters, digits and ``_``, not beginning with a digit."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if plain.isidentifier() else f"class_{plain}"
        while plain in found:
            plain += "_"
        found.append(plain)
    return [v0_5.Identifier(name) for name in found]


def _shortened(text: str, most: int = 128) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

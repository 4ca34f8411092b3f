"""An image of a data set as layers, with its labels."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Points

from ...cells import find_marks
from ...data.sample import Sample, SegmentationData
from ...task import LabelScheme
from ..counting.drawn_counts import KnownLabels
from ..drawing.drawing_layers import numbered_colors, points_look
from ..layers.fitting import shape_of
from ..layers.frames import FrameAxes, guess_axes
from ..layers.viewer_layers import geometry, mark
from ..session.session import Session
from ..training.folder_data import Listed, sample_names


def read_sample(data: SegmentationData, item: Listed) -> Generator[None, None, Sample]:
    """Read an image of a data set, with its labels where there are any."""
    yield
    hidden = sample_names(data.hidden, "hidden")
    if item.source == "unlabeled" and item.name in hidden:
        return data.hidden[hidden.index(item.name)]
    sample: Sample = getattr(data, item.source)[item.index]
    return sample


def show_samples(
    session: Session,
    name: str,
    samples: list[Sample],
    scheme: LabelScheme,
    *,
    labels_visible: bool = False,
) -> Image:
    """Add images of the same size as one layer, with their labels, and compare counts with them.

    Nothing is drawn on samples without labels; if none has any, no layers of labels are added.
    Labels are shown where they count, and counts compared on samples that are labeled everywhere.
    """
    image = session.layers.add(_image_layer(name, samples))
    axes = guess_axes(shape_of(image), rgb=image.rgb, names=image.axis_labels)[0]
    targets = [_where_it_counts(sample) for sample in samples]
    complete = [sample.target if sample.known is None else None for sample in samples]
    session.looking.choose(image)
    session.results.know(image, KnownLabels(scheme, complete))
    known = [target for target in targets if target is not None]
    if known:
        drawn = [np.zeros_like(known[0]) if target is None else target for target in targets]
        colors = session.looking.colors(scheme.classes)
        about = {**geometry(image, axes), "metadata": mark("truth", of=name)}
        for layer in _truth_layers(drawn, scheme, colors, axes, about):
            layer.visible = labels_visible
            session.layer_data.image_layers.make(layer, image)
            session.layers.add(layer)
    session.layers.select(image)
    return image


def _where_it_counts(sample: Sample) -> npt.NDArray[np.uint8] | None:
    if sample.target is None or sample.known is None:
        return sample.target
    return sample.target * sample.known


def _image_layer(name: str, samples: list[Sample]) -> Image:
    """Channels that are no colors get a slider, so that the layer has all that networks see."""
    pixels = np.stack([sample.image for sample in samples])  # (N, C, Y, X)
    letters = ["frame", "c", "y", "x"]
    color = pixels.shape[1] == 3
    if color:
        pixels = np.moveaxis(pixels, 1, -1)
    elif pixels.shape[1] == 1:
        pixels = pixels[:, 0]
    if color or pixels.ndim == 3:
        letters.remove("c")
    if len(samples) == 1:
        pixels = pixels[0]
        letters.remove("frame")
    return Image(pixels, name=name, rgb=color, axis_labels=tuple(letters))


def _truth_layers(
    targets: list[npt.NDArray[np.uint8]],
    scheme: LabelScheme,
    colors: Mapping[str, str],
    axes: FrameAxes,
    about: dict[str, Any],
) -> list[Layer]:
    """Labels and positions as layers on an image of these axes; `about` is what all have."""
    stack = np.stack(targets)
    if scheme.exclusive:
        shown = numbered_colors(colors[name] for name in scheme.classes)
        ids = stack.reshape(axes.layer_shape)
        return [Labels(ids, name="labels", colormap=shown, **about)]
    layers: list[Layer] = []
    for number, class_name in enumerate(scheme.classes):
        if class_name == scheme.position:
            continue
        layers.append(
            Labels(
                stack[:, number].reshape(axes.layer_shape),
                name=class_name,
                colormap=numbered_colors([colors[class_name]]),
                opacity=0.5,
                **about,
            )
        )
    if scheme.position is not None:
        marks = stack[:, scheme.classes.index(scheme.position)]
        layers.append(_positions(scheme.position, marks, axes, about))
    return layers


def _positions(
    name: str, masks: npt.NDArray[np.uint8], axes: FrameAxes, about: dict[str, Any]
) -> Points:
    marks = map(find_marks, masks != 0)
    points = [axes.points(frame, found.centers) for frame, found in enumerate(marks)]
    return Points(np.concatenate(points), name=name, **points_look("white"), **about)

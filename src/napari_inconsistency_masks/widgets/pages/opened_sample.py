"""An image of a data set as layers, with its labels."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Points

from ...cells import marker_centers
from ...data.sample import Sample, SegmentationData
from ...task import LabelScheme
from ..counting.drawn_counts import KnownLabels
from ..drawing.drawing_layers import numbered_colors
from ..layers.viewer_layers import mark
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
    pixels = np.stack([sample.image for sample in samples])  # (N, C, Y, X)
    color = pixels.shape[1] == 3
    array = np.moveaxis(pixels, 1, -1) if color else pixels[:, 0]
    alone = len(samples) == 1
    image = session.layers.add(
        Image(array[0] if alone else array, name=name, rgb=color, axis_labels=_letters(alone))
    )
    targets = [_where_it_counts(sample) for sample in samples]
    complete = [sample.target if sample.known is None else None for sample in samples]
    session.looking.choose(image)
    session.results.know(image, KnownLabels(scheme, complete))
    known = [target for target in targets if target is not None]
    if known:
        drawn = [np.zeros_like(known[0]) if target is None else target for target in targets]
        colors = session.looking.colors(scheme.classes)
        for layer in truth_layers(name, drawn, scheme, colors):
            layer.visible = labels_visible
            session.layer_data.image_layers.make(layer, image)
            session.layers.add(layer)
    session.layers.select(image)
    return image


def _where_it_counts(sample: Sample) -> npt.NDArray[np.uint8] | None:
    if sample.target is None or sample.known is None:
        return sample.target
    return sample.target * sample.known


def truth_layers(
    name: str, targets: list[npt.NDArray[np.uint8]], scheme: LabelScheme, colors: Mapping[str, str]
) -> list[Layer]:
    """Labels and positions as layers."""
    alone = len(targets) == 1
    about: dict[str, Any] = {"metadata": mark("truth", of=name)}
    stack = np.stack(targets)
    if scheme.exclusive:
        shown = [colors[name] for name in scheme.classes]
        data = stack[0] if alone else stack
        return [Labels(data, name="labels", colormap=numbered_colors(shown), **about)]
    layers: list[Layer] = []
    for number, class_name in enumerate(scheme.classes):
        if class_name == scheme.position:
            continue
        plane = stack[0, number] if alone else stack[:, number]
        layers.append(
            Labels(
                plane,
                name=class_name,
                colormap=numbered_colors([colors[class_name]]),
                opacity=0.5,
                **about,
            )
        )
    if scheme.position is not None:
        marks = stack[:, scheme.classes.index(scheme.position)]
        layers.append(_positions(scheme.position, marks, alone, about))
    return layers


def _positions(name: str, masks: Any, alone: bool, about: dict[str, Any]) -> Points:
    points = [
        np.column_stack([np.full(len(centers), frame), centers])
        for frame, centers in enumerate(map(marker_centers, masks != 0))
    ]
    data = np.concatenate(points)
    return Points(
        data[:, 1:] if alone else data,
        ndim=2 if alone else 3,
        name=name,
        face_color="white",
        border_color="black",
        size=8,
        **about,
    )


def _letters(alone: bool) -> tuple[str, ...]:
    return ("y", "x") if alone else ("frame", "y", "x")

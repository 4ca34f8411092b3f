"""A look at the labels before training: classes nobody drew, masks that were no plain masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...files.names import listed
from ...task import LabelScheme
from ..sample import Sample
from .empty_frames import EmptyFrames
from .file_source import FileSource, ItemReader
from .small_marks import SmallMarks
from .without_class import WithoutClass

MOST_BYTES = 2**29
"""Samples are read up to this size in memory; a few seconds."""

NOT_LEARNED = "it is not learned."
"""How the sentence about a class ends that no labeled image shows."""


def scan(labeled: FileSource, validation: FileSource, scheme: LabelScheme) -> list[str]:
    """Read the labeled samples once, so that what is wrong with them is said at the start.

    Returns
    -------
    list of str
        Notes: classes without a pixel, gray masks, images with missing pixels, marks that are
        very small, frames of stacks on which nothing is drawn, and images of which much has no
        class though every pixel should have one.

    Raises
    ------
    InputError
        If a file cannot be used, or nothing is drawn in any labeled image.
    """
    notes, without = [], WithoutClass(scheme)
    marks, empty = SmallMarks(scheme), EmptyFrames()
    drawn, looked_at = _drawn(labeled, scheme, marks, empty, without)
    drawn_there, _ = _drawn(validation, scheme, marks, empty, without)
    complete = looked_at == len(labeled)
    if not complete:
        notes.append(f"Looked at {looked_at} of {len(labeled)} labeled images in advance.")
    if complete and not drawn.any():
        raise InputError(
            "The masks of all labeled images are empty; is everything background, or was nothing "
            "labeled yet? Draw at least one object."
        )
    for index, name in enumerate(scheme.classes):
        if not drawn[index]:
            where = " (only in validation images)" if drawn_there[index] else ""
            notes.append(f"{never_drawn(name)}{where}: {NOT_LEARNED}")
    unsure = () if scheme.exclusive else empty.notes()  # an id is there on every frame
    return [*notes, *without.notes(), *marks.notes(), *unsure, *remarks(labeled.reader)]


def never_drawn(name: str) -> str:
    """How the sentence about a class begins that no labeled image shows."""
    return f"The class {name!r} is never drawn for training"


def remarks(reader: ItemReader) -> list[str]:
    """What a reader noticed, in one sentence per kind."""
    return [
        f"{listed([f'{path.parent.name}/{path.name}' for path in paths])}: {remark}"
        for remark, paths in reader.remarks.items()
    ]


def _drawn(
    source: FileSource,
    scheme: LabelScheme,
    marks: SmallMarks,
    empty: EmptyFrames,
    without: WithoutClass,
) -> tuple[npt.NDArray[np.bool_], int]:
    """Which classes have a pixel, and in how many samples that was looked for."""
    drawn = np.zeros(len(scheme.classes), np.bool_)
    nbytes = looked_at = 0
    for item, sample in zip(source.items, source, strict=True):
        shown = drawn_outputs(sample, scheme)[-len(scheme.classes) :]  # without "blanked"
        drawn |= shown
        marks.add(sample)
        empty.add(item, drawn=bool(shown.any()))
        without.add(item, sample)
        looked_at += 1
        nbytes += sample.image.nbytes + sample.labeled.nbytes
        if nbytes > MOST_BYTES:
            break
    return drawn, looked_at


def drawn_outputs(sample: Sample, scheme: LabelScheme) -> npt.NDArray[np.bool_]:
    """Which outputs ``(K,)`` have a labeled pixel, where labels count."""
    channels = scheme.to_channels(sample.labeled)  # (K, Y, X)
    if sample.known is not None:
        channels = channels & sample.known
    return np.array([channel.any() for channel in channels], np.bool_)

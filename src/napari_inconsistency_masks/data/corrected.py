"""A data set with what a person drew on images beside it: corrections of its images, or of others.

The drawings are a folder as `load_folder` reads it: images in ``images``, and a folder of masks per
class, or one of class ids named ``masks``. ``source.json`` may say of which file they are frames::

    {"file": "/data/dish.tif", "frames": {"frame_0003": 3}}

The file is null if it is on no disk.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files.json_files import read_json
from ..files.names import about, listed
from .folders.file_source import item_of
from .folders.folder import load_folder
from .markers import Restyled, marker_style
from .origin import describe, open_data
from .prints import image_print
from .sample import Sample, SegmentationData, Source
from .sources import SOURCE, Joined, Subset, file_of, name_of

IMAGES, MASKS = "images", "masks"


def load_corrected(base: dict[str, Any], corrections: str | Path) -> SegmentationData:
    """Read a data set and the drawings beside it.

    A drawn image that is in `base`, with labels, has the drawn ones where they count and keeps the
    others; images are known by their content. What is drawn on images for validation and test, or
    on other frames of their files, is left out, and a note says so. All others are labeled images
    more; if such an image is among the unlabeled ones of `base`, only the rest of it stays
    unlabeled. Of which file an image is, the drawings say, since looking for it in all files would
    take too long. Markers of positions get the size of those in `base`.

    Parameters
    ----------
    base
        The ``origin`` of a data set.
    corrections
        Folder of the drawings.

    Raises
    ------
    InputError
        If one of them cannot be read, or the drawn images have other channels.
    """
    data = open_data(base)
    frames = _frames(Path(corrections), data)
    drawn = _Changed(_marked_alike(_read_drawn(data, Path(corrections)), data), frames=frames)
    apart = Joined([data.test, *([] if data.validation_is_training else [data.validation])])
    held_out, files = _prints(apart), {frame.image for frame in _frames_of(apart)}
    there = {image_print(sample): index for index, sample in enumerate(data.labeled)}
    changed: dict[int, Sample] = {}
    added, left_out = [], []
    for index, sample in enumerate(drawn):
        image = image_print(sample)
        if image in held_out or (sample.name in frames and frames[sample.name].image in files):
            left_out.append(sample.name)
        elif image in there:
            changed[there[image]] = merged(data.labeled[there[image]], sample)
        else:
            added.append(index)
    labeled = Joined([_Changed(data.labeled, changed), Subset(drawn, added)])
    return replace(
        data,
        labeled=labeled,
        unlabeled=_rest(data.unlabeled, _by_frame([drawn[i] for i in added], frames)),
        validation=labeled if data.validation_is_training else data.validation,
        notes=(*data.notes, *_notes(left_out, len(changed), len(added))),
        origin=describe("corrected", {"base": dict(base), "corrections": corrections}),
    )


def merged(sample: Sample, drawn: Sample) -> Sample:
    """A labeled sample with drawn labels where these count, and its own elsewhere.

    Parameters
    ----------
    sample, drawn
        The same image with other labels.
    """
    if drawn.known is None:
        return replace(sample, target=drawn.target, known=None)
    target = np.where(drawn.known, drawn.labeled, sample.labeled)
    known = None if sample.known is None else sample.known | drawn.known
    return replace(sample, target=target, known=known)


@dataclass(frozen=True)
class _Frame:
    """What a sample is of: its name, and a frame of an image file."""

    name: str
    image: Hashable
    frame: int = 0


@dataclass(frozen=True)
class _Changed:
    """A source of which some samples are others, or are known to be frames of other files.

    Attributes
    ----------
    source
        The samples.
    changed
        What takes the place of some, by their index.
    frames
        What some are of, by their names.
    """

    source: Source
    changed: Mapping[int, Sample] = field(default_factory=dict)
    frames: Mapping[str, _Frame] = field(default_factory=dict)

    @cached_property
    def items(self) -> list[_Frame]:
        """What each is of; if nobody says that, of the file that it is read from."""
        return [self.frames.get(frame.name, frame) for frame in _frames_of(self.source)]

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        return self.changed[index] if index in self.changed else self.source[index]

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))


def _frames_of(source: Source) -> list[_Frame]:
    return [_Frame(name_of(source, n), file_of(source, n)) for n in range(len(source))]


def _frames(folder: Path, data: SegmentationData) -> dict[str, _Frame]:
    """By the names of drawn samples what these are of, as far as it is known.

    A file of the data set is called as there, so that all its frames are known to be of one file.
    """
    path = folder / SOURCE
    if not path.is_file():
        return {}
    said = read_json(path)
    if isinstance(said, dict) and said.get("file", "") is None:  # a layer that is on no disk
        return {}
    try:
        file, frames = Path(said["file"]).resolve(), dict(said["frames"])
        frames = {str(name): int(frame) for name, frame in frames.items()}
    except (KeyError, TypeError, ValueError):
        raise InputError(about(path, "it does not say which file the images are of.")) from None
    image = next((image for image in _images(data) if image.resolve() == file), file)
    return {name: _Frame(name, image, frame) for name, frame in frames.items()}


def _images(data: SegmentationData) -> Iterator[Path]:
    """The image files of a data set, as far as it knows them."""
    for source in (data.labeled, data.unlabeled, data.hidden, data.validation, data.test):
        found = (item_of(source, index) for index in range(len(source)))
        yield from dict.fromkeys(item.image for item in found if item is not None)


def _by_frame(
    drawn: Sequence[Sample], frames: Mapping[str, _Frame]
) -> dict[tuple[Hashable, int], Sample]:
    known = [(each, frames[each.name]) for each in drawn if each.name in frames]
    return {(_resolved(frame.image), frame.frame): each for each, frame in known}


def _resolved(image: Hashable) -> Hashable:
    return image.resolve() if isinstance(image, Path) else image


def _rest(unlabeled: Source, drawn: Mapping[tuple[Hashable, int], Sample]) -> Source:
    """The unlabeled images, of drawn ones only what nothing is said about."""
    if not drawn:
        return unlabeled
    changed: dict[int, Sample] = {}
    left = []
    for index in range(len(unlabeled)):
        item = item_of(unlabeled, index)
        found = None if item is None else drawn.get((item.image.resolve(), item.frame))
        if found is not None and image_print(unlabeled[index]) == image_print(found):
            if found.known is None:
                continue
            before = unlabeled[index]
            rest = ~found.known if before.known is None else before.known & ~found.known
            changed[index] = replace(before, known=rest)
        left.append(index)
    return Subset(_Changed(unlabeled, changed), left)


def _read_drawn(data: SegmentationData, folder: Path) -> Source:
    scheme = data.scheme
    drawn = load_folder(
        folder,
        scheme.classes,
        task=scheme.task,
        position=scheme.position,
        images=IMAGES,
        masks=MASKS if scheme.exclusive else None,
        validation=0.0,
        intensity=data.intensity,
        zero_is_unlabeled=scheme.exclusive,
    )
    if drawn.channels != data.channels:
        raise InputError(
            f"What is drawn is on images of {drawn.channels} channels, and those of {data.name} "
            f"have {data.channels}; draw on images of the same kind."
        )
    return drawn.labeled


def _marked_alike(drawn: Source, data: SegmentationData) -> Source:
    """Drawn samples with markers of the size that those of the data set have."""
    position, style = data.scheme.position_output, marker_style(data)
    if position is None or style.radius is None:  # drawn by distance, as these are already
        return drawn
    return Restyled(drawn, position, style)


def _prints(samples: Source) -> set[str]:
    return set(map(image_print, samples))


def _notes(left_out: list[str], changed: int, added: int) -> Iterator[str]:
    if changed or added:
        yield (
            f"Learned from too: what is drawn on {changed} images of the data set and {added} "
            f"others."
        )
    if left_out:
        yield (
            f"Not learned from: what is drawn on {listed(left_out)}, which are for validation or "
            f"test."
        )

"""Images set aside, so that networks that go on from others are judged fairly."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator
from dataclasses import dataclass, replace

from ..files.names import listed
from .prints import image_print, label_print
from .sample import Sample, SegmentationData, Source
from .seen import Seen
from .sources import Subset, file_of
from .splits import split_files

SPOILED = (
    "Set aside after the networks had learned from it, so it is neither learned from any more nor "
    "used to compare: {}."
)

NOTHING_NEW = (
    "No label is new since the networks that this training goes on from were trained: correct or "
    "draw something first, or expect little."
)


def corrections(labeled: Source, seen: Seen | None) -> tuple[int, ...]:
    """Which labeled samples are corrections: labeled in part, or not learned from as they are."""
    return tuple(
        index
        for index, sample in enumerate(labeled)
        if sample.known is not None or (seen is not None and _is_new(sample, seen))
    )


def hold_out(data: SegmentationData, seen: Seen) -> SegmentationData:
    """Set images aside on which networks that have `seen` some can be compared with later ones.

    These are the images that were held out before, as far as they are still labeled and nobody
    named them for training, and those that somebody named for validation. If there is none, they
    are those that `data` sets aside and that were not learned from, else some of the labeled images
    that were not. Everything labeled that is not set aside is for training; but what somebody named
    for validation although the networks learned from it is for neither, and a note says so. All
    frames of one file are treated alike.
    """
    places = [*_places(data.labeled, seen, data.named)]
    if not data.validation_is_training:
        places += _places(data.validation, seen, data.named)
    learned = _learned_files(places)
    wanted = {place.file for place in places if place.named and place.source is data.validation}
    aside = wanted | {place.file for place in places if place.held_out and not place.named}
    aside -= learned
    if not aside:
        aside = _unseen(data, places)
    spoiled = wanted & learned
    training = [place for place in places if place.file not in aside | spoiled]
    if not aside or not training:
        moved = _judged_on_training(data, places)
    else:
        moved = replace(
            data,
            labeled=_subset(training),
            validation=_subset([place for place in places if place.file in aside]),
            validation_is_training=False,
            unlabeled=_without(data.unlabeled, aside | spoiled),
            hidden=_without(data.hidden, aside | spoiled),
            notes=(*data.notes, *_about([p for p in places if p.file in spoiled])),
        )
    if any(_is_new(sample, seen) for sample in moved.labeled):
        return moved
    return replace(moved, notes=(*moved.notes, NOTHING_NEW))


@dataclass(frozen=True)
class _Place:
    """A labeled sample of a source, the file it is of, and what is known about it."""

    source: Source
    index: int
    file: Hashable
    held_out: bool
    learned: bool
    named: bool

    @property
    def sample(self) -> Sample:
        return self.source[self.index]


def _places(source: Source, seen: Seen, named: Container[str]) -> Iterator[_Place]:
    for index, sample in enumerate(source):
        image = image_print(sample)
        yield _Place(
            source,
            index,
            file_of(source, index),
            held_out=image in seen.held_out,
            learned=image in seen.learned,
            named=sample.name in named,
        )


def _learned_files(places: list[_Place]) -> set[Hashable]:
    return {place.file for place in places if place.learned}


def _unseen(data: SegmentationData, places: list[_Place]) -> set[Hashable]:
    """Files that were not learned from, of which some are left for training; perhaps none."""
    free = {place.file for place in places} - _learned_files(places)
    if not data.validation_is_training:
        chosen = {place.file for place in places if place.source is data.validation} & free
        if chosen and free - chosen:
            return chosen
    by_name = {str(file): file for file in free}
    return {by_name[name] for name in split_files(by_name).validation}


def _judged_on_training(data: SegmentationData, places: list[_Place]) -> SegmentationData:
    everything = _subset(places)
    return replace(data, labeled=everything, validation=everything, validation_is_training=True)


def _about(spoiled: list[_Place]) -> list[str]:
    return [SPOILED.format(listed([place.sample.name for place in spoiled]))] if spoiled else []


def _subset(places: list[_Place]) -> Source:
    return Subset.of([(place.source, place.index) for place in places])


def _without(source: Source, files: set[Hashable]) -> Source:
    return Subset(source, [i for i in range(len(source)) if file_of(source, i) not in files])


def _is_new(sample: Sample, seen: Seen) -> bool:
    return seen.learned.get(image_print(sample)) != label_print(sample)

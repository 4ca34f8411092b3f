"""What networks have learned from, so that those that go on from them are judged fairly.

Images and labels are known by their content, never by name: a run keeps a copy of what was drawn,
a folder may be renamed, and two stacks both have a frame 3.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..files.names import listed
from .prints import image_print, label_print
from .sample import Sample, SegmentationData, Source
from .sources import Subset, file_of
from .splits import split_files

SPOILED = (
    "Set aside after the networks had learned from it, so it is neither learned from any more nor "
    "used to compare: {}."
)

CHANGED = (
    "Drawn otherwise than when the run saw them: the labels of {} of the {} {} images. The scores "
    "are of the labels as they are now."
)

GONE = "Not in the data any more, or changed since: {} of the {} {} images of the run."

SEEN = (
    "Left out, as the networks learned from them or were chosen by them: {} of the {} images that "
    "are for test now. All labeled images that they have not seen are among the hidden ones."
)

NOTHING_NEW = (
    "No label is new since the networks that this training goes on from were trained: correct or "
    "draw something first, or expect little."
)


@dataclass(frozen=True)
class Seen:
    """Images that networks have seen.

    Attributes
    ----------
    learned
        Fingerprint of the labels that they learned from, by the image's.
    held_out
        Fingerprints of the images that chose epochs and networks.
    complete
        False if some of the networks' earlier life is not known.
    unlabeled
        Fingerprints of the images that they learned from without labels, at least in a part of
        them. Records of older versions do not have these.
    held_out_labels
        Fingerprint of the labels of those that were held out, by the image's; none of them in
        records of older versions.
    """

    learned: Mapping[str, str] = field(default_factory=dict)
    held_out: frozenset[str] = frozenset()
    complete: bool = True
    unlabeled: frozenset[str] = frozenset()
    held_out_labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, learned: Source, held_out: Source, unlabeled: Source = ()) -> Seen:
        """Take the fingerprints of lists of samples."""
        apart = _labels(held_out)
        return cls(
            _labels(learned),
            frozenset(apart),
            unlabeled=frozenset(map(image_print, unlabeled)),
            held_out_labels=apart,
        )

    def and_then(self, later: Seen) -> Seen:
        """What networks have seen that saw this first."""
        return Seen(
            {**self.learned, **later.learned},
            later.held_out,
            self.complete,
            self.unlabeled | later.unlabeled,
            later.held_out_labels,
        )

    def changed_since(self, earlier: Seen) -> int:
        """How many of these labeled and validation images, or labels, were others `earlier`."""
        before, apart = earlier.learned, earlier.held_out_labels
        learned = {image for image, label in self.learned.items() if before.get(image) != label}
        labels = self.held_out_labels.items()
        drawn = {image for image, label in labels if apart.get(image, label) != label}
        return len(self.held_out - earlier.held_out | learned | drawn)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` is the inverse."""
        return {
            "learned": dict(self.learned),
            "held_out": sorted(self.held_out),
            "complete": self.complete,
            "unlabeled": sorted(self.unlabeled),
            "held_out_labels": dict(self.held_out_labels),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Seen:
        """Make it from what `to_json` gave."""
        return cls(
            dict(values["learned"]),
            frozenset(values["held_out"]),
            bool(values["complete"]),
            frozenset(values.get("unlabeled", ())),
            dict(values.get("held_out_labels", {})),
        )

    def knows_any(self, samples: Source) -> bool:
        """Whether any of some images was learned from or set aside."""
        known = self.learned.keys() | self.held_out
        return any(image_print(sample) in known for sample in samples)

    def learned_among(self, samples: Source) -> int:
        """How many of some images were learned from."""
        return len(self.names_learned(samples))

    def names_learned(self, samples: Source) -> list[str]:
        """The names of those of some images that were learned from."""
        return [sample.name for sample in samples if image_print(sample) in self.learned]

    def names_learned_unlabeled(self, samples: Source) -> list[str]:
        """The names of those of some images that were learned from, but never with labels."""
        only = self.unlabeled - self.learned.keys()
        return [sample.name for sample in samples if image_print(sample) in only]

    def only_held_out_among(self, samples: Source) -> int:
        """How many of some images were set aside, and never learned from."""
        only = self.held_out - self.learned.keys()
        return sum(image_print(sample) in only for sample in samples)


def as_seen(data: SegmentationData, seen: Seen, split: str) -> tuple[Source, tuple[str, ...]]:
    """The images of a split as networks have `seen` them, wherever `data` has these by now.

    Parameters
    ----------
    data
        What the networks were trained on, as it is now: with other files, other images may be
        drawn for validation and test.
    seen
        What the networks have seen.
    split
        ``labeled``: what they learned from. ``validation``: what was set aside for them.
        ``hidden``: all other labeled images but those for test, also such as came later, or were
        learned from without labels. ``test``: those that `data` has for test, but none that the
        networks have seen, with labels or without.

    Returns
    -------
    images : Source
    notes : tuple of str
        What is missing or left out.
    """
    now: Source = getattr(data, split)
    if split == "test":
        new = _none_of(seen.learned.keys() | seen.held_out | seen.unlabeled, [now])
        left = len(now) - len(new)
        return new, (SEEN.format(left, len(now)),) if left else ()
    drawn = [data.labeled, data.hidden, *(() if data.validation_is_training else [data.validation])]
    if split == "hidden":
        return _none_of(seen.learned.keys() | seen.held_out, drawn), ()
    wanted = set(seen.learned if split == "labeled" else seen.held_out)
    before = seen.learned if split == "labeled" else seen.held_out_labels
    labels = _labels(now)
    if labels.keys() != wanted:
        found = [each for each in _prints([*drawn, data.test]) if each[0] in wanted]
        now = Subset.of([place for _, place in found])
        labels = _labels(now)
    gone = len(wanted - labels.keys())
    changed = sum(before.get(image, label) != label for image, label in labels.items())
    counts = {GONE: gone, CHANGED: changed}
    return now, tuple(said.format(n, len(wanted), split) for said, n in counts.items() if n)


def _labels(samples: Source) -> dict[str, str]:
    return {image_print(sample): label_print(sample) for sample in samples}


def _none_of(images: Container[str], sources: Iterable[Source]) -> Subset:
    return Subset.of([place for image, place in _prints(sources) if image not in images])


def _prints(sources: Iterable[Source]) -> Iterator[tuple[str, tuple[Source, int]]]:
    for source in sources:
        for index, sample in enumerate(source):
            yield image_print(sample), (source, index)


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

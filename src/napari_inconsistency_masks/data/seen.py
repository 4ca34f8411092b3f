"""Which images and labels networks have seen, and where these are by now.

They are known by their content, never by name: a run keeps a copy of what was drawn, a folder may
be renamed, and two stacks both have a frame 3.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .prints import image_print, label_print
from .sample import SegmentationData, Source
from .sources import Subset

CHANGED = (
    "Drawn otherwise than when the run saw them: the labels of {} of the {} {} images. The scores "
    "are of the labels as they are now."
)

GONE = "Not in the data any more, or changed since: {} of the {} {} images of the run."

SEEN = (
    "Left out, as the networks learned from them or were chosen by them: {} of the {} images that "
    "are for test now. All labeled images that they have not seen are among the hidden ones."
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

"""Networks that have nothing to teach, or teach each other nonsense: how it shows, in words.

Self-training can collapse: what all teachers miss becomes agreed background, the students learn
that it does not exist, and nothing disagrees any more. None of this shows in the loss. It is looked
for on the validation images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from ..config import TrainConfig
from ..files.names import listed
from ..inference.behavior import Behavior
from ..inference.confidence import CONFIDENT
from ..task import BLANKED, LabelScheme
from .results import GenerationRecord

T = TypeVar("T")

TRACE = 0.01
"""Of a class, less than this share of its labeled area is as good as nothing: single pixels."""

GROWTH = 1.5
"""Inconsistent area that grew twice, to so many times what it was, is worth a word."""


def signs_of_collapse(behavior: Behavior, scheme: LabelScheme, *, masks: bool) -> tuple[str, ...]:
    """Say why networks have nothing to teach; empty if they have.

    Of labels that are the same everywhere, such as those of images without any object, networks
    that say just that are right. Where no class is in the labels, finding nothing is no sign.

    Parameters
    ----------
    behavior
        Of the networks that would label the next generation.
    scheme
        What their outputs mean.
    masks
        Whether only what they agree on is taught.
    """
    right = behavior.agreed == behavior.seen == behavior.labeled
    if right and _labels_are_the_same(behavior):
        return ()
    said, count = [], behavior.members
    shown = any(_classes(behavior.labeled, scheme))
    if shown and not _more_than_traces(behavior.seen, behavior, scheme):
        said.append(f"they find {_nothing(_classes(behavior.seen, scheme), 'nothing')}")
    elif shown and masks and not _more_than_traces(behavior.agreed, behavior, scheme):
        agreed = _nothing(_classes(behavior.agreed, scheme), "no pixel")
        said.append(f"they agree on {agreed} of any class")
    if len(behavior.constant) == count:
        said.append("they say the same at every pixel of every image")
    if masks and count > 1 and len(behavior.alike) == count * (count - 1) // 2:
        said.append("they agree on every pixel, so that the masks carry no information")
    return tuple(said)


def notes_on(behavior: Behavior, scheme: LabelScheme, *, masks: bool) -> tuple[str, ...]:
    """Say what is wrong with single ones of the networks, or of the classes.

    Of labels that are the same everywhere, single networks may well say the same.
    """
    said: list[str] = []
    if not _labels_are_the_same(behavior):
        said += [
            f"the one in place {member + 1} says the same at every pixel of every image"
            for member in behavior.constant
        ]
        said += [f"those in places {a + 1} and {b + 1} never differ" for a, b in behavior.alike]
    found = _classes(behavior.agreed if masks else behavior.seen, scheme)
    labeled = _classes(behavior.labeled, scheme)
    for name, share, there in zip(scheme.classes, found, labeled, strict=True):
        if there and share <= TRACE * there:
            verb = f"{'agree on' if masks else 'find'} it {_nothing([share], 'nowhere')}"
            said.append(
                f"class {name!r} is in the labels, but they {verb}, and would teach that it does "
                f"not exist"
            )
    return tuple(said)


def _labels_are_the_same(behavior: Behavior) -> bool:
    """Whether they are so at every pixel of every image."""
    return all(share in (0, 1) for share in behavior.labeled)


def _more_than_traces(shares: Sequence[float], behavior: Behavior, scheme: LabelScheme) -> bool:
    """Whether any class has more than `TRACE` of what is labeled: of it, or else of all."""
    labeled = _classes(behavior.labeled, scheme)
    areas = [there or sum(labeled) for there in labeled]
    found = _classes(shares, scheme)
    return any(share > TRACE * area for share, area in zip(found, areas, strict=True))


def _nothing(shares: Sequence[float], word: str) -> str:
    """The word, or that it is almost so."""
    return f"almost {word}" if any(shares) else word


def words_about(
    records: Sequence[GenerationRecord], config: TrainConfig, *, given: bool = False
) -> Iterator[str]:
    """Say what is wrong with the last of some generations, a sentence each.

    Parameters
    ----------
    records
        Of all generations so far.
    config
        Of the run.
    given
        Whether generation 0 is networks of another run: the next one learns in any case.
    """
    record = records[-1]
    lead = f"The networks of generation {record.generation}"
    if record.collapse:
        then = "the next ones learn from them all the same, as the settings want it."
        if not config.follow_collapsed and given:
            then = "so the next ones learn from labels alone."
        elif not config.follow_collapsed:
            then = (
                "the next ones would only learn that from them, so no further generation is "
                "trained. Train longer, or label more; 'Go on after a collapse' "
                "(--follow-collapsed) trains on all the same."
            )
        yield f"{lead} have collapsed: on the validation images {_and(record.collapse)}; {then}"
    if record.notes:
        yield f"{lead}: of the best ones on the validation images, {_and(record.notes)}."
    if record.confident:
        yield from _unsure(lead, record.confident)
    drift = growing_inconsistency(records)
    if drift is not None:
        yield drift


def _unsure(lead: str, confident: Mapping[str, float]) -> Iterator[str]:
    """Say of which classes they are sure nowhere in the unlabeled images."""
    unsure = [name for name, share in confident.items() if not share]
    sure = f"{lead} are sure (probability {CONFIDENT:g} or more) of no pixel of"
    if len(unsure) == len(confident):
        yield f"{sure} any class in the unlabeled images: what they would teach there is guessed."
    elif unsure:
        which = listed([repr(name) for name in unsure])
        yield f"{sure} {which} in the unlabeled images: it is not there, or they do not know it."


def _and(said: Sequence[str]) -> str:
    return "; ".join(said)


def growing_inconsistency(records: Sequence[GenerationRecord]) -> str | None:
    """Say that the last three generations agree less and less, or None."""
    if len(records) < 3:
        return None
    first, second, third = records[-3:]
    drifting = first.inconsistent < second.inconsistent < third.inconsistent
    if not drifting or third.inconsistent <= GROWTH * first.inconsistent:
        return None
    return (
        f"From generation {first.generation} to {third.generation} the inconsistent area of the "
        f"validation images grew from {first.inconsistent:.1%} to {third.inconsistent:.1%}: the "
        f"networks drift apart instead of coming to agree; compare the generations, or label more "
        f"images."
    )


def _classes(values: Sequence[T], scheme: LabelScheme) -> Sequence[T]:
    """The values of real classes, without the output for blanked pixels."""
    return values[BLANKED + 1 :] if scheme.exclusive else values

"""Which images train, validate and test, from the lists that come with the data or at random."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ...errors import InputError
from ...files.names import listed
from ..splits import choose_labeled, split_files
from .pairing import Pair
from .split_lists import SplitLists

JUDGED_ON_TRAINING = (
    "There is no image to set aside, so validation is on the training images: scores are too good, "
    "and labels of one more image would help most."
)


@dataclass(frozen=True)
class Groups:
    """Sorted names of images; only `unlabeled` may hold names without masks.

    ``hidden`` are those of `unlabeled` that have masks. ``validation`` is ``labeled`` itself if
    ``validation_is_training``.
    """

    labeled: tuple[str, ...]
    unlabeled: tuple[str, ...]
    hidden: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    validation_is_training: bool
    notes: tuple[str, ...]


def assign(
    pairs: Mapping[str, Pair],
    lists: SplitLists | None,
    *,
    labeled: float | Sequence[str] | None,
    validation: float,
    test: float,
    seed: int,
) -> Groups:
    """Assign every image to one group.

    Parameters
    ----------
    pairs
        By name; see `pair_files`.
    lists
        Lists that come with the data. What they say counts; only what they leave open is drawn at
        random. A given `labeled` counts more than a list.
    labeled, validation, test, seed
        As `load_folder`; without the name of a list.

    Raises
    ------
    InputError
        If no image for training has labels.
    """
    notes: list[str] = []
    with_masks = {name for name, pair in pairs.items() if pair.masks}
    lists = lists or SplitLists()
    held_out = {
        "validation": _with_masks(lists.validation, with_masks, "validation", notes),
        "test": _with_masks(lists.test, with_masks, "test", notes),
    }
    taken = (lists.validation or frozenset()) | (lists.test or frozenset())
    train = set(pairs) - taken if lists.train is None else set(lists.train)
    left_out = set(pairs) - train - taken
    if left_out:
        notes.append(f"In none of the lists, so left out: {listed(sorted(left_out))}.")
    named = _named(train, with_masks, lists, labeled)
    if lists.validation is None:
        share = test if lists.train is None and lists.test is None else 0.0
        free = train & with_masks - named or train & with_masks
        split = split_files(free, validation=validation, test=share, seed=seed)
        train -= {*split.validation, *split.test}
        held_out["validation"] = set(split.validation)
        held_out["test"] |= set(split.test)
    if named:
        chosen = named & train
    elif labeled is not None:
        candidates = train & with_masks
        chosen = set(choose_labeled(candidates, labeled, seed, first=lists.labeled or ()))
    else:
        chosen = (train - (lists.unlabeled or frozenset())) & with_masks
    return _groups(train, with_masks, chosen, held_out, notes)


def _groups(
    train: set[str],
    with_masks: set[str],
    labeled: set[str],
    held_out: Mapping[str, set[str]],
    notes: list[str],
) -> Groups:
    if not labeled:
        raise InputError(
            "No image for training has labels; draw or add masks for at least one image, "
            "better two."
        )
    unlabeled = train - labeled
    validation = held_out["validation"]
    if not validation:
        notes.append(JUDGED_ON_TRAINING)
    return Groups(
        labeled=tuple(sorted(labeled)),
        unlabeled=tuple(sorted(unlabeled)),
        hidden=tuple(sorted(unlabeled & with_masks)),
        validation=tuple(sorted(validation or labeled)),
        test=tuple(sorted(held_out["test"])),
        validation_is_training=not validation,
        notes=tuple(notes),
    )


def _named(
    train: set[str],
    with_masks: set[str],
    lists: SplitLists,
    labeled: float | Sequence[str] | None,
) -> set[str]:
    """The labeled images somebody named one by one; empty if nobody did."""
    names = labeled if isinstance(labeled, Sequence) else None
    if labeled is None:
        names = sorted(lists.labeled or ())
    missing = [name for name in names or () if name not in train & with_masks]
    if missing:
        raise InputError(
            f"Named as labeled, but without masks or not for training: {listed(missing)}."
        )
    return set(names or ())


def _with_masks(
    names: Collection[str] | None, with_masks: set[str], group: str, notes: list[str]
) -> set[str]:
    names = set(names or ())
    if names - with_masks:
        notes.append(
            f"Without masks, so not used for {group}: {listed(sorted(names - with_masks))}."
        )
    return names & with_masks

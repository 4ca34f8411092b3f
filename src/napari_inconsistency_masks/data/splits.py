"""Which files are for training, validation and test, and which of them count as labeled.

Always whole files, never frames or crops of one file: those look alike, and scores on them flatter.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..files.names import listed


@dataclass(frozen=True)
class Split:
    """Names of files; together all names that were given, none in two groups."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def split_files(
    names: Collection[str], *, validation: float = 0.2, test: float = 0.0, seed: int = 0
) -> Split:
    """Split labeled files at random, the same way whenever names and seed are the same.

    Parameters
    ----------
    names
        Of labeled files, in any order.
    validation, test
        Their shares. A share above 0 is at least one file as long as that leaves one for training:
        of two files one is for validation, and only of three or more one can be for test.
    seed
        Of the shuffling.

    Returns
    -------
    Split
        Sorted names.

    Raises
    ------
    InputError
        If a share is below 0, or both together leave nothing for training.
    """
    if not (min(validation, test) >= 0 and validation + test < 1):  # also of NaN
        raise InputError(
            f"Shares of {validation:g} for validation and {test:g} for test leave nothing for "
            f"training; give shares from 0 that are below 1 together."
        )
    shuffled = _shuffled(names, seed)
    spare = max(0, len(shuffled) - 1)  # training keeps one
    for_test = int(test > 0 and spare > 1)  # one for test, whatever validation wants
    n_validation = min(spare - for_test, _count(validation, len(shuffled)))
    n_test = min(spare - n_validation, _count(test, len(shuffled)))
    return Split(
        train=tuple(sorted(shuffled[n_validation + n_test :])),
        validation=tuple(sorted(shuffled[:n_validation])),
        test=tuple(sorted(shuffled[n_validation : n_validation + n_test])),
    )


def choose_labeled(
    names: Collection[str],
    amount: float | Sequence[str] | None,
    seed: int = 0,
    *,
    first: Collection[str] = (),
) -> tuple[str, ...]:
    """Choose the files whose labels are used; the others' are hidden.

    Parameters
    ----------
    names
        To choose from, in any order.
    amount
        An int takes so many: the first of the sorted names after a seeded shuffle, so that a
        larger amount only adds files. A float up to 1 takes that share of the names, rounded down
        but at least one, as in the paper. A sequence takes the names it holds, None takes all.
    seed
        Of the shuffling.
    first
        Names that are taken before any other: those of a list that comes with the data.

    Raises
    ------
    InputError
        If there are not so many names, a share is outside of 0 to 1, or a name is unknown.
    """
    if amount is None:
        return tuple(sorted(names))
    if isinstance(amount, str | bytes):
        raise InputError(f"labeled {amount!r}: give a number, a share or a list of names.")
    if isinstance(amount, Sequence):
        unknown = [name for name in amount if name not in names]
        if unknown:
            raise InputError(f"labeled: no image for training is named {listed(unknown)}.")
        return tuple(sorted(set(amount)))
    count = _amount(amount, len(names))
    listed_ones = set(names) & set(first)
    order = _shuffled(listed_ones, seed) + _shuffled(set(names) - listed_ones, seed)
    return tuple(order[:count])


def published_order(names: Collection[str], seed: int) -> list[str]:
    """Names in the order that the reference draws them in with scikit-learn's ``train_test_split``.

    The reference holds out the first ones, a share of them that is rounded up. It lists the names
    in the order of its file system; here they are sorted first.

    Parameters
    ----------
    names
        In any order.
    seed
        The ``random_state``.
    """
    if not 0 <= seed < 2**32:
        raise InputError(f"seed={seed}: give a number from 0 to {2**32 - 1}.")
    ordered = sorted(names)
    drawn = np.random.RandomState(seed).permutation(len(ordered))
    return [ordered[number] for number in drawn]


def take_labeled(
    order: Sequence[str], amount: float | Sequence[str], *, round_up: bool = False
) -> tuple[str, ...]:
    """The labeled ones among names in an order that was drawn; `amount` as in `choose_labeled`."""
    if isinstance(amount, Sequence):
        return choose_labeled(order, amount)  # also refuses a str
    return tuple(sorted(order[: _amount(amount, len(order), round_up=round_up)]))


def _amount(amount: float, available: int, *, round_up: bool = False) -> int:
    if isinstance(amount, int) and not isinstance(amount, bool):
        if not 1 <= amount <= available:
            raise InputError(
                f"labeled {amount}: there are {available} labeled images for training; give a "
                f"number from 1 to {available}, or a share such as 0.1."
            )
        return amount
    if not 0 < amount <= 1 or isinstance(amount, bool):
        raise InputError(f"labeled {amount!r}: give a share above 0 and up to 1, or a number.")
    count = math.ceil(amount * available) if round_up else int(amount * available)
    return min(available, max(1, count))


def _count(share: float, available: int) -> int:
    return max(1, round(share * available)) if share > 0 else 0


def _shuffled(names: Collection[str], seed: int) -> list[str]:
    shuffled = sorted(names)
    random.Random(seed).shuffle(shuffled)  # noqa: S311  no secret, but the same on every system
    return shuffled

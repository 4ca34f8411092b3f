"""What training and evaluation read: samples, and the lists of samples of one data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..intensity import Intensity
from ..task import LabelScheme, Task


@dataclass(frozen=True)
class Sample:
    """One image with what is known about it.

    Attributes
    ----------
    name
        Unique in its data set; what every message and table calls this image.
    image
        uint8 ``(C, Y, X)``, 0 to 255, as the networks see it.
    target
        uint8 as in `LabelScheme`, or None for an unlabeled image.
    known
        bool ``(Y, X)`` or ``(K, Y, X)``: where (and for which output) the target counts. None
        means everywhere. The loss leaves out the rest. Of an unlabeled image, where a
        pseudo-label may count: not where it is labeled, nor where it has no value.
    blank
        bool ``(Y, X)``: pixels to set to 0 in the image, or None for none.
    """

    name: str
    image: npt.NDArray[np.uint8]
    target: npt.NDArray[np.uint8] | None = None
    known: npt.NDArray[np.bool_] | None = None
    blank: npt.NDArray[np.bool_] | None = None

    @property
    def labeled(self) -> npt.NDArray[np.uint8]:
        """The target, for a sample that must have one."""
        if self.target is None:
            raise InputError(f"{self.name}: this image has no labels, and labels are needed here.")
        return self.target

    def is_known(self, rows: slice = slice(None)) -> npt.NDArray[np.bool_]:
        """Where, in some rows, the target counts for any output: ``(n, X)``."""
        if self.known is None:
            return np.ones(self.image[0, rows].shape, bool)
        known: npt.NDArray[np.bool_] = self.known[..., rows, :]
        return known if known.ndim == 2 else _any_plane(known)

    def is_labeled(self, rows: slice = slice(None)) -> npt.NDArray[np.bool_]:
        """Where, in some rows, the target counts and is more than background: ``(n, X)``."""
        labeled: npt.NDArray[np.bool_] = self.labeled[..., rows, :] != 0
        if labeled.ndim == 3:
            labeled = _any_plane(labeled)
        return labeled if self.known is None else np.logical_and(labeled, self.is_known(rows))

    @cached_property
    def known_per_row(self) -> npt.NDArray[np.int64]:
        """``(Y,)``: pixels of each row that are known; pieces are cut around them all the time."""
        return _true_per_row(self.is_known())

    @cached_property
    def labeled_per_row(self) -> npt.NDArray[np.int64]:
        """``(Y,)``: the same of labeled pixels."""
        return _true_per_row(self.is_labeled())


def _any_plane(planes: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    anywhere: npt.NDArray[np.bool_] = np.logical_or.reduce(planes)  # (Y, X)
    return anywhere


def _true_per_row(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    count: npt.NDArray[np.int64] = np.count_nonzero(mask, axis=1)  # (Y,)
    return count


@runtime_checkable
class Source(Protocol):
    """A list of samples that may read each one from disk when it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Sample: ...

    def __iter__(self) -> Iterator[Sample]: ...


@dataclass(frozen=True)
class SegmentationData:
    """The lists of samples of one data set.

    Attributes
    ----------
    name
        Of the data set, for titles and tables.
    scheme
        What the labels mean.
    channels
        C of every image.
    intensity
        How gray values were turned into 0 to 255; new images must be treated in the same way.
    labeled
        Training images with labels.
    unlabeled
        Training images whose labels are not used: they always come without target.
    validation
        Chooses epochs, networks and generations. May be the labeled images themselves when there
        are too few to set any aside; then `validation_is_training` is True.
    test
        Held out: nothing in training ever reads it.
    hidden
        The unlabeled images with their labels, where those exist: for the fully labeled
        comparison only.
    named
        Names of labeled and validation images that a person or a list gave to where they are; of
        the others, training that goes on from networks may choose.
    free_rotation
        Whether rotated and flipped images are as likely as upright ones (true for cells).
    notes
        What a person should know about how the data was read, one sentence each.
    paper
        How the settings of arXiv 2401.14387 for this data set differ from those of the preset
        ``paper``, which are for HeLa; for `Config.changed`.
    origin
        JSON description from which `data.origin.open_data` makes this object again, or None.
    """

    name: str
    scheme: LabelScheme
    channels: int
    labeled: Source
    intensity: Intensity = field(default_factory=Intensity)
    unlabeled: Source = ()
    validation: Source = ()
    test: Source = ()
    hidden: Source = ()
    free_rotation: bool = True
    validation_is_training: bool = False
    named: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    paper: Mapping[str, Any] = field(default_factory=dict, compare=False)
    origin: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def task(self) -> Task:
        """The label kind."""
        return self.scheme.task

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in channel (or id) order."""
        return self.scheme.classes

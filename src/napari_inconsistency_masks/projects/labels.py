"""What a person says about one frame: masks, positions, and the boxes inside which it is all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..boxes import Box, known_mask
from ..cells import position_markers
from ..errors import InputError
from ..task import LabelScheme
from .objects import area


def _no_positions() -> npt.NDArray[np.float64]:
    return np.empty((0, 2))


@dataclass(frozen=True, eq=False)
class FrameLabels:
    """The labels of one frame.

    Attributes
    ----------
    size
        Rows and columns.
    masks
        Per class but the position class ``(Y, X)``, bool or any integer type: what is not 0 is
        marked. Several numbers are single objects, and those that touch are set apart in `target`
        as in mask files (`data.masks.apart`). Empty for multi-class labels.
    ids
        Multi-class labels ``(Y, X)``: ``i + 1`` is the class ``i``, 0 means that nobody said.
        Else None.
    positions
        Cell centers ``(N, 2)`` in pixels, row and column; fractions are kept.
    states
        Per position the name of its class, or ``""`` where nobody said; empty if nobody did.
    boxes
        Inside of these everything is labeled, outside nothing is known. Without any, the whole
        frame is labeled as soon as anything is.
    notes
        What a person should know about how the labels were read, one sentence each.
    """

    size: tuple[int, int]
    masks: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    ids: npt.NDArray[Any] | None = None
    positions: npt.NDArray[np.float64] = field(default_factory=_no_positions)
    states: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def labeled(self) -> bool:
        """Whether anything is drawn, or a box says that nothing is there."""
        drawn = [*self.masks.values(), *(() if self.ids is None else (self.ids,))]
        return bool(self.boxes) or len(self.positions) > 0 or any(mask.any() for mask in drawn)

    @property
    def known(self) -> npt.NDArray[np.bool_] | None:
        """Where the labels count ``(Y, X)``, or None for everywhere."""
        return known_mask(self.boxes, self.size) if self.boxes else None

    def copy(self) -> FrameLabels:
        """The same with arrays of its own, which later strokes do not change."""
        return replace(
            self,
            masks={name: np.array(mask) for name, mask in self.masks.items()},
            ids=None if self.ids is None else np.array(self.ids),
            positions=np.array(self.positions, np.float64),
        )

    def target(self, scheme: LabelScheme) -> npt.NDArray[np.uint8]:
        """The labels as networks learn them, as in `LabelScheme`; positions become markers.

        Raises
        ------
        InputError
            As `check`.
        """
        self.check(scheme)
        if self.ids is not None:
            return self.ids.astype(np.uint8)
        planes = [
            position_markers(self.positions, self.size)
            if name == scheme.position
            else area(self.masks[name])
            for name in scheme.classes
        ]
        return np.stack(planes).astype(np.uint8)

    def check(self, scheme: LabelScheme) -> None:
        """Refuse labels that do not fit a scheme or their own size.

        Raises
        ------
        InputError
            For a class without a mask, a mask without a class, another shape, an id without a
            class, positions that are no numbers or not asked for, a box not inside of the frame.
        """
        wanted = set() if scheme.exclusive else set(scheme.states)
        if set(self.masks) != wanted or (self.ids is None) == scheme.exclusive:
            given = ["class ids"] * (self.ids is not None) + sorted(self.masks)
            needed = ["class ids"] * scheme.exclusive + sorted(wanted)
            raise InputError(
                f"Labels of {', '.join(given) or 'no class'} were given, and the project has "
                f"{', '.join(needed) or 'positions only'}."
            )
        for name, mask in self._arrays():
            _check_mask(name, mask, self.size)
        if self.ids is not None and self.ids.max(initial=0) > len(scheme.classes):
            raise InputError(
                f"The labels hold class id {self.ids.max()}, and there are {len(scheme.classes)} "
                f"classes; add a class for it, or erase it."
            )
        self._check_positions(scheme)
        for y0, x0, y1, x1 in self.boxes:
            if not (0 <= y0 < y1 <= self.size[0] and 0 <= x0 < x1 <= self.size[1]):
                raise InputError(
                    f"The label box {(y0, x0, y1, x1)} is empty or not inside of the frame of "
                    f"{self.size[0]} x {self.size[1]} pixels."
                )

    def _arrays(self) -> Iterable[tuple[str, npt.NDArray[Any]]]:
        return [*self.masks.items(), *(() if self.ids is None else (("class ids", self.ids),))]

    def _check_positions(self, scheme: LabelScheme) -> None:
        positions = self.positions
        if positions.ndim != 2 or positions.shape[1] != 2 or not np.isfinite(positions).all():
            raise InputError("Positions are rows and columns (N, 2), all of them finite numbers.")
        if len(positions) and scheme.position is None:
            raise InputError("Positions were given, and the project has no position class.")
        if self.states and len(self.states) != len(positions):
            raise InputError(
                f"{len(self.states)} states were given for {len(positions)} positions; give one "
                f"for each, or none."
            )
        unknown = sorted({*self.states} - {*scheme.states, ""})
        if unknown:
            raise InputError(
                f"The state {unknown[0]!r} of a position is none of {', '.join(scheme.states)}."
            )


def _check_mask(name: str, mask: npt.NDArray[Any], size: tuple[int, int]) -> None:
    if mask.shape != tuple(size):
        raise InputError(
            f"The labels of {name} are {' x '.join(map(str, mask.shape))} pixels, and the frame is "
            f"{size[0]} x {size[1]}."
        )
    if mask.dtype.kind not in "bui" or (mask.dtype.kind == "i" and mask.min(initial=0) < 0):
        raise InputError(f"The labels of {name} are {mask.dtype}: give whole numbers from 0 on.")

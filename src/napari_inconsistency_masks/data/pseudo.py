"""Pseudo-labels on disk, and the samples that training makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..config import PseudoLabelConfig
from ..files.images import read_image
from ..files.tiff import write_tiff
from ..task import LabelScheme
from .cache import SampleCache
from .sample import Sample, Source


@dataclass(frozen=True)
class PseudoLabel:
    """What an ensemble says about an unlabeled image.

    Attributes
    ----------
    target
        uint8 as in `LabelScheme`.
    mask
        bool ``(M, Y, X)``, the inconsistency mask: per output if outputs are independent (M = K),
        else one for all (M = 1).
    keep
        False for an image that is not to be trained on.
    """

    target: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.bool_]
    keep: bool = True

    @property
    def anywhere(self) -> npt.NDArray[np.bool_]:
        """The mask of all outputs together, ``(Y, X)``."""
        mask: npt.NDArray[np.bool_] = np.logical_or.reduce(self.mask)
        return mask

    def teach(self, image: Sample, config: PseudoLabelConfig) -> Sample:
        """Make the sample to train on from the unlabeled image.

        Where the image has labels of its own, or no value, the pseudo-label does not count.
        """
        known = {"nothing": None, "pixels": ~self.anywhere, "classes": ~self.mask}[config.ignore]
        if image.known is not None:
            known = image.known if known is None else known & image.known
        return replace(
            image,
            target=self.target,
            known=known,
            blank=self.anywhere if config.blank_image else None,
        )


class PseudoLabeled:
    """Unlabeled samples with pseudo-labels that are read from disk when asked for.

    Parameters
    ----------
    unlabeled
        The images.
    files
        Index of an unlabeled image, and the file with its pseudo-label.
    scheme, config
        How the files are read and taught.
    """

    def __init__(
        self,
        unlabeled: Source,
        files: Sequence[tuple[int, Path]],
        scheme: LabelScheme,
        config: PseudoLabelConfig,
    ) -> None:
        self._unlabeled, self._files = unlabeled, list(files)
        self._scheme, self._config = scheme, config
        self._cache = SampleCache()

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        return self._cache.get(index, partial(self._read, *self._files[index]))

    def _read(self, source: int, path: Path) -> Sample:
        label = read_pseudo_label(path, self._scheme)
        return label.teach(self._unlabeled[source], self._config)


def write_pseudo_label(path: Path, label: PseudoLabel, scheme: LabelScheme) -> None:
    """Write a TIFF with the target's planes (0 and 255, or class ids), then the mask's."""
    target = label.target if label.target.ndim == 3 else label.target[None]  # (K or 1, Y, X)
    if not scheme.exclusive:
        target = target * np.uint8(255)
    planes = np.concatenate([target, label.mask * np.uint8(255)])  # (K + M, Y, X)
    write_tiff(path, planes, "CYX")


def read_pseudo_label(path: Path, scheme: LabelScheme) -> PseudoLabel:
    """Read what `write_pseudo_label` wrote."""
    planes = read_image(path).array
    if scheme.exclusive:
        return PseudoLabel(planes[0], planes[1:] != 0)
    outputs = scheme.outputs
    return PseudoLabel((planes[:outputs] != 0).astype(np.uint8), planes[outputs:] != 0)

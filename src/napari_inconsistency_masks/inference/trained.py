"""An ensemble that is ready to use, and loading it from a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import checked
from ..checkpoint import STRETCHED, ModelCard, load_network
from ..devices import choose_device, choose_precision
from ..errors import InputError
from ..nets.ensemble import Ensemble
from .found_rule import found_rule
from .listing import network_files

NOW_STRETCHED = (
    "these pixels are stretched to 8 bits, and the networks learned from 8-bit images as they are; "
    "counts may differ from those of this image in 8 bits."
)
NOW_AS_THEY_ARE = (
    "8-bit pixels are taken as they are, and the networks learned from images that were stretched; "
    "counts may differ from those of the image this was made from."
)


@dataclass(frozen=True)
class TrainedEnsemble:
    """Networks with what must be known to use them.

    Attributes
    ----------
    networks
        In evaluation mode, on their device.
    card
        What outputs and gray values mean; all members share it.
    files
        The networks on disk, in the order of `networks`.
    """

    networks: Ensemble
    card: ModelCard
    files: tuple[Path, ...]

    @property
    def channels(self) -> int:
        """C of the images it takes."""
        return self.card.architecture.channels

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.card.scheme.classes

    def remark_on(self, dtype: np.dtype[Any]) -> tuple[str, ...]:
        """A sentence if images of a type look otherwise than those that were learned from."""
        learned, now = self.card.provenance.get(STRETCHED), self.card.intensity.stretches(dtype)
        if learned is None or learned == now:
            return ()
        return (NOW_STRETCHED if now else NOW_AS_THEY_ARE,)


@checked
def load(path: str | Path, *, device: str = "auto", precision: str = "auto") -> TrainedEnsemble:
    """Load the ensemble of a finished (or at least once completed) generation.

    Parameters
    ----------
    path
        A run folder, a folder of network files, or one network file.
    device
        As in `TrainConfig`.
    precision
        ``auto``, ``float32`` or ``bfloat16``.

    Raises
    ------
    InputError
        If there is no network, a file is damaged, or the networks do not belong together.
    """
    path = Path(path)
    files = network_files(path)
    loaded = [load_network(file) for file in files]
    cards = [card for _, card in loaded]
    for card in cards[1:]:
        if (card.scheme, card.intensity) != (cards[0].scheme, cards[0].intensity):
            raise InputError(
                f"{path}: its networks were trained for different classes or gray values; keep "
                f"only those of one run in the folder."
            )
    place = choose_device(device)
    ensemble = Ensemble([network for network, _ in loaded])
    ensemble.place(place, choose_precision(place, precision)).eval()
    scheme = cards[0].scheme.counting_by(found_rule(path, len(cards[0].scheme.classes)))
    return TrainedEnsemble(ensemble, replace(cards[0], scheme=scheme), tuple(files))

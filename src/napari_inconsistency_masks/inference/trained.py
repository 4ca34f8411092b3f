"""An ensemble that is ready to use, and loading it from a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..checkpoint import ModelCard, load_network
from ..devices import choose_device, choose_precision
from ..errors import InputError
from ..files.json_files import read_json
from ..nets.ensemble import Ensemble


@dataclass(frozen=True)
class TrainedEnsemble:
    """Networks with what must be known to use them.

    Attributes
    ----------
    networks
        In evaluation mode, on their device.
    card
        What outputs and gray values mean; all members share it.
    """

    networks: Ensemble
    card: ModelCard

    @property
    def channels(self) -> int:
        """C of the images it takes."""
        return self.card.architecture.channels

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.card.scheme.classes


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
    loaded = [load_network(file) for file in network_files(path)]
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
    return TrainedEnsemble(ensemble, cards[0])


def network_files(path: Path) -> list[Path]:
    """The files of a run's networks, in the order of the members."""
    if path.is_file():
        return [path]
    listing = path / "ensemble.json"
    if listing.is_file():
        names = read_json(listing)["networks"]
        return [path / _inside(str(name), listing) for name in names]
    files = sorted(path.glob("*.safetensors"))
    if not files:
        raise InputError(
            f"{path}: no trained networks here; give the folder of a run of which at least one "
            f"generation is complete."
        )
    return files


def _inside(name: str, listing: Path) -> Path:
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise InputError(f"{listing}: {name!r} is outside of the run folder.")
    return relative

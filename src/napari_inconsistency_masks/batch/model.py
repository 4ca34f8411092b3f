"""Which networks a batch uses, and how fast they are here."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..inference.checked_counts import read_count_ratios
from ..metrics.expected_counts import CountRatio
from ..task import LabelScheme

if TYPE_CHECKING:
    from ..inference.trained import TrainedEnsemble

_PROBE = 512


@dataclass(frozen=True)
class Model:
    """The networks of a batch, as its plan and its records name them.

    Attributes
    ----------
    path
        Of the run folder.
    sha256
        Of the bytes of all network files, in their order.
    members, channels
        Number of networks, and of channels they see.
    scheme
        What their outputs mean.
    precision
        Data type of the convolutions, on which the last bits of a result depend.
    provenance
        As in `ModelCard`: recipe, seed, version of the training.
    ratios
        By class, how many cells there are for each one that they count, where this is known.
    """

    path: str
    sha256: str
    members: int
    channels: int
    scheme: LabelScheme
    precision: str
    provenance: dict[str, Any]
    ratios: Mapping[str, CountRatio] = field(default_factory=dict)

    @property
    def seed(self) -> int | None:
        """Seed of the training, if the networks tell it."""
        seed = dict(self.provenance.get("config", {})).get("seed")
        return None if seed is None else int(seed)

    @property
    def short(self) -> str:
        """What tables call it: the name of the run and the beginning of the checksum."""
        return f"{Path(self.path).name} {self.sha256[:8]}"

    def to_json(self) -> dict[str, Any]:
        """JSON values; `from_json` is the inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Model:
        """Make it from JSON values."""
        told = values.get("ratios", {}).items()
        made = {
            "scheme": LabelScheme.of_networks(values["scheme"]),
            "ratios": {name: CountRatio(**ratio) for name, ratio in told},
        }
        return cls(**{**values, **made})


def describe_model(path: Path, ensemble: TrainedEnsemble) -> Model:
    """The description of a loaded ensemble.

    Raises
    ------
    InputError
        If what is known of its counts is damaged.
    """
    return Model(
        path=str(path.resolve()),
        sha256=checksum(ensemble.files),
        members=len(ensemble.networks),
        channels=ensemble.channels,
        scheme=ensemble.card.scheme,
        precision=str(ensemble.networks.precision).removeprefix("torch."),
        provenance=dict(ensemble.card.provenance),
        ratios=read_count_ratios(path),
    )


def checksum(files: Sequence[Path]) -> str:
    """Of the bytes of network files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def seconds_per_pixel(ensemble: TrainedEnsemble) -> float:
    """Measure how long a pixel takes; the first prediction, which sets things up, is not timed."""
    from ..inference.predict import predict_logits

    image = np.zeros((1, ensemble.channels, _PROBE, _PROBE), np.uint8)
    predict_logits(ensemble.networks, image[..., :64, :64])
    predict_logits(ensemble.networks, image)
    began = time.perf_counter()
    predict_logits(ensemble.networks, image)
    return (time.perf_counter() - began) / _PROBE**2

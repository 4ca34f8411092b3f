"""Weights on disk: safetensors with a card that says what they are. Loading never runs code."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from .errors import InputError
from .files.atomic import write_atomically
from .intensity import Intensity
from .nets.backbones import NETWORKS
from .nets.ensemble import Architecture
from .nets.network import Network
from .task import LabelScheme, Task

VERSION = 1
MOST_OUTPUTS = 1024
NARROWEST, WIDEST = 1 / 16, 9.0
"""Widths that can be loaded: of 8 at most in the settings, and 1 more in later generations."""

STRETCHED = "stretched"
"""In a card's provenance: whether the labeled images were stretched, None if only some were."""


@dataclass(frozen=True)
class ModelCard:
    """What must be known to use a network.

    Attributes
    ----------
    scheme
        What its outputs mean.
    architecture
        What it is built from.
    intensity
        How gray values were scaled for it.
    provenance
        Where it comes from: recipe, data, seed, scores, version. JSON values.
    """

    scheme: LabelScheme
    architecture: Architecture
    intensity: Intensity
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The card as JSON values; `from_json` is the inverse."""
        values = {**asdict(self), "intensity": self.intensity.to_json()}
        del values["scheme"]["rule"]  # it is in the record of the generation
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any], source: str) -> ModelCard:
        """Check and make a card; `InputError` says what in ``source`` is wrong."""
        try:
            scheme, architecture = values["scheme"], values["architecture"]
            card = cls(
                LabelScheme(
                    Task(scheme["task"]), tuple(map(str, scheme["classes"])), scheme["position"]
                ),
                Architecture(
                    int(architecture["channels"]),
                    int(architecture["outputs"]),
                    float(architecture["width"]),
                    str(architecture.get("network", "unet")),
                ),
                Intensity.from_json(values["intensity"]),
                dict(values["provenance"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{source}: the card of these weights is damaged ({error!r})."
            ) from None
        built = card.architecture
        if built.network not in NETWORKS:
            raise InputError(
                f"{source}: a network of the kind {built.network!r}; this program knows "
                f"{', '.join(NETWORKS)}."
            )
        if not (1 <= built.channels <= MOST_OUTPUTS and NARROWEST <= built.width <= WIDEST):
            raise InputError(f"{source}: a network of {built} is none that this program makes.")
        if built.outputs != card.scheme.outputs:
            raise InputError(
                f"{source}: {built.outputs} outputs do not fit {len(card.scheme.classes)} classes "
                f"of a {card.scheme.task.value} task."
            )
        return card


def save_network(path: Path, network: Network, card: ModelCard) -> None:
    """Write a network's weights and card; the file appears complete or not at all."""
    save_tensors(path, network.state_dict(), "network", card.to_json())


def load_network(path: Path) -> tuple[Network, ModelCard]:
    """Read a network that `save_network` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, of a newer version or something else; if its weights do
        not fit its card, or are not finite.
    """
    tensors, values = load_tensors(path, "network")
    card = ModelCard.from_json(values, path.name)
    with torch.random.fork_rng(devices=[]):
        network = card.architecture.build()
    put_weights(network, tensors, path)
    return network, card


def put_weights(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put weights read from a file into the network that the file's card describes.

    Raises
    ------
    InputError
        If they do not fit it, or are not finite.
    """
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if expected != {name: tensor.shape for name, tensor in tensors.items()}:
        raise InputError(f"{path.name}: the weights do not belong to a network of its card.")
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise InputError(f"{path.name}: some weights are not finite; the network cannot be used.")
    network.load_state_dict(tensors)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], kind: str, about: Any) -> None:
    """Write tensors with JSON about them and a checksum of both, atomically."""
    contiguous = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    text = json.dumps(about, allow_nan=False)
    metadata = {
        "format": f"napari-inconsistency-masks/{kind}",
        "version": str(VERSION),
        "about": text,
        "sha256": _digest(contiguous, text),
    }
    write_atomically(
        path,
        lambda temporary: _save_file(contiguous, temporary, metadata),
        lambda temporary: load_tensors(temporary, kind),
    )


def _save_file(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write the file; what the system refuses is told as for any other file.

    The library raises an error of its own, which names the system's number in its text.
    """
    try:
        save_file(tensors, path, metadata)
    except SafetensorError as error:
        number = re.search(r"(?:os error |code: )(\d+)", str(error))  # a code before 0.6
        if number is None:
            raise OSError(errno.EIO, str(error)) from error
        code = int(number[1])
        if os.name == "nt":
            raise OSError(0, str(error), str(path), code) from error
        raise OSError(code, os.strerror(code), str(path)) from error


def load_tensors(path: Path, kind: str) -> tuple[dict[str, Tensor], Any]:
    """Read what `save_tensors` wrote: tensors and JSON.

    Raises
    ------
    InputError
        If the file is missing, damaged, of a newer version or of another kind.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            _check_format(path, kind, metadata)
            # Copies: tensors that are views of the file keep Windows from replacing it.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        if path.exists():  # the library says so of a file that it may not read, too
            raise InputError(f"{path}: get the permission to read this file.") from None
        raise InputError(f"{path}: there is no such file.") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path.name}: these weights cannot be read ({error}).") from None
    if metadata.get("sha256") != _digest(tensors, metadata["about"]):
        raise InputError(f"{path.name}: the file is damaged (its checksum differs).")
    return tensors, json.loads(metadata["about"])


def _check_format(path: Path, kind: str, metadata: Mapping[str, str]) -> None:
    expected = f"napari-inconsistency-masks/{kind}"
    if metadata.get("format") != expected or "about" not in metadata:
        raise InputError(
            f"{path.name}: not a {kind} file of this program (its format is "
            f"{metadata.get('format', 'not named')!r})."
        )
    version = metadata.get("version", "")
    if not version.isdecimal() or int(version) > VERSION:
        raise InputError(
            f"{path.name}: written by a newer version (format {version!r}, this program knows "
            f"{VERSION}); update the program."
        )


def _digest(tensors: Mapping[str, Tensor], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        if math.prod(tensor.shape):
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()

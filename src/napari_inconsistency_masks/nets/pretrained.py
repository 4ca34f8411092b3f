"""Published weights for encoders, from a safetensors file that the user names."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import InputError
from .network import Backbone, Network

_SHOWN = 3


def load_encoder(network: Network, path: str | Path) -> None:
    """Let the encoder of a network begin with the weights of a file.

    Nothing is downloaded, and no pickle is read.

    Raises
    ------
    InputError
        If the network has no encoder of its own, or the file cannot be read or holds other weights
        than the encoder has; the message names the file.
    """
    path = Path(path)
    if not isinstance(network, Backbone):
        raise InputError(
            f"{path.name}: the U-Net begins with random weights; choose another network, or leave "
            f"the weights out."
        )
    found = _read(path)
    expected = network.encoder.state_dict()
    _check(path, found, expected, network.unused)
    counts = {name: value for name, value in expected.items() if name.endswith(_COUNT)}
    weights = {name: found[name].float() for name in expected if not name.endswith(_COUNT)}
    network.encoder.load_state_dict({**counts, **weights})


_COUNT = "num_batches_tracked"


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file of weights.") from None
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path.name}: these weights cannot be read ({error}); give a safetensors file, as "
            f"files of other kinds may run code."
        ) from None


def _check(
    path: Path, found: dict[str, Tensor], expected: dict[str, Tensor], unused: tuple[str, ...]
) -> None:
    needed = {name for name in expected if not name.endswith(_COUNT)}
    missing = sorted(needed - set(found))
    strange = sorted(
        name
        for name in set(found) - needed
        if not name.startswith(unused) and not name.endswith(_COUNT)
    )
    for words, names in (("lacks", missing), ("holds unknown", strange)):
        if names:
            raise InputError(
                f"{path.name}: not the weights of this encoder; it {words} {len(names)} weights "
                f"({', '.join(names[:_SHOWN])}{' ...' if len(names) > _SHOWN else ''})."
            )
    for name in sorted(needed):
        weights = found[name]
        if weights.shape != expected[name].shape:
            raise InputError(
                f"{path.name}: not the weights of this encoder; {name} is "
                f"{tuple(weights.shape)} instead of {tuple(expected[name].shape)}."
            )
        if not (weights.is_floating_point() and bool(torch.isfinite(weights).all())):
            raise InputError(f"{path.name}: {name} holds values that are no finite fractions.")

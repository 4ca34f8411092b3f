"""The networks that can be chosen; a new one is a line."""

from __future__ import annotations

from collections.abc import Callable

from .dpt import DinoDPT
from .network import Network
from .resnet import ResNetDeepLab
from .unet import UNet

NETWORKS: dict[str, Callable[[int, int, float], Network]] = {
    "unet": UNet,
    "resnet50": ResNetDeepLab,
    "dinov2": DinoDPT,
}
"""Makes each kind, with new random weights, from C, K and the width; the names are `config`'s."""

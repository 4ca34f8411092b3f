"""Whether the memory is enough for a training, before it starts."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
import torch

from ..methods.base import Method
from ..nets.ensemble import Ensemble

FLOAT = 4
STATES = 4
"""Numbers per trained parameter: itself, its gradient, and two moments of the optimizer."""

GIB = 2**30


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that a training needs where it computes.

    Attributes
    ----------
    held
        All the time: the networks, what the method keeps beside them, and the optimizers.
    step
        While members learn from their images: of all if they learn together, else of one.
    """

    held: float
    step: float

    @property
    def total(self) -> float:
        """Both."""
        return self.held + self.step


def prepare_memory(method: Method, ensemble: Ensemble, pixels: int) -> str | None:
    """Let an ensemble know what learns beside its members; say if the memory will not be enough.

    Parameters are those of `memory_need`.
    """
    loads = [method.adds(network) for network in ensemble.members]
    ensemble.beside_per_pixel = max(load.per_pixel for load in loads)
    ensemble.beside_per_step = max(load.per_step for load in loads)
    return scarce_memory(memory_need(method, ensemble, pixels), free_memory(ensemble.device))


def memory_need(method: Method, ensemble: Ensemble, pixels: int) -> MemoryNeed:
    """Estimate what a training needs.

    Parameters
    ----------
    method
        Says what it adds.
    ensemble
        The members, where they compute.
    pixels
        B times Y times X of a step, per member, with all views.
    """
    held = 0.0
    for network in ensemble.members:
        load = method.adds(network)
        trained = load.trained + sum(p.numel() for p in network.parameters())
        kept = load.kept + sum(buffer.numel() for buffer in network.buffers())
        held += FLOAT * (STATES * trained + kept)
    at_once = len(ensemble) if ensemble.together else 1
    return MemoryNeed(held, at_once * ensemble.training_bytes(pixels))


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free where a training computes, or None if the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available) if device.type == "cpu" else None


def scarce_memory(need: MemoryNeed, free: int | None) -> str | None:
    """Say that the memory will not be enough, or None."""
    if free is None or need.total <= free:
        return None
    return (
        f"About {need.total / GIB:.1f} GiB of memory are needed ({need.held / GIB:.1f} for the "
        f"networks and what is kept beside them, {need.step / GIB:.1f} for a step) and "
        f"{free / GIB:.1f} GiB are free: if the training ends for lack of memory, choose a smaller "
        f"batch or smaller pieces of images (batch, patch), or fewer networks."
    )

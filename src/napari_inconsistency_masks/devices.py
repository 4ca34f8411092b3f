"""Where to compute and in which precision. torch is imported only when asked."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    import torch

ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "68719476736",
    "MALLOC_TOP_PAD_": "268435456",
}
"""Environment that lets glibc keep freed memory: training on a CPU is about 1.5 times faster.

Read by glibc when a process starts, so it must be set before."""


@dataclass(frozen=True)
class DeviceInfo:
    """A place to compute.

    Attributes
    ----------
    key
        What `choose_device` and the configs call it: ``cpu``, ``mps``, ``cuda:0`` ...
    name
        What a person calls it.
    free, total
        Memory in bytes, or None where the driver does not say.
    """

    key: str
    name: str
    free: int | None = None
    total: int | None = None


def list_devices() -> tuple[list[DeviceInfo], list[str]]:
    """Devices that work, best first, and a sentence for each that is there but cannot be used."""
    import torch

    devices: list[DeviceInfo] = []
    problems: list[str] = []
    for index in range(_cuda_count(problems)):
        try:
            free, total = torch.cuda.mem_get_info(index)
            devices.append(
                DeviceInfo(f"cuda:{index}", torch.cuda.get_device_name(index), free, total)
            )
        except RuntimeError as error:
            problems.append(f"GPU {index} does not answer: {_first_line(error)}.")
    if torch.backends.mps.is_available():
        devices.append(DeviceInfo("mps", "Apple GPU"))
    devices.append(DeviceInfo("cpu", _processor_name()))
    return devices, problems


def choose_device(wanted: str = "auto", turn: int | None = None) -> torch.device:
    """Turn a config's word into a device.

    Parameters
    ----------
    wanted
        ``auto`` (the GPU with most free memory, else Apple's, else the CPU), ``cpu``, ``mps``,
        ``cuda`` or ``cuda:N``.
    turn
        0, 1, 2 ... for processes that share this computer: each takes the next GPU, whatever
        memory is free.

    Raises
    ------
    InputError
        If the device is not one of those that work here.
    """
    import torch

    devices, problems = list_devices()
    gpus = [device for device in devices if device.key.startswith("cuda")]
    if wanted in ("auto", "cuda") and gpus and turn is not None:
        return torch.device(gpus[turn % len(gpus)].key)
    if wanted in ("auto", "cuda") and gpus:
        return torch.device(max(gpus, key=lambda gpu: gpu.free or 0).key)
    if wanted == "auto":
        return torch.device(devices[0].key)
    if wanted not in [device.key for device in devices]:
        have = ", ".join(f"{device.key} ({device.name})" for device in devices)
        raise InputError(
            " ".join([f"Device {wanted!r} cannot be used here; there is {have}.", *problems])
        )
    return torch.device(wanted)


def choose_precision(device: torch.device, wanted: str = "auto") -> torch.dtype:
    """Data type of convolutions: of ``auto``, bfloat16 where the hardware computes in it.

    Raises
    ------
    InputError
        If it is neither ``auto`` nor ``float32`` nor ``bfloat16``.
    """
    import torch

    if wanted not in ("auto", "float32", "bfloat16"):
        raise InputError(f"Precision {wanted!r}: give 'auto', 'float32' or 'bfloat16'.")
    if wanted == "auto":
        return torch.bfloat16 if _has_bfloat16(device) else torch.float32
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def use_threads(count: int | None = None) -> int:
    """Set how many processor cores torch uses.

    None is what ``OMP_NUM_THREADS`` says, which torch follows by itself; without it, one of three
    or more cores is left for the rest. More threads than there are free cores wait for each other:
    two on one core need several times the processor time of one.
    """
    import torch

    cores = usable_cores()
    if count is None and os.environ.get("OMP_NUM_THREADS"):
        return torch.get_num_threads()
    torch.set_num_threads(count or max(min(cores, 2), cores - 1))
    return torch.get_num_threads()


def layout(device: torch.device) -> torch.memory_format:
    """How images lie in memory for fast convolutions.

    On Apple's GPUs channels come first: with channels last, PyTorch 2.13 and before compute wrong
    gradients of batch normalization, or none (pytorch issue 175189).
    """
    import torch

    return torch.contiguous_format if device.type == "mps" else torch.channels_last


@contextmanager
def naming_lack_of_memory() -> Iterator[None]:
    """Let a lack of graphics memory be a `torch.OutOfMemoryError` on every kind of GPU.

    Apple's is a plain `RuntimeError`, which only its words tell from others.
    """
    import torch

    try:
        yield
    except RuntimeError as error:
        if "MPS backend out of memory" not in str(error):
            raise
        raise torch.OutOfMemoryError(str(error)) from error


def release_memory(device: torch.device) -> None:
    """Give graphics memory that is kept for later, but not in use, back to the system."""
    import torch

    if device.type == "mps":
        torch.mps.empty_cache()
    else:
        torch.cuda.empty_cache()


def begin_peak_memory(device: torch.device) -> None:
    """Let `peak_memory` tell of what follows, where that is possible."""
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> int | None:
    """Most bytes that were in use, or None if the system does not tell.

    On an NVIDIA GPU: of its memory, since `begin_peak_memory`. Else: of the main memory, since the
    process began.
    """
    import psutil
    import torch

    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def usable_cores() -> int:
    """Number of processor cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def gpu_of_turn(turn: int) -> str | None:
    """Name one of several GPUs for ``CUDA_VISIBLE_DEVICES`` of a child; None if there is no choice.

    ``turn`` is 0, 1, 2 ... for processes that share this computer.
    """
    import torch

    count = torch.cuda.device_count()
    if count < 2:
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip() for name in visible.split(",") if name.strip()]
    return (names or [str(number) for number in range(count)])[turn % count]


def _cuda_count(problems: list[str]) -> int:
    import torch

    try:
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    except RuntimeError as error:
        problems.append(f"The GPU driver does not answer: {_first_line(error)}.")
        return 0


def _has_bfloat16(device: torch.device) -> bool:
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        # torch 2.10 has no such function
        capabilities = getattr(torch.cpu, "get_capabilities", dict[str, object])()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def _processor_name() -> str:
    return f"CPU, {usable_cores()} cores ({platform.machine()})"


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")

"""``napari-im doctor``: what this computer offers, and whether it computes right."""

from __future__ import annotations

import json as json_format
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import out

if TYPE_CHECKING:
    from torch import Tensor

PACKAGES = (
    "napari-inconsistency-masks", "torch", "numpy", "scikit-image", "tifffile", "imagecodecs",
    "napari", "magicgui", "superqt", "pyqtgraph", "PyQt6", "PySide6",
)  # fmt: skip

LARGEST_DIFFERENCE = 0.05
"""Between probabilities of a device and of the CPU in float32; bfloat16 stays well below."""

LARGEST_GRADIENT_DIFFERENCE = 0.2
"""As a part of the CPU's gradients, both in float32; where a device is wrong, it is so by far."""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    test: Annotated[
        bool, typer.Option(help="Compute on every device and compare with the CPU.")
    ] = True,
) -> None:
    """Say what this computer offers: versions, devices, and whether they compute right."""
    report = examine(test=test)
    if json:
        typer.echo(json_format.dumps(report))
        return
    out.print(f"Python {report['python']} on {report['platform']}")
    for name, number in report["versions"].items():
        out.print(f"  {name:<28} {number or 'not installed'}")
    for device in report["devices"]:
        free = "" if device["free"] is None else f", {device['free'] / 2**30:.1f} GiB free"
        out.print(f"Device {device['key']}: {device['name']}{free}; {device['says']}")
    for problem in report["problems"]:
        out.print(f"Note: {problem}")


def examine(*, test: bool = True) -> dict[str, Any]:
    """Return what `doctor` prints, as JSON values."""
    import torch

    from ..devices import choose_precision, list_devices

    devices, problems = list_devices()
    if torch.version.cuda is None and sys.platform != "darwin":
        problems.append(
            "This torch is built for the CPU; with an NVIDIA GPU, install the build that "
            "pytorch.org names for your driver."
        )
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in PACKAGES},
        "devices": [
            {
                **asdict(device),
                "precision": str(choose_precision(torch.device(device.key))).split(".")[1],
                "says": _compare(device.key) if test else "not tested",
            }
            for device in devices
        ],
        "problems": problems,
    }


def _compare(key: str) -> str:
    """Whether a device gives what the CPU gives in float32, in words."""
    import torch

    from ..devices import choose_precision
    from ..nets.ensemble import Architecture, Ensemble

    image = torch.arange(64 * 64).reshape(1, 1, 1, 64, 64).float() % 256
    ensemble = Ensemble.create(Architecture(1, 3, 0.5), 1, seed=0).eval()
    try:
        with torch.inference_mode():
            expected = ensemble(image).sigmoid()
            device = torch.device(key)
            ensemble.place(device, choose_precision(device))
            difference = float((ensemble(image.to(device)).sigmoid().cpu() - expected).abs().max())
        gradients = _gradients("cpu", image[0])
        part = float((_gradients(key, image[0]) - gradients).norm() / gradients.norm())
    except RuntimeError as error:
        return f"does not work: {str(error).splitlines()[0]}"
    if not difference <= LARGEST_DIFFERENCE:
        return f"computes wrong (probabilities differ by {difference:.3f}); use another device"
    if not part <= LARGEST_GRADIENT_DIFFERENCE:
        return f"computes wrong (gradients differ by {part:.0%}); use another device"
    return f"computes right (to {difference:.4f})"


def _gradients(key: str, image: Tensor) -> Tensor:
    """Of all weights of a few layers, on a device, in one row.

    Those of a whole network that has learned nothing depend on the last digits of everything.
    """
    import torch

    from ..devices import layout
    from ..nets.blocks import conv_block

    device = torch.device(key)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = conv_block(1, 8, 8).train()
    layers.to(device=device, memory_format=layout(device))  # type: ignore[call-overload]
    gray = (image / 256).to(device).contiguous(memory_format=layout(device))
    (layers(gray) ** 3).mean().backward()
    each = [p.grad.flatten().cpu() for p in layers.parameters() if p.grad is not None]
    return torch.cat(each)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

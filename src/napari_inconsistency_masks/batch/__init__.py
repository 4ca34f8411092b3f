"""Batch: thousands of images and stacks in, counts and masks out.

`list_images` finds images, `make_plan` decides what will be done, `run_batch` does it, and
`read_results` finds what it left. The names are loaded when they are first used: plans and results
can be read without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .listing import list_images
    from .model import describe_model, seconds_per_pixel
    from .plan import Plan, make_plan
    from .results import BatchResults, read_results
    from .run import run_batch
    from .settings import DEFAULT_WRITES, WRITES, BatchOptions

_HOMES = {
    "BatchOptions": "settings",
    "BatchResults": "results",
    "DEFAULT_WRITES": "settings",
    "Plan": "plan",
    "WRITES": "settings",
    "describe_model": "model",
    "list_images": "listing",
    "make_plan": "plan",
    "read_results": "results",
    "run_batch": "run",
    "seconds_per_pixel": "model",
}

__all__ = [  # noqa: RUF022  as in _HOMES
    "BatchOptions",
    "BatchResults",
    "DEFAULT_WRITES",
    "Plan",
    "WRITES",
    "describe_model",
    "list_images",
    "make_plan",
    "read_results",
    "run_batch",
    "seconds_per_pixel",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)

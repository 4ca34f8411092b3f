"""Batch: thousands of images and stacks in, counts and masks out.

`list_images` finds images, `make_plan` decides what will be done, and `run_batch` does it.
"""

from .listing import list_images
from .model import describe_model, seconds_per_pixel
from .plan import Plan, make_plan
from .run import run_batch
from .settings import DEFAULT_WRITES, WRITES, BatchOptions

__all__ = [
    "DEFAULT_WRITES",
    "WRITES",
    "BatchOptions",
    "Plan",
    "describe_model",
    "list_images",
    "make_plan",
    "run_batch",
    "seconds_per_pixel",
]

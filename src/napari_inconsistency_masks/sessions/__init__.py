"""Run folders opened for training, here or on the workers of a cluster."""

from .on_worker import members_apart
from .opening import (
    Opened,
    Place,
    choose_place,
    open_generations,
    open_run_data,
    package_version,
)

__all__ = [
    "Opened",
    "Place",
    "choose_place",
    "members_apart",
    "open_generations",
    "open_run_data",
    "package_version",
]

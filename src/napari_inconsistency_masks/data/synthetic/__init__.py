"""Computed brightfield pictures of HeLa-like cells, with labels that are exactly right.

`cell` says what lies where, `anatomy` what is inside, `microscope` how it looks, `scene` puts a
dish together, `life` lets it live through a time-lapse.
"""

from __future__ import annotations

from .dataset import load_synthetic, write_synthetic
from .scene import SyntheticImage, make_image
from .timelapse import SyntheticStack, make_stack

__all__ = [
    "SyntheticImage",
    "SyntheticStack",
    "load_synthetic",
    "make_image",
    "make_stack",
    "write_synthetic",
]

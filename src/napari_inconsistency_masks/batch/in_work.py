"""What of a batch is being done at the moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .images import Image
from .plan import Unit


@dataclass
class OpenImage:
    """An image whose units are being done: those to give, and the keys of those given."""

    image: Image
    waiting: deque[Unit]
    given: set[str] = field(default_factory=set)
    failed: str = ""

    def give_up(self, reason: str) -> None:
        """No more of its units are given; the first reason counts."""
        self.failed = self.failed or reason
        self.waiting.clear()


@dataclass(frozen=True)
class GivenUnit:
    """A unit that is being done: its image, its files, and what the image was before."""

    of: OpenImage
    files: dict[str, Path]
    before: Mapping[str, Any]

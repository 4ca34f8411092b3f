"""Writes report.html."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...files.atomic import write_text
from ..plan import Plan


def write_report(path: Path, plan: Plan, states: Mapping[str, str]) -> None:
    """Write the page."""
    write_text(path, "")

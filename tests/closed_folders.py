"""Folders that nobody may open, for tests that run as somebody who may open all."""

from __future__ import annotations

from pathlib import Path

import pytest


def close(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Let nobody look into folders, nor at what is in them."""
    iterdir, stat = Path.iterdir, Path.stat

    def refuse(path: Path) -> None:
        if path in folders:
            raise PermissionError(13, "Permission denied", str(path))

    def looked_into(path: Path) -> object:
        refuse(path)
        return iterdir(path)

    def looked_at(path: Path, **options: bool) -> object:
        for parent in path.parents:
            refuse(parent)
        return stat(path, **options)

    monkeypatch.setattr(Path, "iterdir", looked_into)
    monkeypatch.setattr(Path, "stat", looked_at)

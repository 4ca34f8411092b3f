"""For ``dask worker --preload``: a worker that does not see one folder."""

from __future__ import annotations

import os
from pathlib import Path

_is_dir, _read_bytes, _hidden = Path.is_dir, Path.read_bytes, os.environ["NAPARI_IM_HIDDEN"]


def _sees_folder(path: Path) -> bool:
    return not str(path).startswith(_hidden) and _is_dir(path)


def _reads(path: Path) -> bytes:
    if str(path).startswith(_hidden):
        raise FileNotFoundError(str(path))
    return _read_bytes(path)


Path.is_dir, Path.read_bytes = _sees_folder, _reads  # type: ignore[method-assign,assignment]

"""What of the extra ``exchange`` must be installed."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import InputError

PACKAGES = ("onnx", "onnxscript", "bioimageio.spec")


def need_extra() -> None:
    """Raise `InputError` if the packages that write files for other programs are missing."""
    missing = [name for name in PACKAGES if not _there(name)]
    if missing:
        raise InputError(
            f"Files for other programs need more packages ({', '.join(missing)}): "
            'pip install "napari-inconsistency-masks[exchange]".'
        )


def _there(name: str) -> bool:
    parent = name.partition(".")[0]
    return find_spec(parent) is not None and find_spec(name) is not None

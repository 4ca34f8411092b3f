"""What a comparison is about, in its folder: two that differ in it must not share a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..data.prints import image_print
from ..data.sample import SegmentationData, Source
from ..data.sources import name_of
from ..errors import InputError
from ..files.atomic import write_json
from ..files.json_files import read_json
from ..plans import now

ABOUT = "study.json"


def agree(
    folder: Path, protocol: str, changes: Mapping[str, Any], data: Mapping[int, SegmentationData]
) -> None:
    """Write down what a comparison is about; or, if it was begun before, see that it is the same.

    Numbers of labeled images may be added, everything else stays.

    Parameters
    ----------
    folder
        Of the comparison.
    protocol, changes
        Its settings.
    data
        By the number of labeled images.

    Raises
    ------
    InputError
        If it was begun with other settings or images.
    """
    path = folder / ABOUT
    before = _read(path) if path.is_file() else {}
    settings = {"protocol": protocol, "changes": dict(changes)}
    if before and {key: before.get(key) for key in settings} != settings:
        raise InputError(
            f"{path}: this comparison was begun with protocol {before.get('protocol')!r} and "
            f"changes {before.get('changes')}; go on with these, or choose another folder."
        )
    known, found = before.get("data", {}), _describe(data)
    for name, value in found.items():
        if known.get(name, value) != value:
            raise InputError(
                f"{path}: this comparison was begun with other {name} than these of "
                f"{next(iter(data.values())).name}, so results could not be compared; give the "
                f"same data and splits, or choose another folder."
            )
    if not found.items() <= known.items():
        write_json(path, {"created": now(), **before, **settings, "data": {**known, **found}})


def _read(path: Path) -> dict[str, Any]:
    values: Any = read_json(path)
    if not isinstance(values, dict) or not isinstance(values.get("data", {}), dict):
        raise InputError(
            f"{path}: what this comparison is about is damaged; put back a copy of this file, or "
            f"remove it, and it will say what this call is about."
        )
    return values


def _describe(data: Mapping[int, SegmentationData]) -> dict[str, str]:
    first = next(iter(data.values()))
    scheme = first.scheme
    labeled = {f"{number} labeled images": _print(each.labeled) for number, each in data.items()}
    return {
        "classes": ", ".join([scheme.task.value, str(scheme.position), *scheme.classes]),
        "validation images": _print(first.validation),
        "test images": _print(first.test),
        **labeled,
    }


def _print(source: Source) -> str:
    """A text by which a list of images is known: of all names, and what the first one shows.

    The others are not read, as there may be thousands of large ones.
    """
    names = "\0".join(sorted(name_of(source, index) for index in range(len(source))))
    shown = image_print(source[0]) if len(source) else ""
    return hashlib.sha256(f"{names}\n{shown}".encode()).hexdigest()[:32]

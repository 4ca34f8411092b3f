"""Which published data set a folder or ZIP archive holds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files.folders import looking_into
from ...files.names import folder_name
from ..folders.inspection import has_images
from ..origin import PUBLISHED, find_home, open_data
from ..sample import SegmentationData
from .image_tree import ImageTree, open_tree
from .pairs import Layout


@cache
def layouts() -> dict[str, Layout]:
    """The layouts of all published data sets that can be read, by kind."""
    return {kind: find_home(kind)[0].LAYOUT for kind in PUBLISHED}


def titles() -> str:
    """Their names for a sentence: "HeLa, ISIC 2018, ..."."""
    return ", ".join(layout.title for layout in layouts().values())


def recognize(path: str | Path) -> str | None:
    """The kind of the published data set at a path, or None for a folder of another sort.

    A folder that has images of its own is one only if it has the folders of a data set at the top:
    a copy of one further down, or in an archive, does not make it that.

    Raises
    ------
    InputError
        If there is nothing, or a ZIP archive that is none of them.
    """
    path = Path(path)
    with looking_into(path):
        there = path.exists()
    if not there:
        raise InputError(f"{path}: there is no such folder or file.")
    if has_images(path):
        return next((kind for kind, layout in layouts().items() if _is_at_top(path, layout)), None)
    tree = open_tree(path)
    for kind, layout in layouts().items():
        if any(_is_there(tree, sign) for sign in layout.signs):
            return kind
    if path.is_dir():
        return None
    raise InputError(
        f"{path.name}: this ZIP archive is none of the published data sets ({titles()}); unpack "
        f"it, and give the folder."
    )


def _is_at_top(path: Path, layout: Layout) -> bool:
    with suppress(OSError):
        return any((path / sign).is_dir() for sign in layout.signs)
    return False


def _is_there(tree: ImageTree, sign: str) -> bool:
    try:
        return tree.find(sign) is not None
    except InputError:  # another ZIP archive in the folder, which is damaged
        return False


def recognized(kind: str) -> str:
    """The sentence that says how data of a published kind is read."""
    return f"Recognized as the {layouts()[kind].title} data set, and read as in the paper."


def load_published(kind: str, path: str | Path, options: Mapping[str, Any]) -> SegmentationData:
    """Read a published data set; `InputError` if it has no such options.

    Parameters
    ----------
    kind
        One of `PUBLISHED`.
    path
        Its folder or ZIP archive.
    options
        Arguments of its reader; text is converted to what the reader takes.
    """
    possible = [name for name in inspect.signature(find_home(kind)[1]).parameters if name != "path"]
    unfit = sorted(set(options) - set(possible))
    if unfit:
        raise InputError(
            f"{folder_name(path)}: this is read as the {layouts()[kind].title} data set, whose "
            f"classes and splits are fixed; leave {', '.join(unfit)} out (it takes "
            f"{', '.join(possible)}), or read it as a folder of your own (--layout folder)."
        )
    return open_data({"kind": kind, "path": str(path), **options})

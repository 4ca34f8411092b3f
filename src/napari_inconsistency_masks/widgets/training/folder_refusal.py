"""Why nothing can be learned from a folder, in the words of the window: plain logic, no Qt."""

from __future__ import annotations

from pathlib import Path

from ...data.folders.inspection import FolderLayout
from ...data.folders.layout import choose_layout
from ...errors import InputError

IN_WINDOW = {
    "or say where they are (--images)": "or choose another folder",
    "say which (--images)": "leave this name to one of them",
}
"""What the command line asks for, as a person at the window does it."""

INSTEAD = " To label images in the window, choose Project above."


def refuse_without_classes(path: Path, found: FolderLayout) -> None:
    """Refuse a folder of which nobody could tick a class, as there is none.

    Raises
    ------
    InputError
        If there is no folder of masks for the images, or there are no images; it says what to do.
    """
    if found.classes:
        return
    try:
        choose_layout(path, None, task=None, position=None, images=None, masks=None)
    except InputError as error:
        sentence = str(error)
        for asked, done in IN_WINDOW.items():
            sentence = sentence.replace(asked, done)
        raise InputError(sentence + INSTEAD * bool(found.image_count)) from None

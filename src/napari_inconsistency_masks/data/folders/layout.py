"""Which folder holds the images, which the masks, and what they mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, close_to
from ...files.folders import looking_into
from ...files.names import composed, listed
from ...task import LabelScheme, Task
from .inspection import (
    IMAGE_FOLDERS,
    KNOWN_FOLDER,
    ClassFolder,
    FolderLayout,
    MaskKind,
    find_alike,
    find_misnamed,
    folders_with_images,
    inspect_folder,
    likely_classes,
)

MASK_FOLDERS = ("masks", "mask", "labels", "label", "classes", "annotations")
"""Names, in any case, of a folder that may hold one mask per image for all classes."""

_WHY_LEFT: Mapping[MaskKind, str] = {
    "binary": "masks",
    "objects": "numbers of objects",
    "classes": "class ids",
    "unreadable": "cannot be read as masks",
}
"""Why a folder is no class, if there are others that are."""


@dataclass(frozen=True)
class Layout:
    """The decision: folders relative to `root`, one mask folder per class, or one for all.

    ``known`` is the folder of masks of where the labels count, or None.
    """

    root: Path
    images: str
    masks: tuple[str, ...]
    scheme: LabelScheme
    notes: tuple[str, ...] = ()
    known: str | None = None


def choose_layout(
    root: Path,
    classes: Sequence[str] | None,
    *,
    task: Task | None,
    position: str | None,
    images: str | None,
    masks: str | None,
) -> Layout:
    """Decide what the folders of a data set mean; parameters as `load_folder`.

    Raises
    ------
    InputError
        If a folder is missing or cannot be opened, or several decisions are possible; the message
        says what to give.
    """
    with looking_into(root):
        if root.is_dir():
            next(root.iterdir(), None)
    found = inspect_folder(root, images)
    if found.images is None or not found.image_count:
        raise InputError(_no_images(found))
    known = _known_folder(found, {name.lower() for name in (*(classes or ()), masks) if name})
    notes = [f"Left out, as it cannot be opened: {listed(found.closed)}."] if found.closed else []
    if masks is None:
        folders, masks = _class_folders(found, classes, task, notes)
    if masks is not None:
        folders = (_existing(found, masks),)
        names = tuple(map(composed, classes or folders))
        task = task or (Task.MULTICLASS if len(names) > 1 else Task.BINARY)
        _check_single_folder(found, folders[0], names, task, given=classes is not None)
    else:
        names = tuple(map(composed, classes or folders))
        position = position and composed(position)
        several = len(folders) > 1 or position is not None
        task = task or (Task.MULTILABEL if several else Task.BINARY)
        if task is Task.MULTICLASS:
            raise InputError(
                f"{root.name}: multi-class labels are one folder of class ids; say which "
                f"(--masks), and name all classes in the order of their ids."
            )
    scheme = LabelScheme(task, names, position)
    return Layout(root, found.images, folders, scheme, tuple(notes), known)


def _class_folders(
    found: FolderLayout, classes: Sequence[str] | None, task: Task | None, notes: list[str]
) -> tuple[tuple[str, ...], str | None]:
    """One folder per class, or the name of the single folder for all classes."""
    if classes is not None:
        folders = {name: _named(found, name) for name in classes}
        missing = [name for name, folder in folders.items() if folder is None]
        if not missing:
            return tuple(folder for folder in folders.values() if folder is not None), None
        single = [item.name for item in found.classes if item.name.lower() in MASK_FOLDERS]
        if len(missing) == len(classes) and len(single) == 1:
            return (), single[0]
        _refuse_closed(found, missing)
        raise InputError(_no_masks(found, missing))
    if task is Task.MULTICLASS:
        raise InputError(
            f"{found.folder.name}: name all classes in the order of their ids to read multi-class "
            f"labels."
        )
    chosen = _folders_of_classes(found)
    left = [f"{i.name} ({_WHY_LEFT[i.kind]})" for i in found.classes if i not in chosen]
    notes.append(f"Classes are the folders {', '.join(item.name for item in chosen)}.")
    if left:
        notes.append(f"Not used: {', '.join(left)}; what is to be used is named by --classes.")
    return tuple(item.name for item in chosen), None


def _known_folder(found: FolderLayout, wanted: Collection[str]) -> str | None:
    """The folder that says where labels count; `wanted` are names of classes, in lower case."""
    if not found.known:
        return None
    if len(found.known) > 1:
        raise InputError(
            f"{found.folder.name}: {listed(found.known)} all say where labels count; keep one."
        )
    if KNOWN_FOLDER in wanted:
        raise InputError(
            f"{found.folder.name}: the folder {found.known[0]} says where labels count, so it "
            f"cannot be a class; rename it if it holds one."
        )
    return found.known[0]


def _folders_of_classes(found: FolderLayout) -> list[ClassFolder]:
    """Folders of binary masks; numbers of objects only where there is nothing but positions."""
    if not found.classes:
        _refuse_closed(found, found.closed)
        where = "here" if found.images == "." else f"in {found.images}"
        raise InputError(
            f"{found.folder.name}: no folder holds masks named like the images {where}; "
            f"{_what_to_do(found)}."
        )
    binary = [item for item in found.classes if item.kind == "binary"]
    ids = [item.name for item in found.classes if item.kind == "classes"]
    if not binary and ids:
        raise InputError(
            f"{found.folder.name}: {listed(ids)} holds class ids; name all classes in the order "
            f"of their ids."
        )
    return likely_classes(found.classes) or [*found.classes]


def _named(found: FolderLayout, name: str) -> str | None:
    """The folder of masks of that name, in any case if none has it exactly.

    Letters such as ``ä`` may be stored in one way or another.

    Raises
    ------
    InputError
        If several differ from it in case only.
    """
    wanted = composed(name).lower()
    alike = [item.name for item in found.classes if composed(item.name).lower() == wanted]
    if name in alike or len(alike) < 2:
        return name if name in alike else next(iter(alike), None)
    raise InputError(
        f"{found.folder.name}: {listed(alike)} could all be {name!r}; give the name as it is "
        f"written, or keep one."
    )


def _existing(found: FolderLayout, masks: str) -> str:
    folder = _named(found, masks)
    if folder is not None:
        return folder
    _refuse_closed(found, (masks,))
    raise InputError(
        f"{found.folder.name}: no folder {masks!r} holds masks named like the images; "
        f"{_available(found)}."
    )


def _refuse_closed(found: FolderLayout, wanted: Collection[str]) -> None:
    """Refuse a folder that cannot be opened, if it is one that is wanted, in any case."""
    names = {composed(name).lower() for name in wanted}
    closed = [name for name in found.closed if composed(name).lower() in names]
    if closed:
        raise InputError(
            f"{found.folder.name}: {listed(closed)} cannot be opened; get the permission to read "
            f"what is in it."
        )


def _check_single_folder(
    found: FolderLayout, folder: str, names: tuple[str, ...], task: Task, *, given: bool
) -> None:
    if task is Task.MULTILABEL:
        raise InputError(
            f"{found.folder.name}: one folder of masks ({folder}) cannot hold classes that "
            f"overlap; put each class into a folder of its own."
        )
    kind = next(item.kind for item in found.classes if item.name == folder)
    if not given and (task is Task.MULTICLASS or kind == "classes"):
        raise InputError(
            f"{found.folder.name}: {folder} holds class ids; name all classes in the order of "
            f"their ids ({', '.join(names)} is only a folder)."
        )


def _no_masks(found: FolderLayout, missing: Sequence[str]) -> str:
    where = found.folder.name
    for name in missing:
        misnamed = None if find_alike(found) else find_misnamed(found, name)
        if misnamed is not None:
            mask, image = misnamed
            return (
                f"{where}: no mask of {name!r} is named like an image: there are {mask} and such, "
                f"and images like {image}; give each mask the name of its image."
            )
    there = [item.name for item in found.classes]
    meant = [(name, close_to(name, there)) for name in missing]
    hints = [f"{close!r} instead of {name!r}" for name, close in meant if close]
    hint = f" (did you mean {', '.join(hints)}?)" if hints else ""
    named = f"named {listed(missing)}{hint}"
    return f"{where}: there is no folder with masks {named}; {_available(found)}."


def _available(found: FolderLayout) -> str:
    names = [item.name for item in found.classes]
    if names:
        return f"there are {', '.join(names)}"
    return f"no folder holds masks of the images; {_what_to_do(found)}"


def _no_images(found: FolderLayout) -> str:
    if found.folder.is_file():
        return f"{found.folder}: this is a file; give the folder of the images and masks."
    if not found.folder.is_dir():
        return f"{found.folder}: there is no such folder."
    if found.images is not None:
        _refuse_closed(found, (found.images,))
    if len(found.image_candidates) > 1:
        names = ", ".join(found.image_candidates)
        return f"{found.folder.name}: {names} may all hold the images; say which (--images)."
    where = found.images or f"a folder named {', '.join(IMAGE_FOLDERS)}"
    said = f"{found.folder.name}: there are no images in {where}"
    inside = found.folder / (found.images or ".")
    others = [name for name in found.strays if not name.startswith(".")]
    files = [name for name in others if not (inside / name).is_dir()]
    if files:
        there = f"that can be read (there are {listed(files)})"
        return f"{said} {there}; save them as TIFF, PNG, JPEG or BMP."
    if others:
        return f"{said}, and folders in it ({listed(others)}) are not looked into; move them up."
    below = [] if found.images else folders_with_images(found.folder)
    if not below:
        return f"{said}; put them there, or say where they are (--images)."
    return f"{said}, but there are in {listed(below)}; give that folder instead."


def _what_to_do(found: FolderLayout) -> str:
    alike = find_alike(found)
    if alike is None:
        return "put the masks of each class into a folder of its own"
    mask, image = alike
    return (
        f"{mask} is not called like {image}: an image and its masks must have the same name, but "
        f"for the extension"
    )

"""Image files in folders, on disk or inside a ZIP archive."""

from __future__ import annotations

import unicodedata
import weakref
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol

from ...errors import InputError
from ...files.archive import Archive
from ...files.folders import looking_into
from ...files.images import StackFile, open_bytes, open_stack
from ..folders.listing import IMAGE_NAME, list_images


class ImageTree(Protocol):
    """Folders of images. Folders are paths such as ``"val/alive"``."""

    def find(self, folder: str) -> str | None:
        """The folder of that path, or the first one whose path ends so; None if there is none.

        `InputError` if there is none, and a folder that may hold it cannot be opened.

        Without images in it, it is the folder of the same name that it holds: unpacking a ZIP
        archive often makes one more.
        """

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, sorted; empty if there is no such folder."""

    def files(self, folder: str) -> dict[str, str]:
        """Image files by name without extension, sorted; empty if there is no such folder."""

    def open(self, file: str, *, palette_indices: bool = False) -> StackFile:
        """Open a file that `files` listed; see `open_stack`."""


def open_tree(path: str | Path) -> ImageTree:
    """The images below a folder or in a ZIP archive.

    A ZIP archive in the folder (or in ``original_data`` in it) is like a folder of that name. It is
    opened when something is looked for that is not in the folders.

    Raises
    ------
    InputError
        If there is nothing, the path is neither, or it cannot be opened.
    """
    path = Path(path)
    with looking_into(path):
        is_folder = path.is_dir()
    if is_folder:
        return _Folder(path)
    if path.suffix.lower() == ".zip":
        return _Zip(path)
    if not path.exists():
        raise InputError(f"{path}: there is no such folder or file; give a folder or ZIP archive.")
    raise InputError(f"{path.name}: give a folder or a ZIP archive; this is neither.")


def _innermost(tree: ImageTree, folder: str) -> str:
    name = PurePosixPath(folder).name
    while name in tree.folders(folder) and not tree.files(folder):
        folder = f"{folder}/{name}"
    return folder


class _Folder:
    _DEPTH = 2

    def __init__(self, root: Path) -> None:
        self._root = root
        self._archives: dict[str, _Zip] = {}

    def find(self, folder: str) -> str | None:
        level = [self._root]
        closed: InputError | None = None
        for _ in range(self._DEPTH + 1):
            for parent in level:
                try:
                    with looking_into(parent):
                        there = (parent / folder).is_dir()
                except InputError as error:
                    closed = closed or error
                    continue
                if there:
                    return _innermost(self, (parent / folder).relative_to(self._root).as_posix())
            level = [child for parent in level for child in _subfolders(parent)]
        found = self._find_in_archives(folder)
        if found is None and closed is not None:
            raise closed
        return found

    def folders(self, folder: str) -> list[str]:
        archive, inside = self._locate(folder)
        if archive is not None:
            return archive.folders(inside)
        return [child.name for child in _subfolders(self._root / folder)]

    def files(self, folder: str) -> dict[str, str]:
        archive, inside = self._locate(folder)
        if archive is not None:
            mount = folder.removesuffix(inside)
            return {name: f"{mount}{file}" for name, file in archive.files(inside).items()}
        with looking_into(self._root / folder):
            if not (self._root / folder).is_dir():
                return {}
        listed = list_images(self._root / folder).files
        return {name: f"{folder}/{path.name}" for name, path in sorted(listed.items())}

    def open(self, file: str, *, palette_indices: bool = False) -> StackFile:
        archive, inside = self._locate(file)
        if archive is not None:
            return archive.open(inside, palette_indices=palette_indices)
        return open_stack(self._root / file, palette_indices=palette_indices)

    def _find_in_archives(self, folder: str) -> str | None:
        refused: InputError | None = None
        for path in sorted([*_zips(self._root), *_zips(self._root / "original_data")]):
            name = path.relative_to(self._root).as_posix()
            try:
                archive = self._archive(name)
            except InputError as error:
                refused = refused or error
                continue
            found = archive.find(folder)
            if found is None and f"{folder}/".startswith(f"{path.stem}/"):  # unpacked so by many
                found = archive.inside(folder.removeprefix(path.stem).removeprefix("/"))
            if found is not None:
                return f"{name}/{found}"
        if refused is not None:
            raise refused
        return None

    def _archive(self, name: str) -> _Zip:
        if name not in self._archives:
            self._archives[name] = _Zip(self._root / name)
        return self._archives[name]

    def _locate(self, path: str) -> tuple[_Zip | None, str]:
        """The archive that a path leads into, and the path in it."""
        for name, archive in self._archives.items():
            if path.startswith(f"{name}/"):
                return archive, path.removeprefix(f"{name}/")
        return None, path


class _Zip:
    def __init__(self, path: Path) -> None:
        self._archive = Archive(path)
        weakref.finalize(self, self._archive.close)
        self._files: dict[str, dict[str, str]] = {}
        self._twins: dict[str, tuple[str, str]] = {}
        self._folders: dict[str, set[str]] = {"": set()}
        for file in sorted(self._archive.names):
            parts = PurePosixPath(file).parts
            if IMAGE_NAME.search(parts[-1]) and not any(map(_is_left_out, parts)):
                self._add(parts, file)

    def _add(self, parts: tuple[str, ...], file: str) -> None:
        for depth in range(len(parts) - 1):
            parent, folder = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
            self._folders[parent].add(parts[depth])
            self._folders.setdefault(folder, set())
        files = self._files.setdefault("/".join(parts[:-1]), {})
        name = unicodedata.normalize("NFC", IMAGE_NAME.sub("", parts[-1]))
        if name in files:
            self._twins.setdefault("/".join(parts[:-1]), (files[name], file))
        files.setdefault(name, file)

    def find(self, folder: str) -> str | None:
        found = [path for path in self._folders if f"/{path}".endswith(f"/{folder}")]
        first = min(found, key=lambda path: (path.count("/"), path), default=None)
        return None if first is None else _innermost(self, first)

    def inside(self, folder: str) -> str | None:
        return folder if folder in self._folders else None

    def folders(self, folder: str) -> list[str]:
        return sorted(self._folders.get(folder, ()))

    def files(self, folder: str) -> dict[str, str]:
        if folder in self._twins:
            one, other = self._twins[folder]
            raise InputError(
                f"{self._archive.path.name}: {one} and {other} have the same name; images and "
                f"masks are paired by name, so unpack it, remove one, and give the folder."
            )
        return dict(sorted(self._files.get(folder, {}).items()))

    def open(self, file: str, *, palette_indices: bool = False) -> StackFile:
        path = self._archive.path / file
        return open_bytes(self._archive.read(file), path, palette_indices=palette_indices)


def _subfolders(folder: Path) -> list[Path]:
    """Folders in a folder that are not left out, sorted; none if it cannot be looked into."""
    with suppress(OSError):
        return sorted(
            child for child in folder.iterdir() if child.is_dir() and not _is_left_out(child.name)
        )
    return []


def _zips(folder: Path) -> list[Path]:
    with suppress(OSError):
        return [
            path
            for path in folder.iterdir()
            if path.suffix.lower() == ".zip" and path.is_file() and not _is_left_out(path.name)
        ]
    return []


def _is_left_out(name: str) -> bool:
    """Whether a file or folder is hidden, or one of the notes that macOS puts into archives."""
    return name.startswith((".", "__MACOSX"))

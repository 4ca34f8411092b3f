"""Image files in folders, on disk or inside a ZIP archive."""

from __future__ import annotations

import unicodedata
import weakref
from pathlib import Path, PurePosixPath
from typing import Protocol

from ..errors import InputError
from ..files.archive import Archive
from ..files.images import StackFile, open_bytes, open_stack
from .listing import IMAGE_NAME, list_images


class ImageTree(Protocol):
    """Folders of images. Folders are paths such as ``"val/alive"``."""

    def find(self, folder: str) -> str | None:
        """The folder of that path, or the first one whose path ends so; None if there is none."""

    def files(self, folder: str) -> dict[str, str]:
        """Image files by name without extension, sorted; empty if there is no such folder."""

    def open(self, file: str) -> StackFile:
        """Open a file that `files` listed."""


def open_tree(path: str | Path) -> ImageTree:
    """The images below a folder or in a ZIP archive.

    Raises
    ------
    InputError
        If the path is neither.
    """
    path = Path(path)
    if path.is_dir():
        return _Folder(path)
    if path.suffix.lower() == ".zip":
        return _Zip(path)
    raise InputError(f"{path.name}: give a folder or a ZIP archive; this is neither.")


class _Folder:
    _DEPTH = 2

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, folder: str) -> str | None:
        for depth in range(self._DEPTH + 1):
            found = sorted(self._root.glob("*/" * depth + folder))
            if found:
                return found[0].relative_to(self._root).as_posix()
        return None

    def files(self, folder: str) -> dict[str, str]:
        if not (self._root / folder).is_dir():
            return {}
        listed = list_images(self._root / folder).files
        return {name: f"{folder}/{path.name}" for name, path in sorted(listed.items())}

    def open(self, file: str) -> StackFile:
        return open_stack(self._root / file)


class _Zip:
    def __init__(self, path: Path) -> None:
        self._archive = Archive(path)
        weakref.finalize(self, self._archive.close)
        self._folders: dict[str, dict[str, str]] = {}
        for file in sorted(self._archive.names):
            folder, _, base = file.rpartition("/")
            hidden = any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(file).parts)
            if IMAGE_NAME.search(base) and not hidden:
                name = unicodedata.normalize("NFC", IMAGE_NAME.sub("", base))
                self._add(folder, name, file)

    def _add(self, folder: str, name: str, file: str) -> None:
        files = self._folders.setdefault(folder, {})
        if name in files:
            raise InputError(
                f"{self._archive.path.name}: {files[name]} and {file} have the same name."
            )
        files[name] = file

    def find(self, folder: str) -> str | None:
        found = [path for path in self._folders if f"/{path}".endswith(f"/{folder}")]
        return min(found, key=lambda path: (path.count("/"), path), default=None)

    def files(self, folder: str) -> dict[str, str]:
        return dict(sorted(self._folders.get(folder, {}).items()))

    def open(self, file: str) -> StackFile:
        return open_bytes(self._archive.read(file), self._archive.path / file)

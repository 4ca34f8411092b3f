"""``project.json`` and its backup: written whole, read strictly, never replaced by an empty one."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import InputError
from ..files.atomic import WriteError, to_json_text, write_bytes
from ..files.folders import make_folder
from ..files.guard import read_bytes
from ..files.json_files import MAX_BYTES, parse_json
from ..files.names import about
from .content import Content
from .layout import BACKUP_FILE, DAMAGED_FILE, PROJECT_FILE

FORMAT = 1


class ContentFile:
    """The ``project.json`` of one folder, as it was when it was read or written last.

    Attributes
    ----------
    folder : Path
    content : Content
    """

    def __init__(self, folder: Path, content: Content, data: bytes) -> None:
        self.folder = folder
        self.content = content
        self._data = data

    @classmethod
    def create(cls, folder: Path, content: Content) -> ContentFile:
        """Write the first one, and make the folder; `InputError` if there is, or was, one."""
        for name in (PROJECT_FILE, BACKUP_FILE):
            if (folder / name).exists():
                raise InputError(
                    about(
                        folder / name,
                        "there is a project in this folder already; open it, or choose another "
                        "folder.",
                    )
                )
        make_folder(folder)
        return cls(folder, content, write_content(folder, content))

    @classmethod
    def open(cls, folder: Path, *, use_backup: bool = False) -> ContentFile:
        """Read it, or put its backup in its place; see `Project.open`."""
        return cls(folder, *(restore_content if use_backup else read_content)(folder))

    def change(self, **changes: Any) -> None:
        """Write it with some fields changed; see `replace`."""
        self.replace(self.content.model_copy(update=changes))

    def replace(self, content: Content) -> None:
        """Write another content.

        Raises
        ------
        InputError
            If somebody else has changed the file since it was read.
        """
        path = self.folder / PROJECT_FILE
        if read_bytes(path, MAX_BYTES) != self._data:
            raise InputError(
                about(
                    path,
                    "was changed by another program; open the project again, so that nothing of "
                    "that is lost.",
                )
            )
        self._data = write_content(self.folder, content)
        self.content = content


def read_content(folder: Path) -> tuple[Content, bytes]:
    """Read ``project.json``, strictly; also its bytes.

    Raises
    ------
    InputError
        If it is missing, damaged, of a newer version, or names an image or a class twice. If there
        is an intact backup, the message offers it.
    """
    path = folder / PROJECT_FILE
    try:
        data = read_bytes(path, MAX_BYTES)
        return parse_content(data, path), data
    except InputError as error:
        if not has_backup(folder):
            raise
        raise InputError(
            f"{str(error).rstrip('.')}; there is an intact backup beside it: open the project with "
            f"use_backup=True."
        ) from None


def restore_content(folder: Path) -> tuple[Content, bytes]:
    """Put the backup in the place of ``project.json``, which is kept as ``project.json.damaged``.

    Raises
    ------
    InputError
        If there is no intact backup; then nothing is changed.
    """
    backup = folder / BACKUP_FILE
    data = read_bytes(backup, MAX_BYTES)
    content = parse_content(data, backup)
    with suppress(InputError):  # it may be missing, which is why the backup is wanted
        write_bytes(folder / DAMAGED_FILE, read_bytes(folder / PROJECT_FILE, MAX_BYTES))
    write_bytes(folder / PROJECT_FILE, data)
    return content, data


def write_content(folder: Path, content: Content) -> bytes:
    """Write ``project.json`` and then its backup; the bytes written."""
    path = folder / PROJECT_FILE
    text = to_json_text(path, content.model_dump(), indent=2) + "\n"
    data = text.encode()
    parse_content(data, path)  # what could not be read again is not written
    write_bytes(path, data)
    with suppress(WriteError):  # the project is saved; the older backup is still intact
        write_bytes(folder / BACKUP_FILE, data)
    return data


def parse_content(data: bytes, path: Path) -> Content:
    """The content of a ``project.json``; `path` is for messages."""
    values = parse_json(data, path)
    _refuse_newer(values, path)
    try:
        content = Content.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(about(path, f"{where}: {first['msg']}.")) from None
    try:
        content.labels.scheme()
    except InputError as error:
        raise InputError(about(path, str(error))) from None
    ids = [image.id for image in (*content.images, *content.removed)]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise InputError(about(path, f"two images have the id {twice!r}."))
    return content


def _refuse_newer(values: Any, path: Path) -> None:
    number = values.get("format") if isinstance(values, dict) else None
    if type(number) is int and number > FORMAT:
        raise InputError(
            about(
                path,
                f"written by a newer version (format {number}, this program knows {FORMAT}); "
                f"update the program.",
            )
        )


def has_backup(folder: Path) -> bool:
    """Whether there is an intact backup."""
    backup = folder / BACKUP_FILE
    try:
        parse_content(read_bytes(backup, MAX_BYTES), backup)
    except InputError:
        return False
    return True

"""Reading files inside a ZIP archive, one by one, without unpacking anything to disk."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import InputError
from .guard import check_memory, open_regular, refusing
from .names import about

MOST_MEMBERS = 1_000_000
MOST_BYTES = 2**31
_RATIO = 1100  # deflate cannot do more
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 1


class Archive:
    """The files in a ZIP archive. Close it, or use it in a ``with`` statement.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Of all files, with ``/`` between folders, in the order of the archive.

    Raises
    ------
    InputError
        If it is no ZIP archive, or a name in it leads out of it or occurs twice.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        file = open_regular(self.path)
        try:
            with refusing(self.path):
                self._zip = zipfile.ZipFile(file.stream)
                self._members = self._check_members()
        except BaseException:
            file.stream.close()
            raise
        self._stream = file.stream
        self.names = tuple(self._members)

    def size(self, name: str) -> int:
        """Bytes of one file, as the archive claims."""
        return self._members[name].file_size

    def read(self, name: str) -> bytes:
        """The bytes of one file, its checksum verified.

        Raises
        ------
        InputError
            If it is damaged, encrypted, or larger than 2 GiB or the free memory.
        """
        member = self._members[name]
        path = self.path / name
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
            raise InputError(about(path, "encrypted, or compressed in an uncommon way."))
        if member.file_size > min(MOST_BYTES, _RATIO * (member.compress_size + 1)):
            raise InputError(about(path, f"claims a size of {member.file_size / 1e9:.3g} GB."))
        check_memory(member.file_size, path)
        with refusing(path):
            return self._zip.read(member)

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._stream.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _check_members(self) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        if len(self._zip.infolist()) > MOST_MEMBERS:
            raise InputError(about(self.path, f"holds more than {MOST_MEMBERS} files."))
        for member in self._zip.infolist():
            name = member.orig_filename
            if _leads_out(name):
                raise InputError(about(self.path, f"holds a file with the unsafe name {name!r}."))
            if member.is_dir():
                continue
            if name in members:
                raise InputError(about(self.path, f"holds {name!r} twice."))
            members[name] = member
        return members


def _leads_out(name: str) -> bool:
    """Whether a name could mean a file outside of the archive on any system."""
    return (
        not name
        or "\0" in name
        or "\\" in name
        or PurePosixPath(name).is_absolute()
        or bool(PureWindowsPath(name).drive)
        or ".." in PurePosixPath(name).parts
    )

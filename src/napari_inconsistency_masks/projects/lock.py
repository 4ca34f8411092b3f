"""One window at a time works on a project: two would take each other's changes for their own."""

from __future__ import annotations

from pathlib import Path

from ..files.locks import take_lock

LOCK_FILE = "project.lock"


class ProjectLock:
    """Held from when it is made until `release`, or until the process ends, however it does.

    Parameters
    ----------
    folder
        Of the project.

    Raises
    ------
    InputError
        If somebody else holds it, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = take_lock(
            folder / LOCK_FILE,
            held="this project is open in another window or program; close it there first.",
            instead="copy the project to a folder of your own",
            needed=False,  # project.json itself notices other writers
        )

    def release(self) -> None:
        """Let others have it."""
        self._lock.release()

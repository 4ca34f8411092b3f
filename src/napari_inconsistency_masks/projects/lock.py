"""One window at a time works on a project: two would take each other's changes for their own."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import InputError
from ..files.names import about

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
        self._lock = FileLock(folder / LOCK_FILE, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                about(
                    folder,
                    "this project is open in another window or program; close it there first.",
                )
            ) from None
        except NotImplementedError:
            pass  # some network drives know no locks; project.json itself notices other writers
        except OSError as error:
            raise InputError(
                about(
                    folder,
                    f"nothing can be written into this project ({error.strerror}); copy it to a "
                    f"folder of your own.",
                )
            ) from None

    def release(self) -> None:
        """Let others have it."""
        self._lock.release()

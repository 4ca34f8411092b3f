"""The one exception this package raises for input it refuses, and what its message suggests."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something a person gave cannot be used.

    The message is one sentence that says what was given, what is allowed and what to do, and
    names the file or layer. The window and the command line show it as it is, without a traceback.
    """


def close_to(name: str, known: Iterable[str]) -> str | None:
    """The one of the known names that was probably meant, or None."""
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def meant(name: str, known: Iterable[str]) -> str:
    """``did you mean 'im'?`` if that is close, else all that is known."""
    known = list(known)
    close = close_to(name, known)
    return f"did you mean {close!r}?" if close else f"there are {', '.join(known)}."

"""The one exception this package raises for input it refuses."""

from __future__ import annotations


class InputError(ValueError):
    """Something a person gave cannot be used.

    The message is one sentence that says what was given, what is allowed and what to do, and
    names the file or layer. The window and the command line show it as it is, without a traceback.
    """

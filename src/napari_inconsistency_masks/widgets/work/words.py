"""What went wrong, in words for a person."""

from __future__ import annotations

from ...errors import InputError


def in_words(error: Exception, failed: str = "Unexpected") -> str:
    """What an error says.

    Those of a person's input and of the system say what is wrong, and with which file; others, such
    as a `MemoryError`, say little or nothing: then it is told what ``failed``, and what they are.
    """
    says = isinstance(error, InputError | OSError) and str(error)
    return str(error) if says else f"{failed}: {error!r}"

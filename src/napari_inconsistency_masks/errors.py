"""The exception this package raises for input it refuses, and what its message suggests."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

V = TypeVar("V")


class InputError(ValueError):
    """Something a person gave cannot be used.

    The message is one sentence that says what was given, what is allowed and what to do, and
    names the file or layer. The window and the command line show it as it is, without a traceback.
    """


class UnknownNameError(InputError, KeyError):
    """There is nothing of this name; see `unknown`."""

    __str__ = InputError.__str__  # that of KeyError puts the sentence in quotes


class Named(dict[str, V]):
    """Things by name; asking for one that is not there says which ones are.

    Parameters
    ----------
    kind
        As in "There is no recipe 'imm'".
    things
        By name.
    """

    def __init__(self, kind: str, things: Mapping[str, V]) -> None:
        super().__init__(things)
        self.kind = kind

    def __missing__(self, name: str) -> V:
        raise unknown(self.kind, name, self)


def unknown(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """What to raise where there is no such thing of this name."""
    return UnknownNameError(f"There is no {kind} {name!r}; {meant(str(name), known)}")


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

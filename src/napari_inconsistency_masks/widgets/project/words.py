"""What the files of a project are good for, in words: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...projects import ImageStatus
from .splits import is_labeled

MOST_TOLD = 5
"""Files, or sentences about them, that are told one by one."""


def summary(rows: Sequence[ImageStatus]) -> str:
    """Such as "12 files, 3 labeled"."""
    files = "1 file" if len(rows) == 1 else f"{len(rows)} files"
    labeled = sum(map(is_labeled, rows))
    held = sum(is_labeled(row) and row.image.split == "validation" for row in rows)
    return f"{files}, {labeled} labeled" + (f", {held} for validation" if held else "")


def unlabeled(rows: Sequence[ImageStatus]) -> int:
    """Number of frames to learn from that are not labeled, or only in part."""
    there = [row for row in rows if row.found and row.image.split != "validation"]
    return sum(row.image.frames - row.labeled for row in there)


def problem(rows: Sequence[ImageStatus], name_of: Callable[[str], str]) -> str | None:
    """Why training cannot start from these files, in a sentence, or None."""
    if not rows:
        return "The project has no images yet: add some."
    labeled = [row for row in rows if is_labeled(row)]
    if not labeled:
        return "No file of the project is labeled yet: open one and draw on it."
    gone = [row for row in labeled if not row.found]
    if gone:
        name = name_of(gone[0].image.id)
        return f"{name} is labeled and not where it was: press Find missing."
    if all(row.image.split == "validation" for row in labeled):
        return "All labeled files are for validation: give one to training, to learn from."
    return None


def missing(rows: Sequence[ImageStatus], name_of: Callable[[str], str]) -> str:
    """Which files are not where they were, in a sentence, or nothing."""
    names = [name_of(item.image.id) for item in rows if not item.found]
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{some(names)} {verb} no longer there: press Find missing, and choose a folder in which "
        f"to look."
    )


def removal(names: Sequence[str], *, labeled: bool) -> str:
    """The question before files are removed from the project."""
    files, their = ("file is", "it") if len(names) == 1 else ("files are", "them")
    drawn = f" What is drawn on {their} is kept in the project's folder." if labeled else ""
    return (
        f"Remove {some(names)} from the project?\n\nThe image {files} not touched.{drawn} "
        f"Add {their} again, and everything is back."
    )


def left_out(closed: Sequence[str]) -> list[str]:
    """A sentence about folders that cannot be opened, if there are any."""
    they = "it" if len(closed) == 1 else "they"
    return [f"Left out, as {they} cannot be opened: {some(closed)}."] if closed else []


def not_found(names: Sequence[str]) -> list[str]:
    """A sentence about files that were looked for in vain, if there are any."""
    return [f"Not in this folder: {some(names)}."] if names else []


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return f"{', '.join(names[:MOST_TOLD])}{more}"


def first_of(sentences: Sequence[str]) -> str:
    """The first sentences, a line each, and how many more there are."""
    shown = list(sentences[:MOST_TOLD])
    if len(sentences) > MOST_TOLD:
        shown.append(f"And {len(sentences) - MOST_TOLD} more.")
    return "\n".join(shown)

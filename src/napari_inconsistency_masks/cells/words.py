"""What is counted, in words."""

from __future__ import annotations

from ..task import LabelScheme


def told_counts(scheme: LabelScheme) -> str:
    """A sentence on which of the marks, or objects, that networks predict are counted."""
    if scheme.position is None:
        sizes = dict(zip(scheme.classes, scheme.smallest_objects, strict=False))
        large = ", ".join(f"{name} from {size} on" for name, size in sizes.items() if size > 1)
        which = f"if it has enough pixels: {large}" if large else "however small"
        return f"Each connected region of a class is counted, {which}."
    mark = f"A cell is a mark of {scheme.position}"
    sure = f"with a probability above {scheme.mark_threshold:g}"
    if scheme.smallest_mark is None:
        return f"{mark}, 4 or more pixels wide, {sure}."
    if scheme.smallest_mark == 1:
        return f"{mark}, however small, {sure}."
    return f"{mark} of {scheme.smallest_mark} or more pixels, {sure}."

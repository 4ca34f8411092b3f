"""What is counted, in words."""

from __future__ import annotations

from ..task import LabelScheme


def told_counts(scheme: LabelScheme) -> str:
    """A sentence on which of the marks, or objects, that networks predict are counted."""
    if scheme.position is None:
        return _told_objects(scheme)
    rule = scheme.rule
    mark = f"A cell is a mark of {scheme.position}"
    sure = f"with a probability above {rule.mark_threshold:g}"
    if rule.smallest_mark is None:
        return f"{mark}, 4 or more pixels wide, {sure}."
    if rule.smallest_mark == 1:
        return f"{mark}, however small, {sure}."
    return f"{mark} of {rule.smallest_mark} or more pixels, {sure}."


def _told_objects(scheme: LabelScheme) -> str:
    sizes = dict(zip(scheme.classes, scheme.rule.smallest_objects, strict=False))
    large = ", ".join(f"{name} from {size} on" for name, size in sizes.items() if size > 1)
    which = f"if it has enough pixels: {large}" if large else "however small"
    waists = dict(zip(scheme.classes, scheme.rule.waists, strict=False))
    parted = ", ".join(f"{name} {waist:g}" for name, waist in waists.items() if waist)
    told = f"Each connected region of a class is counted, {which}."
    if not parted:
        return told
    return (
        f"{told} Before, a region is parted where it narrows between wider parts, if half its "
        f"width is less there by more pixels than this: {parted}."
    )

"""What a button did at a place, so that it can be taken back: plain logic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from .box_edit import Content
from .queue import QueuedPlace


@dataclass(frozen=True, eq=False)
class Step:
    """How a place was before a button did something.

    Attributes
    ----------
    item, state
        The place, and what had become of it.
    before, proposal
        What was drawn there when the person came, and what was proposed to her then, if anything
        was that she had not decided on yet.
    boxed
        Whether the place got its label box only with this step.
    content
        What was drawn; None if the button left it as it was.
    left
        What the button left there as it went on to another place; None if it stayed.
    """

    item: QueuedPlace
    state: str
    before: Content
    proposal: Content | None
    boxed: bool = False
    content: Content | None = None
    left: Content | None = None

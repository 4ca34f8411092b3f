"""What scores pseudo-labels: one file per way, and the list of them."""

from __future__ import annotations

from .base import Appoint
from .evalnet import appoint_evalnet
from .truth import appoint_truth

JUDGES: dict[str, Appoint] = {
    "evalnet": appoint_evalnet,
    "hidden-labels": appoint_truth,
}
"""Makes the judge of a run, by the name recipes use."""

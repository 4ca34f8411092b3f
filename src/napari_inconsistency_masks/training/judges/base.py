"""What a judge is: it scores pseudo-labels."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

from ...data.pseudo import PseudoLabel
from ...data.sample import Sample
from ..events import Event
from ..setup import Setup


class Judge(Protocol):
    """Says how good a pseudo-label is."""

    def score(self, index: int, image: Sample, label: PseudoLabel) -> float:
        """Return 0 (nothing is right) to 1.

        Parameters
        ----------
        index
            Of the image among the unlabeled ones.
        image, label
            What is judged.
        """
        ...


Appoint = Callable[[Setup], Generator[Event, None, Judge]]
"""Makes the judge of a run, from the networks of generation 0, or reads it if it was made."""

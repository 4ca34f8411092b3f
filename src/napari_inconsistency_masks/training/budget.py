"""The time a run may take, also over several sessions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.atomic import write_json
from ..files.json_files import read_json

FILE = "time.json"
"""Of a run folder: seconds used so far, and when each phase of the work began."""


class Budget:
    """Keeps the time of one run.

    Parameters
    ----------
    minutes
        Of work, or None for no limit; nothing is then recorded.
    folder
        The run folder: a run that goes on has what is left. None keeps nothing.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        minutes: float | None = None,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = math.inf if minutes is None else 60 * minutes
        self._path = None if folder is None or minutes is None else folder / FILE
        self._clock = clock
        before, self._phases = _read(self._path)
        self._began = clock() - before

    @property
    def used(self) -> float:
        """Seconds of work so far, in all sessions."""
        return self._clock() - self._began

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return math.isfinite(self.seconds)

    def phase(self, name: str, parts: int) -> Phase:
        """Begin (or go on with) a phase, which may take a part of what is left at its beginning.

        Parameters
        ----------
        name
            By which it is found again when the run goes on.
        parts
            Number of parts that make up what is left; the phase may take one.
        """
        began = self._phases.setdefault(name, self.used)
        self.save()
        return Phase(self, began, began + max(0.0, self.seconds - began) / parts)

    def save(self) -> None:
        """Record the time used so far."""
        if self._path is not None:
            write_json(self._path, {"used": self.used, "phases": self._phases})


class Phase:
    """A part of the work with a time of its own; times are those of its `Budget`."""

    def __init__(self, budget: Budget, began: float, end: float) -> None:
        self._budget, self._began, self._end = budget, began, end

    @property
    def over(self) -> bool:
        """Whether its time is used up."""
        return self._budget.used >= self._end

    def expected_steps(self, step: int, most: int) -> int:
        """How many steps there will be in all, after `step` of them: `most`, or what time allows.

        What follows a schedule over all steps, such as the learning rate, thus gets to its end
        however fast the steps are.
        """
        length = self._end - self._began
        share = 1.0 if length <= 0 else (self._budget.used - self._began) / length
        if not step or share * most <= step:
            return most
        return max(step, math.floor(step / share))


def _read(path: Path | None) -> tuple[float, dict[str, float]]:
    if path is None or not path.is_file():
        return 0.0, {}
    values: Any = read_json(path)
    try:
        return float(values["used"]), {str(k): float(v) for k, v in values["phases"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: the record of the time is damaged ({error!r}).") from None

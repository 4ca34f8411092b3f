"""What there is to compute on, asked of a child so that torch stays out of this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, Signal

from .process import Child, our_command

AUTO = "auto"


@dataclass(frozen=True)
class Device:
    """A device as the doctor describes it.

    Attributes
    ----------
    key, name
        What settings and what people call it.
    free
        Free memory in bytes, or None.
    verdict
        Whether it computes right, in words.
    """

    key: str
    name: str
    free: int | None
    verdict: str

    @property
    def right(self) -> bool:
        """Whether what it computes can be used."""
        return self.verdict.startswith(("computes right", "not tested"))

    @property
    def words(self) -> str:
        """One line for a list."""
        memory = "" if self.free is None else f", {self.free / 2**30:.0f} GiB free"
        return f"{self.name}{memory}" if self.right else f"{self.name} (do not use: {self.verdict})"


class Devices(QObject):
    """The devices of this computer, looked for once, and which one is chosen.

    Parameters
    ----------
    chosen
        What is chosen first.
    say
        Takes lines for the log.
    """

    changed = Signal()

    def __init__(
        self, chosen: str, say: Callable[[str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.chosen, self._say = chosen, say
        self.found: tuple[Device, ...] = ()
        self.problems: tuple[str, ...] = ()
        self.child: Child | None = None
        self._asked = False

    @property
    def searching(self) -> bool:
        """Whether the answer is not there yet."""
        return self.child is not None

    def look(self) -> None:
        """Ask the doctor, unless it was asked before."""
        if self._asked:
            return
        self._asked = True
        self.child = Child(our_command("doctor", "--json"), self)
        self.child.answered.connect(self.take)
        self.child.said.connect(self._say)
        self.child.ended.connect(self._on_ended)
        self.child.start()
        self.changed.emit()

    def end(self) -> None:
        """Look no further; the child has nothing to save."""
        if self.child is not None:
            self.child.kill()

    def choose(self, key: str) -> None:
        """Compute there from now on."""
        if key != self.chosen:
            self.chosen = key
            self.changed.emit()

    def take(self, report: dict[str, Any]) -> None:
        """Take the doctor's report."""
        self.found = tuple(
            Device(str(item["key"]), str(item["name"]), item["free"], str(item["says"]))
            for item in report.get("devices", [])
        )
        self.problems = tuple(map(str, report.get("problems", [])))
        self.changed.emit()

    def _on_ended(self, code: int) -> None:
        self.child = None
        if code != 0 and not self.found:
            self.problems = ("The devices of this computer could not be listed; see the log.",)
        self.changed.emit()

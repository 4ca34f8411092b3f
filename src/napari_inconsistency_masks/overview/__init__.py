"""Runs side by side, read from their folders. Imports no torch and changes nothing."""

from .folder import Overview, read_overview
from .measures import Score
from .run import RunState, RunSummary, read_run

__all__ = ["Overview", "RunState", "RunSummary", "Score", "read_overview", "read_run"]

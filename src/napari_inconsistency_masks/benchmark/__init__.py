"""Recipes compared under the same conditions: the paper's table and figure for any data set."""

from .protocols import PROTOCOLS, protocol_config
from .study import Study, TrialEnded, TrialStarted, TrialStep
from .trials import Trial, plan_trials

__all__ = [
    "PROTOCOLS",
    "Study",
    "Trial",
    "TrialEnded",
    "TrialStarted",
    "TrialStep",
    "plan_trials",
    "protocol_config",
]

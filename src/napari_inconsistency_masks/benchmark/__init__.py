"""Recipes compared under the same conditions: the paper's table and figure for any data set."""

from .protocols import PROTOCOLS, protocol_config
from .study import Study, TrialEnded, TrialStarted, TrialStep
from .trials import Trial, plan_trials
from .workers import Aside

__all__ = [
    "PROTOCOLS",
    "Aside",
    "Study",
    "Trial",
    "TrialEnded",
    "TrialStarted",
    "TrialStep",
    "plan_trials",
    "protocol_config",
]

"""Random walks through the window: the same few in every run of the suite, others by hand.

``NAPARI_IM_WALKS=100 pytest tests/widgets/test_project_property.py`` takes 100 walks of each kind,
twice as long as usual and other ones each time; one that fails is printed as the steps it took.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

MANY = int(os.environ.get("NAPARI_IM_WALKS", "0"))


def walk(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Take some walks of so many steps."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=MANY or examples,
            stateful_step_count=2 * steps if MANY else steps,
            derandomize=not MANY,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )

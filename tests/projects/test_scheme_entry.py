"""What is kept of a scheme: folders of drawings are found again by it."""

from __future__ import annotations

from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.projects.content import SchemeEntry
from napari_inconsistency_masks.task import LabelScheme, Task


def test_it_stays_as_older_versions_wrote_it() -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("alive", "position"), "position", CountRule(0.5, 8))
    assert str(SchemeEntry.of(scheme).model_dump()) == (
        "{'task': <Task.MULTILABEL: 'multilabel'>, 'classes': ('alive', 'position'), "
        "'position': 'position'}"
    )
    assert SchemeEntry.of(scheme).scheme() == scheme

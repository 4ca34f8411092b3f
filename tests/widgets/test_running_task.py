"""What napari asks about before it closes while something runs."""

from __future__ import annotations

from napari.utils.task_status import TaskStatusManager

from napari_inconsistency_masks.widgets.layers.closing import RunningTask


class Window:
    """Has napari's list of what runs, as its window does."""

    def __init__(self) -> None:
        tasks = TaskStatusManager()
        self._register_task_status = tasks.register_task_status
        self._update_task_status = tasks.update_task_status
        self.get_status = tasks.get_status


class Viewer:
    """Has a window."""

    def __init__(self) -> None:
        self.window = Window()


def test_it_says_what_runs_now() -> None:
    viewer = Viewer()
    task = RunningTask(viewer, lambda: None)
    for words in ("a training is running", "a batch is running", None, "a batch is running"):
        task.update(words)
        said = [] if words is None else [f"Inconsistency Masks: {words}"]
        assert viewer.window.get_status() == said

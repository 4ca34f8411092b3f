from __future__ import annotations

import pytest

from napari_inconsistency_masks.batch.progress import disk_space


@pytest.mark.parametrize(
    ("megabytes", "said"),
    [(0.0, "1 MB"), (0.4, "1 MB"), (12.4, "12 MB"), (999.4, "999 MB"), (1234.0, "1.2 GB")],
)
def test_disk_space_is_never_nothing(megabytes: float, said: str) -> None:
    assert disk_space(megabytes) == said

"""A run folder that may not be written to is said in a sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.training.records import Records


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "generation-1").write_text("a file is in the way")
    records = Records(tmp_path)
    with pytest.raises(WriteError, match="generation-1"):
        records.generation_folder(1)
    (tmp_path / "generation-0").mkdir()
    (tmp_path / "generation-0" / "pseudo-labels").write_text("here too")
    with pytest.raises(WriteError, match="pseudo-labels"):
        records.pseudo_label_path(0, 3)

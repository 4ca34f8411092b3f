"""``python -m napari_inconsistency_masks`` is ``napari-im``."""

from .cli import main

main()

"""What a run folder keeps of each generation, and reading it back.

::

    generation-0/network-0.safetensors ...   best weights of each network
    generation-0/scores.json                 scores of the ensemble in detail
    generation-0/checked-counts.csv          counts of the validation images, and true ones
    generation-0/generation.json             ranking and scores: written last, so its presence
                                             says that the generation is complete
    generation-1/pseudo-labels/00007.tif     what generation 1 learned from
    generation-1/pseudo-labels.jsonl         a line for each image that was looked at
    judge/                                   what scores pseudo-labels, see `judges.evalnet`
    state.safetensors                        the generation in progress
    generation-1/effort.json                 time and memory of a generation in progress
    generation-0/shared.json                 whose networks these are, see `shared_start`
    ensemble.json                            the networks of the result
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..checkpoint import ModelCard, load_network, load_tensors, save_network, save_tensors
from ..errors import InputError
from ..files.atomic import append_line, write_json
from ..files.folders import make_folder
from ..files.json_files import read_json_lines
from ..files.patience import patiently
from ..inference.checked_counts import write_checked_counts
from ..inference.listing import STATE
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from .learner import Learning
from .results import (
    EFFORT,
    PSEUDO_LABELS,
    GenerationRecord,
    Outcome,
    generation_folder,
    read_record,
    restore_result,
    write_result,
)


@dataclass(frozen=True)
class PseudoLabelRecord:
    """One unlabeled image in one generation.

    Attributes
    ----------
    index, name
        Of the image among the unlabeled ones.
    kept
        Whether it is trained on.
    inconsistent
        Inconsistent share of its area.
    score
        What the judge says of its pseudo-label, 0 to 1, or None without a judge.
    image
        By which it is known whatever it is called, see `prints.image_print`; empty if an older
        version made the label.
    """

    index: int
    name: str
    kept: bool
    inconsistent: float
    score: float | None = None
    image: str = ""


class Records:
    """The files of one run folder that training writes and reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def generation_folder(self, generation: int) -> Path:
        """Return the folder of a generation, made if needed."""
        folder = generation_folder(self.folder, generation)
        if not folder.is_dir():
            make_folder(folder)
        return folder

    def network_path(self, generation: int, member: int) -> Path:
        """Return where a network's weights are."""
        return self.generation_folder(generation) / f"network-{member}.safetensors"

    def network_paths(self, generation: int) -> list[Path]:
        """Return the network files that a generation has."""
        return sorted(self.generation_folder(generation).glob("network-*.safetensors"))

    def pseudo_label_path(self, generation: int, index: int) -> Path:
        """Return where the pseudo-label of an unlabeled image is."""
        folder = self.generation_folder(generation) / "pseudo-labels"
        if not folder.is_dir():
            make_folder(folder)
        return folder / f"{index:05d}.tif"

    def save_generation(
        self,
        outcome: Outcome,
        ensemble: Ensemble | None,
        card: ModelCard,
    ) -> None:
        """Write the networks, unless they are there already, then scores, counts and record."""
        generation = outcome.record.generation
        for member, network in enumerate(() if ensemble is None else ensemble.networks):
            assert isinstance(network, Network)
            save_network(self.network_path(generation, member), network, card)
        folder = self.generation_folder(generation)
        write_json(folder / "scores.json", asdict(outcome.scores))
        if outcome.counts:
            write_checked_counts(folder, outcome.counts, outcome.files)
        write_json(folder / "generation.json", asdict(outcome.record))

    def load_generation(self, generation: int) -> GenerationRecord | None:
        """Read the record, or None if the generation is not complete."""
        return read_record(self.folder, generation)

    def load_networks(self, generation: int, members: tuple[int, ...]) -> Ensemble:
        """Read some networks of a complete generation."""
        return Ensemble([load_network(self.network_path(generation, m))[0] for m in members])

    def add_pseudo_label(self, generation: int, record: PseudoLabelRecord) -> None:
        """Note an image, once its pseudo-label is written."""
        append_line(self._pseudo_label_list(generation), asdict(record))

    def load_pseudo_labels(self, generation: int) -> dict[int, PseudoLabelRecord]:
        """Read what is noted of the images so far, by index."""
        path = self._pseudo_label_list(generation)
        lines = read_json_lines(path) if path.is_file() else []
        try:
            return {line["index"]: PseudoLabelRecord(**line) for line in lines}
        except (KeyError, TypeError) as error:
            raise InputError(
                f"{path}: a line is damaged, or written by another version ({error!r}); remove "
                f"this file, and the images are labeled anew."
            ) from None

    def _pseudo_label_list(self, generation: int) -> Path:
        return self.generation_folder(generation) / PSEUDO_LABELS

    def save_state(self, generation: int | str, learner: Learning[Any]) -> None:
        """Write everything needed to go on with the generation (or other stage) in progress."""
        tensors, about = learner.state()
        about["generation"] = generation
        save_tensors(self.folder / STATE, tensors, "state", about)

    def load_state(self, generation: int | str, learner: Learning[Any]) -> bool:
        """Go on with the generation (or stage) in progress; False if there is no state of it."""
        path = self.folder / STATE
        if not path.is_file():
            return False
        try:
            tensors, about = load_tensors(path, "state")
        except InputError as error:
            then = "If this file is removed, what is in progress begins anew, and the rest stays."
            raise InputError(f"{error} {then}") from None
        if about["generation"] != generation:
            return False
        try:
            learner.load_state(tensors, about)
        except (KeyError, ValueError, RuntimeError) as error:
            raise InputError(
                f"{path.name}: the state does not fit this run's settings ({error}); start a new "
                f"run folder, or restore the settings it was started with."
            ) from None
        return True

    def drop_state(self) -> None:
        """Remove the state of a generation that is complete."""
        path = self.folder / STATE
        patiently(lambda: path.unlink(missing_ok=True))

    def drop_effort(self, generation: int) -> None:
        """Remove what was noted of the time and memory of a generation that is complete."""
        path = self.generation_folder(generation) / EFFORT
        patiently(lambda: path.unlink(missing_ok=True))

    def save_result(
        self, record: GenerationRecord, members: tuple[int, ...], *, made_now: bool
    ) -> None:
        """Name the networks that make the run's ensemble.

        What a person chose stays, unless the generation was `made_now`.
        """
        write = write_result if made_now else restore_result
        write(self.folder, record.generation, members)

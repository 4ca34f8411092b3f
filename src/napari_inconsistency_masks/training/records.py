"""What a run folder keeps of each generation, and reading it back.

::

    generation-0/network-0.safetensors ...   best weights of each network
    generation-0/generation.json             ranking and scores: written last, so its presence
                                             says that the generation is complete
    generation-1/pseudo-labels/00007.tif     what generation 1 learned from
    generation-1/pseudo-labels.jsonl         a line for each image that was looked at
    state.safetensors                        the generation in progress
    ensemble.json                            the networks of the result
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..checkpoint import ModelCard, load_network, load_tensors, save_network, save_tensors
from ..errors import InputError
from ..files.atomic import append_line, write_json
from ..files.json_files import read_json, read_json_lines
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from .learner import Learner


@dataclass(frozen=True)
class GenerationRecord:
    """The outcome of one generation.

    Attributes
    ----------
    generation
        Its number; 0 learned from real labels only.
    ranking
        Members, best first.
    count_error
        MCCE of the ensemble of the teachers on the validation images, or None.
    mean_iou, inconsistent, found
        Of the same ensemble and images: IoU, and the shares of the area that are inconsistent
        and that are any class.
    accepted
        False if it was refused for being worse than the one before.
    margin
        Standard error of the count error.
    """

    generation: int
    ranking: tuple[int, ...]
    count_error: float | None
    mean_iou: float
    inconsistent: float
    found: float
    accepted: bool
    margin: float = 0.0

    def is_worse_than(self, other: GenerationRecord) -> bool:
        """Compare the count errors; where they differ by no more than chance, the IoU."""
        difference = (self.count_error or 0.0) - (other.count_error or 0.0)
        if abs(difference) > other.margin:
            return difference > 0
        return self.mean_iou < other.mean_iou


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
    """

    index: int
    name: str
    kept: bool
    inconsistent: float


class Records:
    """The files of one run folder that training writes and reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def generation_folder(self, generation: int) -> Path:
        """Return the folder of a generation, made if needed."""
        folder = self.folder / f"generation-{generation}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def network_path(self, generation: int, member: int) -> Path:
        """Return where a network's weights are."""
        return self.generation_folder(generation) / f"network-{member}.safetensors"

    def pseudo_label_path(self, generation: int, index: int) -> Path:
        """Return where the pseudo-label of an unlabeled image is."""
        folder = self.generation_folder(generation) / "pseudo-labels"
        folder.mkdir(exist_ok=True)
        return folder / f"{index:05d}.tif"

    def save_generation(
        self, record: GenerationRecord, ensemble: Ensemble, card: ModelCard
    ) -> None:
        """Write the networks, then the record."""
        for member, network in enumerate(ensemble.networks):
            assert isinstance(network, Network)
            save_network(self.network_path(record.generation, member), network, card)
        write_json(self.generation_folder(record.generation) / "generation.json", asdict(record))

    def load_generation(self, generation: int) -> GenerationRecord | None:
        """Read the record, or None if the generation is not complete."""
        values = _read(self.folder / f"generation-{generation}" / "generation.json")
        return values and GenerationRecord(**{**values, "ranking": tuple(values["ranking"])})

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
        return {line["index"]: PseudoLabelRecord(**line) for line in lines}

    def _pseudo_label_list(self, generation: int) -> Path:
        return self.generation_folder(generation) / "pseudo-labels.jsonl"

    def save_state(self, generation: int, learner: Learner) -> None:
        """Write everything needed to go on with the generation in progress."""
        tensors, about = learner.state()
        about["generation"] = generation
        save_tensors(self.folder / "state.safetensors", tensors, "state", about)

    def load_state(self, generation: int, learner: Learner) -> bool:
        """Go on with the generation in progress; False if there is no state of it."""
        path = self.folder / "state.safetensors"
        if not path.is_file():
            return False
        tensors, about = load_tensors(path, "state")
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
        (self.folder / "state.safetensors").unlink(missing_ok=True)

    def save_result(self, record: GenerationRecord, members: tuple[int, ...]) -> None:
        """Name the networks that make the run's ensemble."""
        paths = [self.network_path(record.generation, member) for member in members]
        write_json(
            self.folder / "ensemble.json",
            {
                "generation": record.generation,
                "networks": [path.relative_to(self.folder).as_posix() for path in paths],
            },
        )


def _read(path: Path) -> Any:
    return read_json(path) if path.is_file() else None

"""EvalNets on disk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ...checkpoint import ModelCard, load_tensors, put_weights, save_tensors
from ...files.atomic import write_json
from ...files.folders import make_folder
from ...files.json_files import read_json
from ...nets.evalnet import EvalNet
from .evalnets import EvalNets, build


@dataclass(frozen=True)
class JudgeRecord:
    """How good the EvalNets of a run are.

    Attributes
    ----------
    ranking
        Their numbers, best first.
    errors
        Of each, the mean absolute error of the IoU it predicts on the validation images.
    constant_error
        That of the best answer that is always the same.
    """

    ranking: tuple[int, ...]
    errors: tuple[float, ...]
    constant_error: float

    @property
    def error(self) -> float:
        """Of the best one."""
        return self.errors[self.ranking[0]]


class JudgeFiles:
    """The folder of the EvalNets of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, record: JudgeRecord, networks: EvalNets, card: ModelCard) -> None:
        """Write the networks, then the record."""
        make_folder(self._folder)
        for member, network in enumerate(networks.networks):
            save_tensors(self._path(member), network.state_dict(), "judge", card.to_json())
        write_json(self._folder / "judge.json", asdict(record))

    def load_record(self) -> JudgeRecord | None:
        """Read the record, or None if they are not complete."""
        path = self._folder / "judge.json"
        if not path.is_file():
            return None
        values = read_json(path)
        return JudgeRecord(
            tuple(values["ranking"]), tuple(values["errors"]), values["constant_error"]
        )

    def load(self, members: tuple[int, ...]) -> EvalNets:
        """Read some of the networks."""
        return EvalNets([load_evalnet(self._path(member)) for member in members])

    def _path(self, member: int) -> Path:
        return self._folder / f"network-{member}.safetensors"


def load_evalnet(path: Path) -> EvalNet:
    """Read an EvalNet.

    Raises
    ------
    InputError
        If the file is missing, damaged or something else; if its weights do not fit its card, or
        are not finite.
    """
    tensors, values = load_tensors(path, "judge")
    card = ModelCard.from_json(values, path.name)
    with torch.random.fork_rng(devices=[]):
        network = build(card.architecture, card.scheme)
    put_weights(network, tensors, path)
    return network

"""ONNX files of ensembles."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.export import Dim

from ..errors import InputError
from ..files.atomic import write_atomically
from ..inference.trained import TrainedEnsemble
from .extra import need_extra
from .portable import PortableEnsemble

if TYPE_CHECKING:
    from onnx import ModelProto

IMAGE, PROBABILITY, INCONSISTENCY = "image", "probability", "inconsistency"
"""Names of the input and of the outputs, see `PortableEnsemble.forward`."""

CARD = "napari_inconsistency_masks"
"""Key of the metadata of a file: the card of the networks, as JSON."""

_TOLERANCE = 1e-3
"""How far a probability of the file may be from that of the networks."""


def write_onnx(path: Path, trained: TrainedEnsemble) -> None:
    """Write an ensemble as one ONNX file, and check that it computes the same.

    Any number of images, of any height and width that are multiples of the networks' divisor.

    Parameters
    ----------
    path
        Of the file, which appears complete and checked or not at all.
    trained
        U-Nets on the CPU, in float32.

    Raises
    ------
    InputError
        If the extra ``exchange`` is not installed, the networks are no U-Nets, or the file would
        not compute what they do.
    """
    need_extra()
    import onnx

    kind = trained.card.architecture.network
    if kind != "unet":
        raise InputError(
            f"Networks of the kind {kind} cannot be written for other programs: only U-Nets can."
        )
    network = PortableEnsemble(trained)
    model = _translated(network, trained)
    write_atomically(
        path,
        lambda temporary: onnx.save(model, temporary),
        lambda temporary: _check(temporary, network, trained),
    )


def opset_of(path: Path) -> int:
    """The version of the operators in an ONNX file."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    (version,) = (entry.version for entry in model.opset_import if not entry.domain)
    return int(version)


def _translated(network: PortableEnsemble, trained: TrainedEnsemble) -> ModelProto:
    divisor = trained.networks.divisor
    example = torch.zeros(2, trained.channels, 2 * divisor, 3 * divisor)  # none of them 1
    sides = {0: Dim("batch"), 2: divisor * Dim("height"), 3: divisor * Dim("width")}
    with _quiet():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            verbose=False,
            input_names=[IMAGE],
            output_names=[PROBABILITY, INCONSISTENCY],
            dynamic_shapes=(sides,),
        )
    assert program is not None
    model: ModelProto = program.model_proto
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD, json.dumps(trained.card.to_json())
    return model


def _check(file: Path, network: PortableEnsemble, trained: TrainedEnsemble) -> None:
    """Compute a small image with what was written."""
    from onnx import checker
    from onnx.reference import ReferenceEvaluator

    checker.check_model(file)
    divisor = trained.networks.divisor
    shape = (1, trained.channels, 3 * divisor, 2 * divisor)
    image = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    with np.errstate(all="ignore"):  # a sigmoid of large numbers, which is right all the same
        probability, _ = ReferenceEvaluator(str(file)).run(None, {IMAGE: image})
    with torch.inference_mode():
        expected, _ = network(torch.from_numpy(image))
    if not np.abs(probability - expected.numpy()).max() <= _TOLERANCE:  # also true of NaN
        raise InputError(
            f"{file.name}: the file would not compute what the networks do, so it was not "
            f"written; please report this, with the versions that napari-im doctor prints."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """What PyTorch says about itself while it translates is for its developers."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

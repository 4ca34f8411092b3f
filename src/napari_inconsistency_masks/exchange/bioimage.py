"""BioImage.IO packages: networks with what other programs must know to use them."""

from __future__ import annotations

import errno
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as Picture

from ..batch.report.pictures import with_mask
from ..errors import InputError
from ..files.atomic import write_atomically, write_bytes, write_text
from ..inference.trained import TrainedEnsemble
from .about import CITATION, PAPER, About, description, documentation
from .extra import need_extra
from .gray import AS_IS, gray_values
from .onnx_file import IMAGE, INCONSISTENCY, PROBABILITY, opset_of, write_onnx
from .portable import PortableEnsemble

DESCRIPTION, WEIGHTS, README, COVER = "rdf.yaml", "ensemble.onnx", "README.md", "cover.png"
"""Files of a package: what programs should know; the networks; what a person should know; a picture
of what they find."""

TAGS = ("unet", "semantic-segmentation", "inconsistency-masks", "2d")


def write_bioimage(
    path: Path, trained: TrainedEnsemble, about: About, *, gray: str | None = None
) -> None:
    """Write a package that programs such as ilastik, deepImageJ and bioimageio.core read.

    Parameters
    ----------
    path
        Of the ZIP file, which appears complete and checked or not at all.
    trained
        U-Nets on the CPU, in float32.
    about
        What a person says about them, with an example image.
    gray
        See `gray_values`.

    Raises
    ------
    InputError
        As `write_onnx`, or if the example image or what is said about the networks does not fit.
    """
    need_extra()
    from .example import example_tensor

    gray = gray_values(trained.card, about.example.dtype, gray)
    example = example_tensor(about.example, trained, gray)
    with TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        _make_files(folder, trained, about, example, gray)
        write_atomically(path, lambda temporary: _pack(folder, temporary), _check)


def _make_files(
    folder: Path, trained: TrainedEnsemble, about: About, example: npt.NDArray[Any], gray: str
) -> None:
    """Make all files of a package; the last one says what the others are."""
    from bioimageio.spec import ValidationContext, save_bioimageio_yaml_only
    from bioimageio.spec.model import v0_5

    from .tensors import describe_file, describe_input, describe_output

    card, members = trained.card, len(trained.networks)
    write_onnx(folder / WEIGHTS, trained)
    text = documentation(about, card, members, trained.networks.divisor, gray)
    write_text(folder / README, text)
    files = _write_examples(folder, trained, example, gray)
    mask = np.load(files[2])[0, 0] > 0  # (Y, X)
    Picture.fromarray(with_mask(example[0], mask)).save(folder / COVER)
    with _refusing(), ValidationContext(root=folder, perform_io_checks=False):
        networks = describe_file(folder / WEIGHTS)
        weights = v0_5.OnnxWeightsDescr(
            source=networks.source,
            sha256=networks.sha256,
            opset_version=opset_of(folder / WEIGHTS),
        )
        model = v0_5.ModelDescr(
            name=about.name,
            description=about.description or description(card, members),
            authors=[v0_5.Author(name=name) for name in about.authors],
            cite=[v0_5.CiteEntry(text=CITATION, url=v0_5.HttpUrl(PAPER))],
            license=about.license,
            tags=list(TAGS),
            covers=[describe_file(folder / COVER)],
            documentation=describe_file(folder / README),
            inputs=[describe_input(files[0], trained, gray)],
            outputs=[
                describe_output(files[1], PROBABILITY, card.scheme.output_names, trained),
                describe_output(files[2], INCONSISTENCY, (INCONSISTENCY,), trained),
            ],
            weights=v0_5.WeightsDescr(onnx=weights),
        )
        save_bioimageio_yaml_only(model, folder / DESCRIPTION)


def _write_examples(
    folder: Path, trained: TrainedEnsemble, example: npt.NDArray[Any], gray: str
) -> list[Path]:
    """Write an image and what the networks make of it, for programs that test a package."""
    from .tensors import as_seen

    seen = torch.from_numpy(as_seen(example, trained.card.intensity, gray))  # (1, C, Y, X)
    with torch.inference_mode():
        outputs = [output.numpy() for output in PortableEnsemble(trained)(seen)]
    given = example if gray == AS_IS else example.astype(np.float32)
    files = [folder / f"{name}.npy" for name in (IMAGE, PROBABILITY, INCONSISTENCY)]
    for file, values in zip(files, (given, *outputs), strict=True):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, values, allow_pickle=False)
        write_bytes(file, stream.getvalue())
    return files


def _pack(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)


def _check(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise OSError(errno.EIO, f"the drive gave back another {damaged} than was written")


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in a sentence what the format does not allow."""
    from pydantic import ValidationError

    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:2])
        raise InputError(
            f"BioImage.IO does not allow this {where}: {first['msg']} (given: "
            f"{first['input']!r}); choose another one."
        ) from error

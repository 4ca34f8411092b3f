"""``napari-im export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..errors import InputError
from .console import err, out
from .training import Run

if TYPE_CHECKING:
    import numpy.typing as npt

ONNX, PACKAGE = ".onnx", ".zip"
NEEDED = "it goes with the package, and everybody who gets that sees it"


def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="The file to make: a BioImage.IO package (.zip), or an ONNX file alone (.onnx).",
            show_default=False,
        ),
    ],
    example: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help=f"An image file for a package: {NEEDED}. Its first frame is taken."),
    ] = None,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Of a package; as its file is called if not given."),
    ] = None,
    author: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Who trained the networks; several times for several persons."),
    ] = None,
    license: Annotated[  # noqa: A002
        Optional[str],  # noqa: UP045
        typer.Option(
            help="How others may use a package, as its SPDX identifier: CC-BY-4.0, MIT ..."
        ),
    ] = None,
    description: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What the networks find, in a sentence or two."),
    ] = None,
    gray_values: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="What the networks of a package take: as-is (8 bits), or stretched (any type, "
            "stretched by percentiles). If not given, what they learned from; if that is not "
            "known, what the example needs."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write the networks of a run for other programs, as one file.

    All networks become one with two outputs: the mean probability of each class, and where the
    networks do not agree. A BioImage.IO package says what goes in and comes out, and is read by
    ilastik, deepImageJ and others; an ONNX file alone takes gray values from 0 to 255.
    """
    from .. import exchange

    _check(file, overwrite)
    from ..inference.trained import load

    trained = load(run, device="cpu", precision="float32")
    if file.suffix.lower() == ONNX:
        exchange.write_onnx(file, trained)
    else:
        if example is None:
            raise InputError(f"Give an image with --example: {NEEDED}.")
        about = exchange.About(
            name=name or exchange.proposed_name(file.stem),
            example=_read(example, trained.channels),
            authors=author or (),
            license=license,
            description=description,
        )
        exchange.write_bioimage(file, trained, about, gray=gray_values)
        for words, given in (("authors (--author)", author), ("license (--license)", license)):
            if not given:
                err.print(f"Note: the package names no {words}.", markup=False)
    classes = ", ".join(trained.classes)
    out.print(
        f"{file}: {len(trained.networks)} networks as one, for {classes} "
        f"({file.stat().st_size / 1e6:.1f} MB).",
        markup=False,
    )


def _check(file: Path, overwrite: bool) -> None:
    if file.suffix.lower() not in (ONNX, PACKAGE):
        raise InputError(
            f"--out {file}: give a name that ends with {PACKAGE} for a BioImage.IO package, or "
            f"with {ONNX} for an ONNX file alone."
        )
    if file.exists() and not overwrite:
        raise InputError(f"--out {file}: is there already; choose another name or --overwrite.")


def _read(file: Path, channels: int) -> npt.NDArray[Any]:
    """The first frame of a file ``(C, Y, X)``; one channel of gray stored as color."""
    from ..data.pixels import is_gray, to_channels
    from ..files.images import open_stack

    with open_stack(file) as stack:
        frame = to_channels(stack[0], stack.header.frame_axes)
    return frame[:1] if channels == 1 and is_gray(frame) else frame

"""Packages and ONNX files, opened with the libraries of those who read them."""

from __future__ import annotations

import hashlib
import json
import socket
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from bioimageio.spec import ModelDescr, ValidationContext, build_description
from onnx.reference import ReferenceEvaluator
from PIL import Image
from trained_toys import picture, trained_toy

from napari_inconsistency_masks.checkpoint import ModelCard
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.exchange import (
    About,
    extra,
    onnx_file,
    proposed_name,
    write_bioimage,
    write_onnx,
)
from napari_inconsistency_masks.exchange.example import example_tensor
from napari_inconsistency_masks.exchange.tensors import _identifiers
from napari_inconsistency_masks.inconsistency import find_consensus
from napari_inconsistency_masks.inference.image import predict
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task

SCHEME = LabelScheme(Task.MULTILABEL, ("living cells", "dead", "position"), "position")
EXAMPLE = picture(176, 208).astype(np.uint16) * 37
ABOUT = About("Cells in a dish", EXAMPLE, ("A. Person",), "CC-BY-4.0")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedEnsemble:
    made = trained_toy(tmp_path_factory.mktemp("run") / "run", Task.MULTILABEL, scheme=SCHEME)
    counting = SCHEME.counting_by(CountRule(0.3, 6))
    return replace(made, card=replace(made.card, scheme=counting))


@pytest.fixture(scope="module")
def package(trained: TrainedEnsemble, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a package."""
    path = tmp_path_factory.mktemp("packages") / "cells.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _no_network)
        patch.setattr(socket, "getaddrinfo", _no_network)
        write_bioimage(path, trained, ABOUT, gray="stretched")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.parent / "opened")
    return path.parent / "opened"


def _no_network(*_: Any) -> None:
    raise AssertionError("another computer was asked")


def described(package: Path) -> Any:
    """The description of a package, checked by the library of its format."""
    content = yaml.safe_load((package / "rdf.yaml").read_text(encoding="utf-8"))
    context = ValidationContext(root=package, perform_io_checks=False)
    model = build_description(content, context=context)
    assert isinstance(model, ModelDescr), model.validation_summary.format()
    return model


def prepared(image: Any, steps: Any) -> Any:
    """What a program that follows a package's description gives to the networks."""
    for step in steps:
        options = step.kwargs
        if step.id == "ensure_dtype":
            image = image.astype(options.dtype)
        elif step.id == "scale_range":
            assert options.axes == ["channel", "y", "x"]
            low, high = np.percentile(image, (options.min_percentile, options.max_percentile))
            image = (image - low) / (high - low + options.eps)
        else:
            assert step.id == "scale_linear"
            image = image * options.gain + options.offset
    return image.astype(np.float32)


def test_who_follows_the_description_gets_what_the_networks_say(
    package: Path, trained: TrainedEnsemble
) -> None:
    model = described(package)
    weights = package / model.weights.onnx.source.path.name
    image = picture(160, 144).astype(np.uint16) * 100
    given = prepared(image[None], model.inputs[0].preprocessing)
    probability, inconsistency = ReferenceEvaluator(str(weights)).run(None, {"image": given})
    prediction = predict(trained, image)
    np.testing.assert_allclose(probability[0], prediction.mean(), atol=2e-3)
    mask = find_consensus(prediction).inconsistency
    assert 0.01 < mask.mean() < 0.99
    assert (inconsistency[0, 0] == mask).mean() > 0.995  # gray values are rounded a little apart


def test_its_own_example_gives_what_it_says(package: Path, trained: TrainedEnsemble) -> None:
    model = described(package)
    given, *expected = [
        np.load(package / tensor.test_tensor.source.path.name)
        for tensor in (*model.inputs, *model.outputs)
    ]
    np.testing.assert_array_equal(given[0], EXAMPLE)
    evaluator = ReferenceEvaluator(str(package / "ensemble.onnx"))
    found = evaluator.run(None, {"image": prepared(given, model.inputs[0].preprocessing)})
    np.testing.assert_allclose(found[0], expected[0], atol=1e-3)
    assert (found[1] == expected[1]).mean() > 0.9995


def test_it_says_what_goes_in_and_comes_out(package: Path) -> None:
    model = described(package)
    assert (model.name, model.license) == ("Cells in a dish", "CC-BY-4.0")
    assert [author.name for author in model.authors] == ["A. Person"]
    assert "arXiv 2401.14387" in model.cite[0].text
    _, channel, rows, columns = model.inputs[0].axes
    assert list(channel.channel_names) == ["gray"]
    assert (rows.size.min, rows.size.step) == (columns.size.min, columns.size.step) == (144, 16)
    names = [list(output.axes[1].channel_names) for output in model.outputs]
    assert names == [["living_cells", "dead", "position"], ["inconsistency"]]
    assert {axis.halo for output in model.outputs for axis in output.axes[2:]} == {64}
    text = (package / "README.md").read_text(encoding="utf-8")
    assert "`living cells`" in text
    rule = "A cell is a mark of position of 6 or more pixels, with a probability above 0.3."
    assert "`position`: a spot on each cell\n" in text
    assert rule in text
    assert "recipe *Labeled data only (LDT)*" in text
    assert "percentile 1 becomes 0 and that at 99.8 becomes 255" in text


def test_files_are_those_that_were_described(package: Path) -> None:
    model = described(package)
    tensors = [tensor.test_tensor for tensor in (*model.inputs, *model.outputs)]
    files = [model.documentation, *model.covers, model.weights.onnx, *tensors]
    for file in files:
        found = hashlib.sha256((package / file.source.path.name).read_bytes()).hexdigest()
        assert found == file.sha256
    assert {file.source.path.name for file in files} | {"rdf.yaml"} == {
        path.name for path in package.iterdir()
    }


def test_it_has_a_picture_of_where_networks_differ(package: Path) -> None:
    with Image.open(package / "cover.png") as picture:
        colors = np.asarray(picture).reshape(-1, 3).astype(int)
    assert picture.size == (208, 176)
    assert (np.ptp(colors, axis=1) > 0).mean() > 0.01


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a/b:c"}, "name"),
        ({"license": "my own"}, "license"),
        ({"example": picture(176, 176, 3)}, "has 3 channels, and the networks take 1"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path,
    trained: TrainedEnsemble,
    change: dict[str, Any],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_inconsistency_masks.exchange import bioimage

    monkeypatch.setattr(bioimage, "write_onnx", lambda path, _: path.write_bytes(b""))
    monkeypatch.setattr(bioimage, "opset_of", lambda _: 20)
    with pytest.raises(InputError, match=message):
        write_bioimage(tmp_path / "c.zip", trained, replace(ABOUT, **change), gray="stretched")
    assert not list(tmp_path.iterdir())


def test_of_a_large_example_the_middle_is_taken_and_a_small_one_is_mirrored(
    trained: TrainedEnsemble,
) -> None:
    image = picture(900, 100)
    tensor = example_tensor(image, trained, "as-is")
    assert tensor.shape == (1, 1, 512, 144)
    np.testing.assert_array_equal(tensor[0, :, :, :100], image[:, 194:706])
    np.testing.assert_array_equal(tensor[0, :, :, 100:], image[:, 194:706, 98:54:-1])


def test_networks_for_8_bits_need_an_example_of_8_bits(
    tmp_path: Path, trained: TrainedEnsemble
) -> None:
    with pytest.raises(InputError, match="uint16, and these networks take 8 bits"):
        write_bioimage(tmp_path / "cells.zip", trained, ABOUT, gray="as-is")


def test_an_onnx_file_takes_several_images_of_any_size(tmp_path: Path) -> None:
    trained = trained_toy(tmp_path / "run", Task.MULTICLASS, 3)
    path = tmp_path / "cells.onnx"
    write_onnx(path, trained)
    images = np.stack([picture(32, 80, 3), picture(32, 80, 3)[:, ::-1]])  # (B, C, Y, X)
    evaluator = ReferenceEvaluator(str(path))
    probability, inconsistency = evaluator.run(None, {"image": images.astype(np.float32)})
    for number, image in enumerate(images):
        prediction = predict(trained, image)
        np.testing.assert_allclose(probability[number], prediction.mean(), atol=1e-4)
        mask = find_consensus(prediction).inconsistency
        assert (inconsistency[number, 0] == mask).mean() > 0.999
    (entry,) = evaluator.proto_.metadata_props
    assert ModelCard.from_json(json.loads(entry.value), "the file") == trained.card


def test_a_file_that_computes_something_else_is_not_written(
    package: Path, trained: TrainedEnsemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = onnx.load(package / "ensemble.onnx")
    for weights in other.graph.initializer:
        if len(weights.dims) == 4:
            weights.raw_data = bytes(len(weights.raw_data))
    monkeypatch.setattr(onnx_file, "_translated", lambda *_: other)
    path = tmp_path / "cells.onnx"
    path.write_bytes(b"older")
    with pytest.raises(InputError, match="would not compute what the networks do"):
        write_onnx(path, trained)
    assert path.read_bytes() == b"older"


def test_other_networks_are_refused(tmp_path: Path, trained: TrainedEnsemble) -> None:
    card = replace(trained.card, architecture=replace(trained.card.architecture, network="dinov2"))
    with pytest.raises(InputError, match=r"dinov2 .* only U-Nets can"):
        write_onnx(tmp_path / "cells.onnx", replace(trained, card=card))


def test_missing_packages_are_named(
    tmp_path: Path, trained: TrainedEnsemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "PACKAGES", ("onnx", "not_there", "not_there.either"))
    with pytest.raises(InputError, match=r"not_there, not_there.either.*\[exchange\]"):
        write_onnx(tmp_path / "cells.onnx", trained)


@pytest.mark.parametrize(
    ("words", "name"),
    [("our cells", "our cells"), ("x", "networks x"), ("größe.2", "gr__e_2"), ("c" * 99, "c" * 64)],
)
def test_a_name_is_proposed_that_the_format_allows(words: str, name: str) -> None:
    assert proposed_name(words) == name


def test_names_of_classes_become_names_of_channels() -> None:
    names = ["living cells", "living-cells", "2n", "größe", ""]
    assert _identifiers(names) == [
        "living_cells", "living_cells_", "class_2n", "gr__e", "class_"
    ]  # fmt: skip

"""Weights on disk: round trip, damage, and files of somebody else."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from napari_inconsistency_masks import checkpoint
from napari_inconsistency_masks.checkpoint import (
    ModelCard,
    load_network,
    load_tensors,
    save_network,
    save_tensors,
)
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.nets.ensemble import Architecture
from napari_inconsistency_masks.nets.unet import UNet
from napari_inconsistency_masks.task import LabelScheme, Task

CARD = ModelCard(
    scheme=LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position"),
    architecture=Architecture(1, 3, 0.25),
    intensity=Intensity("percentile", 2.0, 99.0),
    provenance={"recipe": "im", "seed": 3},
)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, UNet]:
    torch.manual_seed(0)
    network = CARD.architecture.build()
    path = tmp_path / "network-0.safetensors"
    save_network(path, network, CARD)
    return path, network


def rewrite(path: Path, **changes: str) -> None:
    """Write the file again with other metadata, as another program would."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    save_file(load_file(path), path, {**metadata, **changes})


def test_weights_and_card_come_back(saved: tuple[Path, UNet]) -> None:
    path, network = saved
    again, card = load_network(path)
    assert card == CARD
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_a_task_without_positions_and_of_class_ids(tmp_path: Path) -> None:
    card = replace(
        CARD, scheme=LabelScheme(Task.MULTICLASS, ("a", "b")), architecture=Architecture(3, 3, 0.25)
    )
    save_network(tmp_path / "n.safetensors", card.architecture.build(), card)
    assert load_network(tmp_path / "n.safetensors")[1] == card


def test_cut_short_anywhere_is_refused_by_name(saved: tuple[Path, UNet]) -> None:
    path, _ = saved
    whole = path.read_bytes()
    for part in range(50):
        path.write_bytes(whole[: len(whole) * part // 50])
        with pytest.raises(InputError, match=r"network-0\.safetensors"):
            load_network(path)


def test_any_flipped_bit_is_noticed(saved: tuple[Path, UNet]) -> None:
    path, _ = saved
    whole = bytearray(path.read_bytes())
    generator = torch.Generator().manual_seed(1)
    for place in torch.randint(0, len(whole), (200,), generator=generator).tolist():
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"network-0\.safetensors"):
            load_network(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "somebody/else"}, "not a network file"),
        ({"version": "2"}, "newer version"),
        ({"version": "one"}, "newer version"),
        ({"sha256": "0" * 64}, "damaged"),
        ({"about": "{}"}, "damaged"),
    ],
)
def test_foreign_metadata_is_refused(saved: tuple[Path, UNet], change: dict, said: str) -> None:
    path, _ = saved
    rewrite(path, **change)
    with pytest.raises(InputError, match=said):
        load_network(path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("architecture", "width"), 1e6),
        (("architecture", "width"), float("1e-9")),
        (("architecture", "channels"), 10**7),
        (("architecture", "outputs"), 4),
        (("scheme", "task"), "guess"),
        (("scheme", "classes"), []),
        (("scheme", "position"), "nowhere"),
        (("intensity", "mode"), "magic"),
        (("intensity",), 3),
        (("provenance",), None),
    ],
)
def test_a_card_that_cannot_be_is_refused_before_a_network_is_built(
    saved: tuple[Path, UNet], keys: tuple[str, ...], value: object
) -> None:
    path, network = saved
    card = CARD.to_json()
    inner = card
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    save_tensors(path, network.state_dict(), "network", card)
    with pytest.raises(InputError, match=r"network-0\.safetensors"):
        load_network(path)


def test_weights_of_another_network_are_refused(saved: tuple[Path, UNet]) -> None:
    path, _ = saved
    save_tensors(path, UNet(1, 3, 0.5).state_dict(), "network", CARD.to_json())
    with pytest.raises(InputError, match="do not belong to a network of its card"):
        load_network(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(saved: tuple[Path, UNet], value: float) -> None:
    path, network = saved
    state = network.state_dict()
    state["head.bias"][1] = value
    save_tensors(path, state, "network", CARD.to_json())
    with pytest.raises(InputError, match="not finite"):
        load_network(path)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "run",))

    path = tmp_path / "network-0.safetensors"
    torch.save({"weights": Payload()}, path)
    with pytest.raises(InputError, match="cannot be read"):
        load_network(path)
    assert not (tmp_path / "run").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_network(tmp_path / "nothing.safetensors")


def test_a_file_that_may_not_be_read_is_not_said_to_be_missing(
    saved: tuple[Path, UNet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise FileNotFoundError(f"No such file or directory: {path}")

    monkeypatch.setattr(checkpoint, "safe_open", refuse)
    with pytest.raises(InputError, match=r"network-0\.safetensors: get the permission"):
        load_network(saved[0])


def test_tensors_of_any_type_and_layout_come_back(tmp_path: Path) -> None:
    tensors = {
        "number": torch.tensor(3.0),
        "count": torch.tensor(2**40),
        "last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "none": torch.zeros(0, 3),
    }
    save_tensors(tmp_path / "state.safetensors", tensors, "state", {"step": 3})
    again, about = load_tensors(tmp_path / "state.safetensors", "state")
    assert about == {"step": 3}
    assert all(torch.equal(again[name], tensor) for name, tensor in tensors.items())


def test_an_old_file_survives_a_failed_write(saved: tuple[Path, UNet]) -> None:
    path, _ = saved
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        save_tensors(path, {"a": torch.zeros(1)}, "network", {"value": json.loads("NaN")})
    assert path.read_bytes() == before


def test_a_full_disk_is_told_in_a_sentence(saved: tuple[Path, UNet]) -> None:
    """With a limit for the size of files the system refuses as on a full disk."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    path, network = saved
    before = path.read_bytes()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, usual[1]))
    try:
        with pytest.raises(WriteError, match="not written, the disk is full") as refused:
            save_network(path, network, CARD)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert refused.value.errno == errno.EFBIG
    assert (path.read_bytes(), [*path.parent.iterdir()]) == (before, [path])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I/O error: No space left on device (os error 28)", "disk is full"),
        ('IoError(Os { code: 28, kind: StorageFull, message: "No space left" })', "disk is full"),
        ("odd", "odd"),
    ],
)
def test_what_the_library_says_of_a_failed_write_is_told(
    said: str, told: str, saved: tuple[Path, UNet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise SafetensorError(f"Error while serializing: {said}")

    if "28" in said and os.name == "nt":
        pytest.skip("Windows has other numbers")
    monkeypatch.setattr(checkpoint, "save_file", fail)
    with pytest.raises(WriteError, match=told):
        save_network(*saved, CARD)


@pytest.mark.skipif(os.name == "nt", reason="files have no modes")
def test_others_may_read_what_the_umask_lets_them_read(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    save_tensors(tmp_path / "weights.safetensors", {"a": torch.zeros(2)}, "test", {})
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="no list of mapped files")
def test_what_was_read_does_not_hold_its_file(tmp_path: Path) -> None:
    """Windows replaces and removes no file of which a part is mapped into memory."""
    path = tmp_path / "state.safetensors"
    save_tensors(path, {"a": torch.ones(1000, 1000)}, "state", {})
    tensors, _ = load_tensors(path, "state")
    assert path.name not in Path("/proc/self/maps").read_text()
    assert float(tensors["a"].sum()) == 1e6

"""Which networks the program behind the window predicts with while their run learns on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.batch.model import checksum
from napari_inconsistency_masks.cli.serve import serve_stream
from napari_inconsistency_masks.inference.listing import network_files
from napari_inconsistency_masks.task import Task
from toy import QUICK, toy_data, toy_sample

OVER = ("done", "failed")


def test_networks_asked_for_are_used_as_long_as_they_are_in_memory(tmp_path: Path) -> None:
    run = tmp_path / "run"
    list(runs.train("im", toy_data(), QUICK, folder=run))
    new = checksum(network_files(run))
    np.save(tmp_path / "image.npy", toy_sample(Task.MULTILABEL, 0).image[None])
    (tmp_path / "out").mkdir()
    request = {"do": "predict", "run": str(run), "out": str(tmp_path / "out")}
    request["image"] = str(tmp_path / "image.npy")
    said = list[dict[str, Any]]()
    frames = list[np.ndarray[Any, Any]]()

    def requests() -> Iterator[bytes]:
        for number, wanted in enumerate(({}, {"networks": new}, {}, {"networks": new})):
            yield json.dumps({"id": number, **request, **wanted}).encode()
            while not said or said[-1]["id"] != number or said[-1]["answer"] not in OVER:
                time.sleep(0.01)
            frames.append(np.load(tmp_path / "out" / "members.npy"))
            if number == 0:
                plans.choose_generation(run, 0)

    serve_stream(requests(), said.append)
    assert "failed" not in {answer["answer"] for answer in said}
    old = checksum(network_files(run))
    assert old != new
    networks = [answer["networks"] for answer in said if answer["answer"] == "ready"]
    assert networks == [new, new, old, old], "asked for in vain: those of now, and it is said"
    np.testing.assert_array_equal(frames[0], frames[1])
    np.testing.assert_array_equal(frames[2], frames[3])

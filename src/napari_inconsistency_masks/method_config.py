"""The numbers of each training method, with the defaults used here and what they do.

One group of settings per method, under the method's name. What the sources of a method say and
what is left open in them is in docs/methods.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from .settings import Config, option


def _threshold() -> Any:
    return option("Threshold", "Pixels teach where the label is at least this sure.", ge=0, le=1)


def _weight(what: str) -> Any:
    return option("Weight", f"Of {what}, next to the labels.", ge=0, le=100)


def _ramp() -> Any:
    return option("Ramp", "Part of the training in which that weight grows from 0.", ge=0, le=1)


def _decay() -> Any:
    return option("Teacher's memory", "Part of the teacher that stays at each step.", ge=0, lt=1)


@dataclass(frozen=True)
class ConsistencyConfig(Config):
    """Two changed views of an image should look the same to the network."""

    strength: Annotated[
        Literal["low", "mid", "high"],
        option("Strength", "Of brightness, blur and noise in the two views."),
    ] = "mid"
    weight: Annotated[float, _weight("the difference between the views")] = 1.0


@dataclass(frozen=True)
class FixMatchConfig(Config):
    """The network's confident labels of an image teach it a strongly changed view."""

    threshold: Annotated[float, _threshold()] = 0.95
    weight: Annotated[float, _weight("the unlabeled images")] = 1.0
    teacher: Annotated[
        float,
        option(
            "Teacher's memory",
            "Part of a slowly following teacher that stays at each step, such as 0.99; it labels "
            "the images, and is what is kept. 0: no teacher, the network labels them itself.",
            ge=0,
            lt=1,
        ),
    ] = 0.0


@dataclass(frozen=True)
class FplConfig(Config):
    """Two networks teach each other sets of plausible classes."""

    threshold: Annotated[
        float, option("Threshold", "Probability that the plausible classes hold.", gt=0, le=1)
    ] = 0.9
    weight: Annotated[float, _weight("the unlabeled images")] = 1.5
    ramp: Annotated[float, _ramp()] = 0.25


@dataclass(frozen=True)
class CrossMatchConfig(Config):
    """Strong views, and features with channels left out, must agree with the plain view."""

    threshold: Annotated[float, _threshold()] = 0.95
    weak_dropout: Annotated[
        float, option("Weak dropout", "Part of the channels left out.", ge=0, lt=1)
    ] = 0.25
    strong_dropout: Annotated[
        float, option("Strong dropout", "Part of the channels left out.", ge=0, lt=1)
    ] = 0.75
    eta: Annotated[
        float,
        option("Eta", "Part of the distillation between views with the same dropout.", ge=0, le=1),
    ] = 0.3


@dataclass(frozen=True)
class ImasConfig(Config):
    """A mean teacher; the better it and the student agree on an image, the harder its views."""

    threshold: Annotated[float, _threshold()] = 0.7
    weight: Annotated[float, _weight("the unlabeled images")] = 3.0
    decay: Annotated[float, _decay()] = 0.996


@dataclass(frozen=True)
class U2plConfig(Config):
    """A mean teacher; unreliable pixels say what a class is not."""

    decay: Annotated[float, _decay()] = 0.99
    unreliable: Annotated[
        float, option("Unreliable", "Percent of pixels not trusted at the start.", ge=0, le=50)
    ] = 20.0
    contrast: Annotated[float, _weight("the contrast between classes")] = 1.0
    anchors: Annotated[
        int, option("Anchors", "Pixels per class that are compared.", ge=1, le=4096)
    ] = 256
    negatives: Annotated[
        int, option("Negatives", "Pixels each anchor is compared with.", ge=1, le=1024)
    ] = 50
    bank: Annotated[int, option("Memory", "Pixels remembered per class.", ge=16, le=100_000)] = 5000
    temperature: Annotated[
        float, option("Temperature", "Of the contrast between classes.", ge=0.01, le=10)
    ] = 0.5


@dataclass(frozen=True)
class UniMatchConfig(Config):
    """As FixMatch, with two strong views and one with channels left out of the features."""

    threshold: Annotated[float, _threshold()] = 0.95
    dropout: Annotated[float, option("Dropout", "Part of the channels left out.", ge=0, lt=1)] = 0.5


@dataclass(frozen=True)
class UniMatchV2Config(Config):
    """A mean teacher; two strong views, each with the channels the other leaves out."""

    threshold: Annotated[float, _threshold()] = 0.95
    decay: Annotated[float, _decay()] = 0.996


@dataclass(frozen=True)
class SegkcConfig(Config):
    """A wide and a narrow network teach each other."""

    weight: Annotated[float, _weight("the labels that the networks give each other")] = 1.5
    ramp: Annotated[float, _ramp()] = 0.25
    consultation: Annotated[
        float, option("Consultation", "Weight of the difference of probabilities.", ge=0, le=100)
    ] = 1.0
    narrow: Annotated[
        float, option("Narrow", "Width of the second network, of the first's.", ge=0.25, le=1)
    ] = 0.5


@dataclass(frozen=True)
class MethodConfigs(Config):
    """The settings of all methods; a training uses those of its own."""

    consistency: ConsistencyConfig = field(default_factory=ConsistencyConfig)
    fixmatch: FixMatchConfig = field(default_factory=FixMatchConfig)
    fpl: FplConfig = field(default_factory=FplConfig)
    crossmatch: CrossMatchConfig = field(default_factory=CrossMatchConfig)
    imas: ImasConfig = field(default_factory=ImasConfig)
    u2pl: U2plConfig = field(default_factory=U2plConfig)
    unimatch: UniMatchConfig = field(default_factory=UniMatchConfig)
    unimatch_v2: UniMatchV2Config = field(default_factory=UniMatchV2Config)
    segkc: SegkcConfig = field(default_factory=SegkcConfig)


METHOD_GROUPS: dict[str, tuple[str, type[Config]]] = {
    "consistency": ("Consistency loss", ConsistencyConfig),
    "fixmatch": ("FixMatch", FixMatchConfig),
    "fpl": ("Fuzzy positive learning", FplConfig),
    "crossmatch": ("CrossMatch", CrossMatchConfig),
    "imas": ("iMAS", ImasConfig),
    "u2pl": ("U2PL", U2plConfig),
    "unimatch": ("UniMatch", UniMatchConfig),
    "unimatch_v2": ("UniMatch v2", UniMatchV2Config),
    "segkc": ("Cross-width consultation", SegkcConfig),
}
"""Per field of `MethodConfigs`: the title of the method, and its settings."""

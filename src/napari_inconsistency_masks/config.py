"""Every number a person can choose for training, with its limits and what it does.

The same frozen objects are the Python argument, the JSON in a run folder, the flags of the command
line and the fields of the form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from .errors import InputError
from .method_config import MethodConfigs
from .settings import Config, option


@dataclass(frozen=True)
class PseudoLabelConfig(Config):
    """How agreement and disagreement become pseudo-labels. Defaults are the paper's."""

    erode: Annotated[
        int,
        option("Shrink mask", "Odd side of the square that erodes the mask; 0: none.", ge=0, le=31),
    ] = 0
    dilate: Annotated[
        int,
        option("Grow mask", "Odd side of the square that dilates the mask; 0: none.", ge=0, le=31),
    ] = 0
    blank_image: Annotated[
        bool, option("Blank image", "Set the image to 0 where the networks disagree.")
    ] = True
    blank_label: Annotated[
        bool, option("Blank label", "Set the pseudo-label to 0 where the networks disagree.")
    ] = True
    ignore: Annotated[
        Literal["nothing", "pixels", "classes"],
        option(
            "Leave out",
            "What the loss leaves out: nothing (disagreement is taught as background, as in the "
            "paper), the pixels of the mask, or there only the classes the networks disagree on.",
        ),
    ] = "nothing"
    markers: Annotated[
        Literal["paper", "labels"],
        option(
            "Markers",
            "How positions are drawn: as in the paper, with a radius of a quarter of the distance "
            "to the next (3 to 8) and moved by one pixel; or like those of the labels.",
        ),
    ] = "paper"
    drop_uncertain: Annotated[
        bool,
        option(
            "Drop uncertain images",
            "Binary: leave out images whose agreed foreground is not larger than the disagreement, "
            "so also those in which nothing is seen.",
        ),
    ] = True
    same_classes: Annotated[
        bool,
        option(
            "Same classes only",
            "Multi-class: leave out images in which the networks find different sets of classes.",
        ),
    ] = False
    reblank: Annotated[
        bool,
        option(
            "Blank again",
            "Blank once more after brightness, blur and noise, so that blanked pixels are 0.",
        ),
    ] = False
    views: Annotated[
        int,
        option("Views", "Input ensemble: how many changed versions the network sees.", ge=2, le=32),
    ] = 5
    score_low: Annotated[
        float | None,
        option(
            "Low score",
            "Judged pseudo-labels: up to this score one copy, and the least to be chosen; empty: "
            "taken from the scores of all images.",
            ge=0,
            le=1,
        ),
    ] = None
    score_high: Annotated[
        float | None,
        option(
            "High score",
            "Judged pseudo-labels: from this score on five copies; empty: taken from the scores "
            "of all images.",
            ge=0,
            le=1,
        ),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("erode", "dilate"):
            side = getattr(self, name)
            if side and side % 2 == 0:
                raise InputError(f"{name} = {side} pixels: give 0 or an odd number, as 3 or 5.")


@dataclass(frozen=True)
class AugmentConfig(Config):
    """Strength of the augmentation: the paper's for HeLa images."""

    contrast: Annotated[
        float, option("Contrast", "Gray values times 1 - c to 1 + c.", ge=0, lt=1)
    ] = 0.3
    brightness: Annotated[int, option("Brightness", "Gray values plus -b to b.", ge=0, le=255)] = 15
    blur: Annotated[
        int, option("Blur", "Up to a Gaussian of 3 (1), 5 (2) or 7 (3) pixels.", ge=0, le=3)
    ] = 3
    noise: Annotated[int, option("Noise", "Gray values plus -n to n - 1.", ge=0, le=127)] = 25


@dataclass(frozen=True)
class TrainConfig(MethodConfigs):
    """How a recipe is trained. Defaults are the paper's (study B)."""

    members: Annotated[
        int,
        option("Networks", "Networks trained side by side in each generation.", ge=1, le=32),
    ] = 5
    teachers: Annotated[
        int,
        option(
            "Teachers",
            "The best networks of a generation; they label the next one and make the ensemble.",
            ge=1,
            le=32,
        ),
    ] = 2
    generations: Annotated[
        int,
        option("Generations", "Rounds of pseudo-labels and new networks.", ge=0, le=50),
    ] = 5
    network: Annotated[
        Literal["unet", "resnet50", "dinov2"],
        option(
            "Network",
            "The paper's small U-Net; or ResNet-50 or DINOv2, which are large and need the "
            "published weights of their encoders.",
        ),
    ] = "unet"
    encoder_weights: Annotated[
        str | None,
        option(
            "Encoder weights",
            "A safetensors file that encoders of ResNet-50 or DINOv2 begin with; empty: random.",
        ),
    ] = None
    width: Annotated[
        float,
        option(
            "Width",
            "Width of the U-Net, or of the decoder: 0.5 is fast, 2 is large.",
            ge=0.25,
            le=8,
        ),
    ] = 1.0
    epochs: Annotated[
        int,
        option("Epochs", "Rounds of training; the best one is kept.", ge=1, le=100_000),
    ] = 50
    steps: Annotated[
        int | None,
        option("Steps per epoch", "Empty: one pass over the images.", ge=1, le=1_000_000),
    ] = None
    batch: Annotated[int, option("Batch", "Images per step.", ge=1, le=4096)] = 32
    patch: Annotated[
        int,
        option(
            "Patch",
            "Side in pixels of the pieces that larger images are cut into.",
            ge=16,
            le=4096,
            multiple_of=16,
        ),
    ] = 256
    learning_rate: Annotated[
        float, option("Learning rate", "Of the AdamW optimizer.", gt=0, le=1)
    ] = 0.003
    weight_decay: Annotated[
        float,
        option("Weight decay", "Of AdamW; 1/30 is the reference's 1e-4 per step.", ge=0, le=10),
    ] = 1e-4 / 0.003
    cosine: Annotated[
        bool,
        option("Falling learning rate", "Along a cosine to 0; the paper keeps it constant."),
    ] = False
    settle_norms: Annotated[
        bool,
        option(
            "Settle quickly",
            "Let batch normalization average all of the first 100 steps: short training needs it; "
            "the paper does without.",
        ),
    ] = False
    loss: Annotated[
        Literal["auto", "mse", "bce", "dice", "cross-entropy", "ce+dice"],
        option(
            "Loss",
            "auto is the paper's: squared error for binary and multi-label, cross-entropy for "
            "multi-class; ce+dice is for rare classes.",
        ),
    ] = "auto"
    position_weight: Annotated[
        float, option("Position weight", "Target value of position pixels.", ge=1, le=100)
    ] = 3.0
    augment: Annotated[
        Literal["recipe", "never", "copies", "labels", "always"],
        option(
            "Augment",
            "recipe: as it says; never; copies: 9 fixed ones of each labeled image (the paper's "
            "way); labels: each labeled image anew every time it is seen; always: pseudo-labeled "
            "images as well.",
        ),
    ] = "recipe"
    augmentation: AugmentConfig = field(default_factory=AugmentConfig)
    pseudo_labels: PseudoLabelConfig = field(default_factory=PseudoLabelConfig)
    labeled_share: Annotated[
        float | None,
        option(
            "Share of real labels",
            "Part of each batch that comes from labeled images; empty: as they come.",
            gt=0,
            le=1,
        ),
    ] = None
    correction_share: Annotated[
        float | None,
        option(
            "Share of corrections",
            "Part of the real labels in each batch that comes from images labeled in part, in "
            "label boxes, or (when training goes on from other networks) labeled since; empty: as "
            "they come.",
            gt=0,
            lt=1,
        ),
    ] = None
    students: Annotated[
        Literal["supervised", "method"],
        option(
            "Students learn by",
            "How networks learn from pseudo-labels: supervised, or by the recipe's method again.",
        ),
    ] = "supervised"
    warm_start: Annotated[
        bool, option("Start from teachers", "Go on from the networks before, not from scratch.")
    ] = False
    refuse_worse: Annotated[
        bool,
        option(
            "Refuse a worse generation",
            "Stop when the validation images say it is worse: by their count error, or, where "
            "that differs by no more than its standard error, by their IoU.",
        ),
    ] = False
    minutes: Annotated[
        float | None,
        option(
            "Minutes",
            "Time a training may take at the most; it then ends properly, with the networks it "
            "has. Empty: until all epochs are done.",
            gt=0,
            le=10_080,
        ),
    ] = None
    follow_collapsed: Annotated[
        bool,
        option(
            "Go on after a collapse",
            "Train on the pseudo-labels even of networks that find nothing, always say the same, "
            "or are all alike.",
        ),
    ] = False
    seed: Annotated[
        int,
        option("Seed", "Same seed, device and number of threads, same result.", ge=0, le=2**31 - 1),
    ] = 0
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        option("Precision", "auto takes bfloat16 where the processor computes in it."),
    ] = "auto"
    device: Annotated[str, option("Device", "auto, cpu, mps, cuda or cuda:1.")] = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.teachers > self.members:
            raise InputError(
                f"teachers = {self.teachers}: they are chosen from the {self.members} networks "
                f"of a generation; give members = {self.teachers} or more."
            )

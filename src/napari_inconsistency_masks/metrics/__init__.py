"""How good predictions are: overlap, counts, and the figures of the reference implementation."""

from .evaluation import Evaluation, matched_pairs
from .expected_counts import CountRatio, ExpectedCount, count_ratio
from .reference import (
    HelaScores,
    classwise_iou,
    detected_after_blanking,
    detected_classes,
    dice,
    iou,
    mean_iou_of_present_classes,
    pixel_accuracy,
    reference_hela_scores,
)
from .scores import CountRow, CountScore, ImageScore, Scores

__all__ = [
    "CountRatio",
    "CountRow",
    "CountScore",
    "Evaluation",
    "ExpectedCount",
    "HelaScores",
    "ImageScore",
    "Scores",
    "classwise_iou",
    "count_ratio",
    "detected_after_blanking",
    "detected_classes",
    "dice",
    "iou",
    "matched_pairs",
    "mean_iou_of_present_classes",
    "pixel_accuracy",
    "reference_hela_scores",
]

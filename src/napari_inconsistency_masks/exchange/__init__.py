"""Trained networks for other programs: ONNX files, and BioImage.IO packages around them.

All members of an ensemble become one network with two outputs: the mean probability of each class,
and where the members differ. Needs the extra ``exchange``.
"""

from .about import About, proposed_name
from .bioimage import write_bioimage
from .gray import AS_IS, STRETCHED, gray_values
from .onnx_file import write_onnx

__all__ = [
    "AS_IS",
    "STRETCHED",
    "About",
    "gray_values",
    "proposed_name",
    "write_bioimage",
    "write_onnx",
]

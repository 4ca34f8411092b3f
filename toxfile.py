"""Which build of torch tox installs: the CPU's where a computer has no NVIDIA GPU.

``PIP_FIND_LINKS`` names a place with wheels; uv does not read it by itself. Everybody else gets the
build that fits the computer from PyTorch's own index, unless ``UV_TORCH_BACKEND`` says otherwise.
"""

import os

if "PIP_FIND_LINKS" in os.environ:
    os.environ.setdefault("UV_FIND_LINKS", os.environ["PIP_FIND_LINKS"])
else:
    os.environ.setdefault("UV_TORCH_BACKEND", "auto")

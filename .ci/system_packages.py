"""Make sure a Debian or Ubuntu machine has what a Qt window on a virtual display needs.

Does nothing where everything is there, or on another system. As root it installs what is missing;
otherwise it names the command to run.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
}
PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth"}
DRIVER = "libgl1-mesa-dri"  # has no library of its own name; comes with the first install


def missing_packages() -> list[str]:
    """Names of the Debian packages whose library or program is not there."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return [*missing, DRIVER] if missing else []


def main() -> int:
    """Install what is missing; 1 if a person has to."""
    if not sys.platform.startswith("linux"):
        return 0
    missing = missing_packages()
    if not missing:
        return 0
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if shutil.which("apt-get") is None:
        print("The window needs these libraries, by their Debian names:", *missing)
        return 1
    if os.geteuid() != 0:
        print("The window needs some system libraries. Install them with this line, then repeat:")
        print("sudo apt-get update && sudo", *install)
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], check=True, env=environment)
    subprocess.run([*install, "-q"], check=True, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())

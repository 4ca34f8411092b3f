"""The names of the package: lazy, complete, and light to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import napari_inconsistency_masks as im

SOURCE = Path(im.__file__).parent
HEAVY = ("torch", "qtpy", "napari", "magicgui", "PyQt6", "pyqtgraph", "skimage", "pandas", "scipy")


def modules_loaded_by(code: str) -> set[str]:
    """Top-level modules in memory after some code ran in a process of its own."""
    probe = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not modules_loaded_by("import napari_inconsistency_masks") & set(HEAVY)


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    assert not modules_loaded_by("import napari_inconsistency_masks.cli") & set(HEAVY)


def test_everything_but_the_window_is_imported_where_there_is_neither_qt_nor_napari() -> None:
    files = [file.relative_to(SOURCE.parent) for file in sorted(SOURCE.rglob("*.py"))]
    names = [".".join(file.with_suffix("").parts) for file in files if "widgets" not in file.parts]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    assert len(names) > 200
    absent = ("napari", "qtpy", "magicgui", "PyQt6", "pyqtgraph")
    hidden = f"sys.modules.update(dict.fromkeys({absent}))"  # None: importing it fails
    loaded = modules_loaded_by("\n".join([hidden, *(f"import {name}" for name in names)]))
    assert "torch" in loaded


def imported_by(file: Path) -> set[str]:
    """What a file imports, anywhere in it but for type checkers: top-level modules of others."""
    found: set[str] = set()
    left: list[ast.AST] = [ast.parse(file.read_text())]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        left += ast.iter_child_nodes(node)
    return found - sys.stdlib_module_names


def test_what_is_imported_outside_of_the_window_does_not_come_with_napari_alone() -> None:
    """Also what a function imports once it is called: all of it is there without napari."""
    files = [file for file in SOURCE.rglob("*.py") if "widgets" not in file.parts]
    names = set().union(*map(imported_by, files))
    assert {"torch", "typer", "yaml", "onnx"} <= names
    assert not names & {"napari", "qtpy", "magicgui", "superqt", "pyqtgraph"}
    assert [name for name in sorted(names) if find_spec(name) is None] == []


def test_run_folders_and_data_are_read_without_torch() -> None:
    loaded = modules_loaded_by(
        "import napari_inconsistency_masks as im\n"
        "import napari_inconsistency_masks.plans, napari_inconsistency_masks.data.origin\n"
        "im.load_synthetic(images=2, labeled=1, validation=1, test=0, size=(64, 64)).labeled[0]"
    )
    assert "torch" not in loaded
    assert "qtpy" not in loaded


@pytest.mark.parametrize("name", im.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(im, name) is not None
    assert name in dir(im)


def test_public_names_are_declared_once_for_checkers_and_at_run_time() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    declared = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert declared == set(im.__all__) == set(im._HOMES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        im.nonsense  # noqa: B018


BANNED = {
    "pickle": "import pickle",
    "eval": "eval(",
    "extractall": ".extractall(",
    "allow_pickle": "allow_pickle=True",
    "unsafe load": "weights_only=False",
    "torch.save": "torch.save(",
    "yaml": "yaml.load(",
}


@pytest.mark.parametrize("what", BANNED)
def test_calls_that_could_run_foreign_code_are_nowhere(what: str) -> None:
    found = [p for p in SOURCE.rglob("*.py") if BANNED[what] in p.read_text()]
    if what == "eval":  # a network's mode, not the function
        found = [p for p in found if " eval(" in p.read_text().replace(".eval(", "")]
    assert not found


def test_files_are_written_through_one_door() -> None:
    """Images, tables and JSON go through files/, which writes them whole or not at all."""
    direct = (
        "imwrite(",
        ".write_text(",
        ".write_bytes(",
        "np.save(",
        ".to_csv(",
        "open('w",
        'open("w',
    )
    exempt = {"files", "synthetic"}
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if not exempt & set(path.relative_to(SOURCE).parts)
        and any(call in path.read_text() for call in direct)
    }
    assert not found, "see files/atomic.py"

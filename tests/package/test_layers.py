"""The house: which folder may import from which, sizes of modules, and a light import."""

import ast
import re
import subprocess
from graphlib import TopologicalSorter

import pytest
import rooms
from support import PYTHON

import energynet

# Room -> the rooms that it may import from. Data flows from the first to the last.
MAY_IMPORT = {
    "errors": "",
    "support": "errors",
    "data": "errors support",
    "rules": "errors support",
    "config": "errors support rules",
    "kernels": "errors support",
    "kernels.ranking": "kernels",
    "kernels.rules": "kernels kernels.ranking",
    "training.custom": "errors support rules kernels kernels.rules",
    "training": "errors support data rules config kernels kernels.ranking kernels.rules"
    " training.custom",
    "store": "errors support data rules config kernels training",
    "analysis": "errors support rules store",
    "sweeps": "errors support data rules config kernels training store",
    "studies.statements": "errors support analysis",
    "studies.figures": "errors support data rules config training store analysis",
    "studies.report": "errors support data store analysis studies.statements studies.figures",
    "studies.stages": "errors support data rules config kernels training store analysis sweeps"
    " studies.statements studies.figures studies.report",
    "cli": "errors support data rules config kernels training store analysis sweeps"
    " studies.statements studies.figures studies.report studies.stages",
    "__main__": "cli",
}
LONGEST_CHAIN, BESIDE, MODULE_LINES, FUNCTION_LINES = 14, 6, 400, 60
MODULES = rooms.modules()
TESTS = sorted((rooms.ROOT / "tests").rglob("*.py"))


def test_rooms_import_only_from_those_they_may():
    found = rooms.arrows()
    assert found.keys() == MAY_IMPORT.keys()
    for room, others in found.items():
        assert others <= set(MAY_IMPORT[room].split()), room


def test_no_room_can_be_reached_from_itself():
    assert max(rooms.levels(rooms.arrows()).values()) <= LONGEST_CHAIN


def test_modules_import_in_no_circle():
    graph = {
        name: {
            other for other in rooms.imported(path) if rooms.room_of(other) == rooms.room_of(name)
        }
        for name, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_no_test_imports_from_another():
    names = {path.stem for path in TESTS if path.stem.startswith("test_")}
    assert len(names) > 30
    for path in TESTS:
        words = re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
        assert not names & set(words), path


def test_few_modules_stand_beside_the_folders():
    assert len(list(rooms.PACKAGE.glob("*.py"))) <= BESIDE


@pytest.mark.parametrize("name", MODULES)
def test_modules_and_functions_are_short(name):
    source = MODULES[name].read_text()
    assert source.count("\n") <= MODULE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = node.end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= FUNCTION_LINES, f"{node.name}: {lines} lines"


def test_import_loads_nothing_heavy():
    code = (
        "import sys, energynet;"
        "heavy = ('numba', 'pandas', 'matplotlib', 'scipy', 'tqdm', 'jinja2');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_of_the_same_name_does_not_hide_the_package(tmp_path):
    """Somebody who works beside a clone has a folder `energynet` in the current folder."""
    (tmp_path / "energynet").mkdir()
    command = [PYTHON[0], "-c", "import energynet; energynet.load_mnist"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_public_names_exist_and_are_documented():
    for name in energynet.__all__:
        documented = getattr(energynet, name).__doc__
        assert documented
        assert not documented.startswith(f"{name}(")  # what dataclasses and tuples write themselves

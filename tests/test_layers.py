"""Data flows one way: a module imports only from those before it; the import stays light."""

import ast
import subprocess
from pathlib import Path

from support import PYTHON

import energynet

PACKAGE = Path(energynet.__file__).parent
ORDER = """
errors support.checks support.html support.files support.npz data.idx data.dataset rules.built_in
rules.custom
rules.importing rules.names
config
kernels.team kernels.memory kernels.numerics kernels._sparse kernels.jit kernels.native
kernels.state
kernels.sums kernels.draws kernels.masks kernels.ranking.sort kernels.activation
kernels.strokes kernels.passes kernels.rules.mask kernels.ranking.factors
kernels.ranking.threshold kernels.ranking.ties
kernels.rules.largest kernels.rules.neuron kernels.rules.single kernels.rules.random
kernels.rules.steps
kernels.rules.custom kernels.stroke_lists kernels.evaluate
training.images training.evaluation training.network training.curve training.result
training.compare training.streams training.stability training.threads training.custom_steps
training.run
training.checkpoint training.loop training.progress
support.provenance cli.info training.warm sweeps.cost sweeps.grid store.folder store.table
store.exchange sweeps.worker
sweeps.pool sweeps.progress
sweeps.driver
analysis.methods analysis.columns analysis.intervals analysis.runs analysis.cells analysis.optimum
analysis.contrasts analysis.savings studies.statements.judge studies.statements.words
studies.statements.energy_kinds studies.statements.learning_kinds studies.statements.statements
studies.statements.claims
studies.statements.text store.read
studies.figures.style studies.figures.scales studies.figures.marks studies.figures.drawing
studies.figures.schematic studies.figures.fractions
studies.figures.sizes studies.figures.capacity studies.figures.updates studies.figures.accuracy
studies.figures.rates studies.figures.save
studies.report.tables studies.report.inline studies.report.page
studies.stages.preset studies.stages.view studies.stages.plan studies.stages.stages
studies.stages.outputs studies.stages.run
studies.stages.stored
cli.common cli.train cli.sweep cli.reproduce cli.report cli.main __main__
""".split()


def imported(path):
    """Modules of the package that a file imports, as dotted names below the package."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("energynet."):
                yield name.removeprefix("energynet.")


def test_imports_point_left():
    for path in PACKAGE.rglob("*.py"):
        if path.name == "__init__.py":
            continue
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        before = ORDER[: ORDER.index(name)]
        for other in imported(path):
            if other in ORDER:
                assert other in before, f"{name} imports {other}, which is not to its left"


def test_every_module_has_its_place():
    names = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert names == set(ORDER) - {"kernels._sparse"}


def test_import_loads_nothing_heavy():
    code = (
        "import sys, energynet;"
        "heavy = ('numba', 'pandas', 'matplotlib', 'scipy', 'tqdm', 'jinja2');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_exist_and_are_documented():
    for name in energynet.__all__:
        assert getattr(energynet, name).__doc__

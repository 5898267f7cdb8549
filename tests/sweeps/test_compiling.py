"""Each kernel is compiled once, and runs wait for the kernels that they need."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import PYTHON, digits, environment
from sweeps import replace_workers

import energynet as en
from energynet.sweeps import pool as pool_module
from energynet.sweeps import progress as sweep_progress

COMPILING = """
import time
from pathlib import Path
from energynet.sweeps import worker
from energynet.kernels import jit
if {uncached}:
    jit.CACHE = None
mine = set()
def compile(name):
    made = Path({folder!r}, name)
    if name not in mine and ({uncached} or not made.exists()):
        with Path({folder!r}, "log").open("a") as log:
            log.write(name + "\\n")
        time.sleep(0.5)
        made.touch()
    mine.add(name)
worker.load_kernels, worker.run_one = compile, lambda spec: "exhausted"
worker.main()
"""


@pytest.mark.parametrize("uncached", [False, True])
def test_each_kernel_is_compiled_once_if_there_is_a_cache(tmp_path, monkeypatch, capsys, uncached):
    monkeypatch.setattr(pool_module, "_CACHED", set())
    monkeypatch.setattr(sweep_progress, "_PATIENCE", 0.1)
    monkeypatch.setattr(sweep_progress, "_EVERY", 0.0)
    replace_workers(monkeypatch, COMPILING.format(folder=str(tmp_path), uncached=uncached))
    rules = ["fixed-units", "fixed-synapses", "random", "largest", "largest-per-layer"]
    grid = en.Grid(hidden=[3, 4], seeds=2, dtype=["float32", "float64"])
    grid += en.Grid(hidden=[3, 4], rule=rules, fraction=0.5)
    en.sweep(grid, tmp_path / "runs", data=digits(), workers=2)
    log = (tmp_path / "log").read_text().splitlines()
    sets = {f"float32 {name}" for name in ("units", "mask", "random", "largest")}
    assert set(log) == sets | {"float64 units"}
    if not uncached:
        assert len(log) == len(set(log))
    # A later sweep of this process does not say that it compiles them: it loads them.
    assert (set() if uncached else set(log)) == pool_module._CACHED
    said = capsys.readouterr().err.splitlines()
    begun = [line for line in said if line.startswith("compiling the kernels of rule ")]
    assert len(begun) == len(set(begun)) <= 5
    assert begun[0].endswith(", once: this takes up to a minute")
    before = said[: next(n for n, line in enumerate(said) if not re.match("0 of|compil", line))]
    assert any(line.endswith(" running, compiling kernels") for line in before)
    assert not [line for line in before if "left" in line]


def waiting(*kernels):
    return pool_module._Waiting({"id": n, "kernels": names} for n, names in enumerate(kernels))


def test_runs_wait_for_their_own_kernels_alone():
    runs = waiting(("a",), ("a",), ("a", "b"), ("c",), ("a", "b"))
    assert runs.take() == ({"id": 0, "kernels": ("a",)}, {"a"})
    assert runs.take() == ({"id": 3, "kernels": ("c",)}, {"c"})  # the others need a
    with ThreadPoolExecutor(1) as executor:
        blocked = executor.submit(runs.take)
        runs.compiled("a")
        assert blocked.result() == ({"id": 2, "kernels": ("a", "b")}, {"b"})  # before run 1
        assert runs.take() == ({"id": 1, "kernels": ("a",)}, set())
        blocked = executor.submit(runs.take)
        runs.release({"b"})  # its worker has died
        assert blocked.result() == ({"id": 4, "kernels": ("a", "b")}, {"b"})
        runs.put_back({"id": 2, "kernels": ("a", "b")})
        blocked = executor.submit(runs.take)
        runs.close()
        assert blocked.result() is None


def test_what_an_earlier_sweep_compiled_is_loaded():
    runs = pool_module._Waiting(({"id": n, "kernels": ("a", "b")} for n in range(2)), {"a", "b"})
    assert [runs.take()[1] for _ in range(2)] == [set(), set()]  # without waiting


def test_without_a_cache_no_run_waits():
    runs = waiting(("a",), ("a",))
    assert runs.take()[0]["id"] == 0
    runs.uncached()
    assert runs.take()[0]["id"] == 1
    assert runs.take() is None


def test_all_that_a_run_compiles_is_known_before():
    """Whatever else its config says, a run needs no kernels but those that were loaded."""
    script = """
import sys
import energynet as en
from custom_rules import Everything
from energynet.kernels import jit
from energynet.training.warm import kernels_of, load_kernels
from numba.core.dispatcher import Dispatcher
from support import digits

def compiled():
    modules = [m for name, m in list(sys.modules.items()) if name.startswith("energynet.kernels")]
    values = {id(v): v for m in modules for v in vars(m).values() if isinstance(v, Dispatcher)}
    return sum(len(v.signatures) for v in values.values())

others = {"activation": "tanh", "output": "softmax", "sample_order": "permutation", "alpha": 0.5}
limits = {"max_steps": 60, "test_every": 30}
masks = en.AllSynapses(), en.FixedMask(0.5, over="units"), en.FixedMask(0.5), en.RandomSubset(0.5)
largest = en.LargestUpdates(0.5), en.LargestUpdates(0.5, scope="neuron")
for rule in (*masks, *largest, Everything()):
    for values in ({}, others, {"learning_rate": "auto", "center": False}):
        config = en.TrainingConfig(hidden=4, rule=rule, **values, **limits)
        for name in kernels_of(config):
            load_kernels(name)
        before = compiled()
        assert before > 0
        for dtype in ("uint8", "float32", "float64"):
            en.train(config, digits(dtype=dtype), threads=1)
        assert compiled() == before, (config, dtype)
"""
    subprocess.run([*PYTHON, "-c", script], env=environment(), check=True)

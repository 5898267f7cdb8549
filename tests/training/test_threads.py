"""Teams of threads, and how many a run may use."""

import math
import multiprocessing
import os
import subprocess

import pytest
from support import PYTHON, environment

from energynet.training.threads import cpu_quota, usable_cores

TEAMS = """
import energynet as en
from energynet.training import threads
from support import digits
threads.usable_cores = lambda: 2
def result(number):
    config = en.TrainingConfig(hidden=4, max_steps=100, test_every=100)
    return en.train(config, digits(), threads=number).to_dict() | {"seconds": 0}
"""


def run_script(script, **variables):
    """Run a script that may hang; returns what it says on stderr."""
    done = subprocess.run(
        [*PYTHON, "-c", TEAMS + script],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system"
)
@pytest.mark.parametrize("starts", ["result(2)", "import numba; numba.set_num_threads(1)"])
def test_a_process_forked_after_several_threads_trains_on_one(starts):
    script = f"""
import multiprocessing
{starts}
with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.map(result, [2]) == [result(1)]
"""
    run_script(script, PYTHONWARNINGS="ignore")


@pytest.mark.parametrize("layer", ["tbb", "none such"])
def test_a_threading_layer_that_is_missing_costs_only_the_team(layer):
    if layer == "tbb" and "tbb" in available_layers():
        pytest.skip("TBB is installed")
    said = run_script("assert result(2) == result(1)", NUMBA_THREADING_LAYER=layer)
    assert said == (
        f"Numba's threading layer '{layer}' cannot be loaded (NUMBA_THREADING_LAYER):"
        " steps run on one thread\n"
    )


def available_layers():
    script = "from numba.np.ufunc.parallel import _check_tbb_version_compatible as check; check();"
    script += "import numba.np.ufunc.tbbpool"
    done = subprocess.run([*PYTHON, "-c", script], capture_output=True, check=False)
    return ["tbb"] if done.returncode == 0 else []


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/", {"cpu.max": "max 100000"}, math.inf),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "200000 100000"}, 2),
        ("0::/a/b", {"a/b/cpu.max": "50000 100000", "a/cpu.max": "200000 100000"}, 0.5),
        ("0::/docker/4f", {"cpu.max": "300000 100000"}, 3),  # a path outside the container
        ("0::/../4f", {"cpu.max": "300000 100000"}, 3),
        (
            "5:memory:/\n4:cpu,cpuacct:/a",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "250000", "cpu/a/cpu.cfs_period_us": "100000"},
            math.inf,
        ),
        (
            "5:memory:/\n4:cpu,cpuacct:/a\n0::/",
            {"cpu/a/cpu.cfs_quota_us": "250000", "cpu/a/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        ("1:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("nonsense", {"cpu.max": "nonsense"}, math.inf),
        ("0::/", {"cpu.max": ""}, math.inf),
        ("0::/", {"cpu.max": "100000 0"}, math.inf),
    ],
)
def test_a_container_may_have_a_quota_of_cpus(tmp_path, groups, files, quota):
    own = tmp_path / "cgroup"
    own.write_text(groups + "\n")
    for name, content in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    assert cpu_quota(tmp_path / "mount", own) == quota
    assert cpu_quota(tmp_path / "nowhere", tmp_path / "none") == math.inf


@pytest.mark.parametrize(("quota", "cores"), [(0.2, 1), (1.0, 1), (1.5, 2), (2.5, 3), (9e9, 4)])
def test_usable_cores_heed_the_quota(monkeypatch, quota, cores):
    monkeypatch.setattr("energynet.training.threads.cpu_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert usable_cores() == cores

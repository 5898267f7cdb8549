"""The same config gives the same bits, however the run is cut up, and whatever the processor."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import digest, digits

import energynet as en
from energynet.prepare import prepare

RULES = {
    "all": {},
    "fixed-synapses": {"fraction": 0.3},
    "fixed-units": {"fraction": 0.4},
    "largest": {"fraction": 0.05},
    "largest-per-layer": {"fraction": 0.3, "output_fraction": 0.5},
    "largest-per-neuron": {"fraction": 0.2},
}
# Weights, energies and clock after 2,100 steps. A change of these bits is a change of numerics:
# raise config.NUMERICS_VERSION with it.
GOLDEN = {
    "all float32": "9e4a8eaad8833a9e",
    "all float64": "3dd59085cec6848c",
    "fixed-synapses float32": "5b2b978705ecee5f",
    "fixed-synapses float64": "6773e99d62746b21",
    "fixed-units float32": "2d9ecd5bc30a08a6",
    "fixed-units float64": "e735bf35b45e1e20",
    "largest float32": "dddc79370e523e0b",
    "largest float64": "6147d08047bb0c2e",
    "largest-per-layer float32": "eb91e25035fa6936",
    "largest-per-layer float64": "1e6c12bb5f779d5c",
    "largest-per-neuron float32": "d004d1b256d7aebd",
    "largest-per-neuron float64": "87c46cd7a6644201",
}


def config_of(rule, **options):
    options = {"dtype": "float32", "init_std": 0.1, "hidden": 37} | options
    return en.TrainingConfig(rule=en.rule_from_name(rule, **RULES[rule]), **options)


def final_digest(rule, chunk=2100, **options):
    run = prepare(config_of(rule, **options), digits())
    for stop in [*range(chunk, 2100, chunk), 2100]:
        run.advance(stop)
    return digest(run)[:16]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_golden(rule, dtype):
    assert final_digest(rule, dtype=dtype) == GOLDEN[f"{rule} {dtype}"]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize("order", ["uniform", "permutation"])
@pytest.mark.parametrize("rule", RULES)
def test_chunks(rule, order, chunk):
    assert final_digest(rule, chunk, sample_order=order) == final_digest(rule, sample_order=order)


def test_another_processor():
    """Code compiled for the oldest x86-64 gives the golden bits, too."""
    code = (
        "import test_bits as t, json;"
        "print(json.dumps({f'{r} float32': t.final_digest(r) for r in ('all', 'largest')}))"
    )
    environment = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    for name, value in json.loads(done.stdout).items():
        assert value == GOLDEN[name]


@pytest.mark.parametrize("rule", RULES)
def test_resume_at_every_checkpoint(rule, tmp_path):
    """Stopped with Ctrl-C at each checkpoint and once in between, a run ends the same."""
    config = config_of(rule, max_steps=700, test_every=100, target_accuracy=1.0, alpha=(0.5,))
    whole = en.train(config, digits())
    path = tmp_path / "run.npz"
    stops = {30, *range(100, 700, 100)}

    def interrupt(progress):
        due = [stop for stop in sorted(stops) if progress.step >= stop]
        if due:
            stops.difference_update(due)
            raise KeyboardInterrupt

    interrupted = 0
    while True:
        try:
            parts = en.train(config, digits(), checkpoint=path, progress=interrupt)
            break
        except KeyboardInterrupt:
            interrupted += 1
            assert path.exists()
    assert interrupted >= 6
    assert timeless(parts) == timeless(whole)
    np.testing.assert_array_equal(parts.network.w1, whole.network.w1)
    np.testing.assert_array_equal(parts.network.w2, whole.network.w2)


def timeless(result):
    return result.to_dict() | {"seconds": None}

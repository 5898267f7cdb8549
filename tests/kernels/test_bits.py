"""The same config gives the same bits, however the run is cut up, and whatever the processor."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import counts, digest, digits, environment, rule_by_name

import energynet as en
from energynet.training import threads
from energynet.training.run import prepare

RULES = {
    "all": {},
    "fixed-synapses": {"fraction": 0.3},
    "fixed-units": {"fraction": 0.4},
    "fixed-synapses few": {"fraction": 0.05},
    "random": {"fraction": 0.05},
    "largest": {"fraction": 0.05},
    "largest within": {"fraction": 0.1, "within_units": 0.5},
    "largest-per-layer": {"fraction": 0.3, "output_fraction": 0.5},
    "largest-per-neuron": {"fraction": 0.2},
    "readout": {},
    "fixed-units readout": {"fraction": 0.4, "output_fraction": 1},
    "random per layer": {"fraction": 0.05, "output_fraction": 0.3},
    "random readout": {"fraction": 0.05, "output_fraction": 1},
    "largest-per-neuron readout": {"fraction": 0.2, "output_fraction": 1},
    "fixed-given": {"shares": (0.3, 0.5)},
    "fixed-given few": {"shares": (0.05, 1)},
}
MARGIN = ["all", "fixed-synapses", "random", "largest", "largest-per-neuron"]  # one of each loop
# Weights, energies and clock after 2,100 steps. A change of these bits is a change of numerics:
# raise NUMERICS_VERSION of kernels/numerics.py with it.
GOLDEN = {
    "all float32": "9e4a8eaad8833a9e",
    "all float64": "3dd59085cec6848c",
    "fixed-synapses float32": "e6f9ef02715c4ac4",
    "fixed-synapses float64": "2a3eef2ba312439e",
    "fixed-units float32": "2d9ecd5bc30a08a6",
    "fixed-units float64": "e735bf35b45e1e20",
    "fixed-synapses few float32": "5e6688f0ceb4cbe1",
    "fixed-synapses few float64": "4db34f7f030c407c",
    "random float32": "2e0717278afd62a5",
    "random float64": "2b195183d2281f32",
    "largest float32": "bd087f9ad893206a",
    "largest float64": "7f97c394fd4ef9bf",
    "largest within float32": "669b29e28704c37a",
    "largest within float64": "e0ce248dba069131",
    "largest-per-layer float32": "59ee96833d59a73a",
    "largest-per-layer float64": "683aae3ac90391b2",
    "largest-per-neuron float32": "d004d1b256d7aebd",
    "largest-per-neuron float64": "87c46cd7a6644201",
    "readout float32": "25df4361d127cc47",
    "readout float64": "2ca3d21a3a5691d7",
    "fixed-units readout float32": "de9a245c5615a15f",
    "fixed-units readout float64": "f8753d1e348ebd23",
    "random per layer float32": "fe1efcc27f35768e",
    "random per layer float64": "0265808e737da17b",
    "random readout float32": "147733aecb15d953",
    "random readout float64": "22440fdf0b1976d1",
    "largest-per-neuron readout float32": "c41cd6b38e70a255",
    "largest-per-neuron readout float64": "2606da7890305c5c",
    "fixed-given float32": "fabae86d959ceaf0",
    "fixed-given float64": "a3331be122521671",
    "fixed-given few float32": "6d1888edb017de1a",
    "fixed-given few float64": "f3f5102717154051",
}

GOLDEN_MARGIN = {
    "all float32": "38a3c4c871590a69",
    "all float64": "908b14206822277f",
    "fixed-synapses float32": "ed9ca02799205638",
    "fixed-synapses float64": "12e3a2226cf5abd4",
    "random float32": "6f10893534dc0928",
    "random float64": "967b89d0e381fb2c",
    "largest float32": "1e04712478bbb554",
    "largest float64": "e74d54fe8b8f8e38",
    "largest-per-neuron float32": "8562dc423ea6aaf5",
    "largest-per-neuron float64": "a112db817a98ff07",
}


def config_of(rule, **options):
    options = {"dtype": "float32", "init_std": 0.1, "hidden": 37} | options
    made, _ = rule_by_name(rule.split()[0], digits(), options["hidden"], **RULES[rule])
    return en.TrainingConfig(rule=made, **options)


def final_digest(rule, chunk=2100, **options):
    run = prepare(config_of(rule, **options), digits())
    for stop in [*range(chunk, 2100, chunk), 2100]:
        run.advance(stop)
    return digest(run)[:16]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_golden(rule, dtype):
    assert final_digest(rule, dtype=dtype) == GOLDEN[f"{rule} {dtype}"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", MARGIN)
def test_golden_with_a_margin(rule, dtype):
    assert final_digest(rule, dtype=dtype, margin=0.1) == GOLDEN_MARGIN[f"{rule} {dtype}"]


@pytest.mark.parametrize("rule", MARGIN)
@pytest.mark.parametrize("order", ["uniform", "permutation"])
def test_chunks_with_a_margin(rule, order):
    options = {"sample_order": order, "margin": 0.1}
    assert final_digest(rule, 7, **options) == final_digest(rule, **options)


@pytest.mark.parametrize("rule", RULES)
def test_counting_changes_no_bits(rule):
    run = prepare(config_of(rule, dtype="float64"), digits(), count_updates=True)
    run.advance(2100)
    assert digest(run)[:16] == GOLDEN[f"{rule} float64"]
    assert [counted.sum() for counted in counts(run)] == list(run.energies.m0)


@pytest.mark.parametrize("fraction", [0.01, 0.4])
def test_counts_do_not_depend_on_threads(fraction, monkeypatch):
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    rule, found = en.LargestUpdates(fraction), []
    for number in (1, 2, 3, 4):
        config = en.TrainingConfig(hidden=1024, rule=rule, learning_rate=0.002, dtype="float64")
        run = prepare(config, digits(), number, count_updates=True)
        run.advance(12)
        found.append(counts(run))
    assert [counted.sum() for counted in found[0]] == list(run.energies.m0)
    for others in found[1:]:
        for counted, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(counted, other)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize("order", ["uniform", "permutation"])
@pytest.mark.parametrize("rule", RULES)
def test_chunks(rule, order, chunk):
    assert final_digest(rule, chunk, sample_order=order) == final_digest(rule, sample_order=order)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [1, 65, 1023, 1024, 4097])
@pytest.mark.parametrize(
    ("rule", "margin"), [*((rule, None) for rule in RULES), *((rule, 0.5) for rule in MARGIN)]
)
def test_threads(rule, margin, hidden, dtype, monkeypatch):
    """Blocks of 1,024 units are shared out: from 1,023 on (the bias unit counts) there are more."""
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    digests = set()
    for number in (1, 2, 3, 4):
        config = config_of(rule, hidden=hidden, dtype=dtype, alpha=(0.5,), learning_rate=0.002)
        config = replace(config, margin=margin)
        run = prepare(config, digits(), number)
        assert run.team == (threads.Alone(1) if number == 1 else threads.Team(number))
        run.advance(12)
        digests.add(digest(run))
    assert len(digests) == 1


def test_another_processor():
    """Code compiled for the oldest x86-64 gives the golden bits, too."""
    code = (
        "import test_bits as t, json; rules = 'all', 'fixed-synapses', 'largest';"
        "print(json.dumps({f'{r} float32': t.final_digest(r) for r in rules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES=""),
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    for name, value in json.loads(done.stdout).items():
        assert value == GOLDEN[name]


@pytest.mark.parametrize(
    ("rule", "margin"), [*((rule, None) for rule in RULES), *((rule, 0.1) for rule in MARGIN)]
)
def test_resume_at_every_checkpoint(rule, margin, tmp_path):
    """Stopped with Ctrl-C at each checkpoint and once in between, a run ends the same."""
    config = config_of(rule, max_steps=700, test_every=100, target_accuracy=1.0, alpha=(0.5,))
    config = replace(config, margin=margin)
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

"""Time of training steps, energynet against dense NumPy: pytest bench/test_steps.py"""

import pytest
from dense import DenseRun

import energynet as en
from energynet.prepare import prepare

RULES = {
    "all": None,
    "fixed-synapses": 0.01,
    "fixed-units": 0.01,
    "largest": 0.01,
    "largest-per-layer": 0.01,
    "largest-per-neuron": 0.01,
}
SIZES = {100: (2000, 100), 1000: (500, 20), 10_000: (50, 3)}  # steps a round: energynet, NumPy


def group(hidden):
    """Name of a table: rounds of energynet and of NumPy have different numbers of steps."""
    steps, dense_steps = SIZES[hidden]
    return f"nh = {hidden}: {steps} steps of energynet, {dense_steps} of NumPy"


@pytest.fixture(scope="session")
def mnist():
    return en.load_mnist()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("hidden", SIZES)
def test_energynet(benchmark, mnist, hidden, rule):
    benchmark.group = (
        f"{SIZES[hidden][0]} steps of energynet, {SIZES[hidden][1]} of NumPy: {hidden}"
    )
    steps = SIZES[hidden][0]
    config = en.TrainingConfig(hidden=hidden, rule=en.rule_from_name(rule, fraction=RULES[rule]))
    run = prepare(config, mnist)
    run.advance(20)
    benchmark.extra_info["steps"] = steps
    benchmark.pedantic(lambda: run.advance(int(run.clock[0]) + steps), rounds=5)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("hidden", SIZES)
def test_numpy(benchmark, mnist, hidden, rule):
    benchmark.group = (
        f"{SIZES[hidden][0]} steps of energynet, {SIZES[hidden][1]} of NumPy: {hidden}"
    )
    steps = SIZES[hidden][1]
    run = DenseRun(mnist, hidden, rule, RULES[rule] or 1.0)
    run.advance(1)
    benchmark.extra_info["steps"] = steps
    benchmark.pedantic(lambda: run.advance(steps), rounds=3)

"""What the savings hang on, on tables made by hand."""

import pytest
from tables import CONFIRMATION, EXPLORATION, frame, run

from energynet.analysis.sensitivity import floor, price_per_step, smallest_fraction
from energynet.analysis.study import Study

N, STEPS = 1000, 10_000
COSTS = {1.0: (1, 1), 0.1: (0.1, 1), 0.01: (0.02, 2)}  # of N x STEPS; times STEPS


@pytest.fixture(scope="module")
def study():
    """A tenth of the synapses costs a tenth, a hundredth costs a fiftieth and twice the steps."""
    rows = []
    for fraction, (cost, longer) in COSTS.items():
        rule = "all" if fraction == 1 else "largest-per-layer"
        for seed in (*EXPLORATION, *CONFIRMATION):
            m0 = cost * N * STEPS * (1 + seed % 3 / 100)
            row = run(100, rule, fraction, seed, m0, m0, steps=longer * STEPS, synapses=N)
            row |= {"output_fraction": None if rule == "all" else 1.0, "output_balanced": False}
            share = 0.02 if rule == "all" else 0.5
            rows.append(row | {"m0_layer1": m0 * (1 - share), "m0_layer2": m0 * share})
    return Study.of(frame(rows))


def test_a_smallest_fraction_bounds_the_saving(study):
    found = smallest_fraction(study, (0.001, 0.1)).query("energy == 'm0'")
    assert list(found["fraction"]) == [0.01, 0.1]
    assert list(found["explored"]) == pytest.approx([50, 10])
    assert list(found["ratio"]) == pytest.approx([50, 10])
    assert (found["low"] < found["ratio"]).all()


@pytest.mark.parametrize(("price", "fraction", "ratio"), [(0, 0.01, 50), (1, 0.1, 2 / 1.1)])
def test_a_price_of_steps_moves_the_best_fraction(study, price, fraction, ratio):
    [found] = price_per_step(study, [price]).to_dict("records")
    assert found["fraction"] == fraction
    assert found["ratio"] == pytest.approx(ratio, rel=0.01)


def test_the_output_layer_bounds_the_saving(study):
    [found] = floor(study).to_dict("records")
    assert found["share"] == 0.5
    assert found["most"] == pytest.approx(50 / 2)  # N / N2 = 50, and twice the steps
    assert found["readout"] != found["readout"]  # it was not run

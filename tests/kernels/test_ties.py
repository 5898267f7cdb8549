"""Equal |dw| are chosen by lot, each as often as the others."""

import numpy as np
import pytest
from support import dense

import energynet as en
from energynet.training.run import prepare

# 99.9 % quantile of chi-square for 19 degrees of freedom: each count of 20 tied pixels is free
# but for their sum.
LIMIT = 43.8


@pytest.mark.parametrize("rule", ["largest", "largest-per-layer", "largest-per-neuron"])
def test_each_of_20_tied_pixels_is_chosen_equally_often(rule):
    """One hidden unit, 20 pixels of 200, others 0; few enough synapses that pixels compete."""
    image = np.concatenate([np.full(20, 200, np.uint8), np.zeros(20, np.uint8)])
    dataset = en.Dataset.from_arrays(image[None], [0], image[None], [0], classes=2)
    counts = np.zeros(20)
    rule = en.rule_from_name(rule, fraction=6 / 41)
    for seed in range(500):
        config = en.TrainingConfig(
            hidden=1, rule=rule, seed=seed, dtype="float64", init_std=0.5, center=False
        )
        run = prepare(config, dataset)
        for step in range(1, 6):
            before = dense(run)[0][:20, 0]
            run.advance(step)
            counts += np.abs(dense(run)[0][:20, 0] - before) > 1e-15
    expected = counts.sum() / 20
    assert expected > 300, "too few draws to judge"
    assert ((counts - expected) ** 2 / expected).sum() < LIMIT


def test_tied_pixels_change_from_step_to_step():
    image = np.full(30, 100, np.uint8)
    dataset = en.Dataset.from_arrays(image[None], [0], image[None], [0], classes=2)
    rule = en.LargestUpdates(3 / 31, scope="neuron")
    config = en.TrainingConfig(hidden=2, rule=rule, dtype="float64", init_std=0.5, center=False)
    run = prepare(config, dataset)
    sets = set()
    for step in range(1, 9):
        before = dense(run)[0]
        run.advance(step)
        changed = np.abs(dense(run)[0] - before) > 1e-15
        np.testing.assert_array_equal(changed[:, 0], changed[:, 1])  # the same for all neurons
        assert changed[-1, 0]  # the bias, x = 1, is larger than any pixel
        sets.add(tuple(np.flatnonzero(changed[:, 0])))
    assert len(sets) == 8

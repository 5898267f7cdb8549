"""Runs that start from a trained network."""

from dataclasses import replace

import numpy as np
import pytest
from naive import NaiveRun
from runs import SMALL
from support import digits

import energynet as en
from energynet.support.contents import content_of


def started():
    """A network in float64, trained on other digits."""
    config = en.TrainingConfig(hidden=12, dtype="float64", **SMALL)
    return en.train(config, digits(seed=1)).network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_from_a_network_follows_the_oracle(dtype):
    """Weights of another type are rounded first; the mean is that of the new data."""
    start, dataset = started(), digits(seed=2)
    config = en.TrainingConfig(
        hidden=12, dtype=dtype, max_steps=150, test_every=150, learning_rate=0.02
    )
    result = en.train(config, dataset, start=start)
    naive = NaiveRun(dataset.x_train, dataset.y_train, 4, 12, "all", 0, eta=0.02)
    w1, w2 = start.w1.astype(dtype), start.w2.astype(dtype)
    naive.w1[:], naive.w2[:] = w1, w2
    for _ in range(150):
        naive.advance()
    tolerance = {"rtol": 0, "atol": 1e-9 if dtype == "float64" else 1e-4}
    np.testing.assert_allclose(result.network.w1, naive.w1, **tolerance)
    np.testing.assert_allclose(result.network.w2, naive.w2, **tolerance)
    assert result.network.mean == dataset.mean
    far = [np.abs(a - b) for a, b in ((result.network.w1, w1), (result.network.w2, w2))]
    assert np.isclose(result.energy.direct.m1, sum(a.sum() for a in far), rtol=1e-3)
    assert result.history[0].step == 150
    again = en.train(result.config, dataset, start=start)
    assert again.energy == result.energy
    assert result.config.start == content_of([w1, w2])
    assert result.config.hash != config.hash


def test_a_run_from_a_network_resumes(tmp_path):
    start, path, dataset = started(), tmp_path / "run.npz", digits().permuted(0)
    slow = {"target_accuracy": 1.0, "learning_rate": 1e-4}
    config = en.TrainingConfig(hidden=12, **SMALL | slow)
    whole = en.train(config, dataset, start=start)

    def stop(row, _):
        if row.step == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        en.train(config, dataset, start=start, checkpoint=path, on_test=stop)
    with pytest.raises(en.FileError, match="belongs to another run"):
        en.train(config, dataset, checkpoint=path)
    with pytest.raises(en.ConfigError, match=rf"given: the network {whole.config.start} "):
        en.train(whole.config, dataset, checkpoint=path)
    resumed = en.train(whole.config, dataset, start=start, checkpoint=path)
    assert resumed.history == whole.history
    assert resumed.energy == whole.energy


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        ({}, {"hidden": 11}, "of 40 pixels, 11 hidden units and 4 outputs, got one of 40 p"),
        ({}, {"activation": "tanh"}, "the activation of the config, tanh, got leaky_relu"),
        ({}, {"learning_rate": "auto"}, "learning_rate must be a number for a run with start"),
        ({"w1": np.nan}, {}, "start must be a network whose weights are finite in float64"),
        ({"w2": 1e300}, {"dtype": "float32"}, "whose weights are finite in float32"),
        ({}, {"start": "0" * 16}, "start must be the network 0{16} that the config names, got"),
        ({}, {"start": "0" * 15}, "start must be the 16 hexadecimal digits"),
    ],
)
def test_networks_that_a_run_cannot_start_from(values, changes, message):
    start = started()
    for name, value in values.items():
        start = replace(start, **{name: np.full_like(getattr(start, name), value)})
    with pytest.raises(en.ConfigError, match=message):
        en.train(
            en.TrainingConfig(**{"hidden": 12, "dtype": "float64"} | changes), digits(), start=start
        )

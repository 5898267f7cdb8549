"""`learning_rate="auto"` against networks drawn at random, and at the border of stability."""

import numpy as np
import pytest
from support import digits

import energynet as en
from energynet.config import ACTIVATIONS
from energynet.kernels.activation import activation_of
from energynet.training.run import prepare
from energynet.training.stability import _moments


def bound(config, dataset, networks=30):
    """eta_max with all means taken over drawn networks."""
    pixels = dataset.x_train.reshape(len(dataset.x_train), -1)
    pixels = pixels / 255 if pixels.dtype == np.uint8 else pixels
    x = np.append(pixels - dataset.mean, np.ones((len(pixels), 1)), axis=1)
    generator = np.random.default_rng(0)
    h = x @ generator.normal(size=(networks, x.shape[1], config.hidden)) * config.init_std
    sigmoid = 1 / (1 + np.exp(-h))
    activity, slope = {
        "leaky_relu": (np.where(h > 0, h, 0.1 * h), np.where(h > 0, 1, 0.1)),
        "relu": (np.maximum(h, 0), np.where(h > 0, 1, 0)),
        "tanh": (np.tanh(h), 1 - np.tanh(h) ** 2),
        "sigmoid": (sigmoid, sigmoid * (1 - sigmoid)),
    }[config.activation]
    squares = np.mean(np.sum(x[:, :-1] ** 2, axis=1))
    nh = config.hidden
    second = (squares + 1) * nh * config.init_std**2 * np.mean(slope**2)
    return 2 / (nh * np.mean(activity**2) + 1 + second)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_auto_is_half_the_bound(activation, dtype):
    dataset = digits(dtype=dtype)
    config = en.TrainingConfig(
        hidden=1000, init_std=0.5, activation=activation, learning_rate="auto", dtype="float64"
    )
    chosen = prepare(config, dataset).constants.eta
    assert chosen == pytest.approx(bound(config, dataset) / 2, rel=0.02)
    assert chosen < 0.01


def test_every_activation_is_known_and_no_other_is_taken_for_one():
    real = np.dtype(np.float32)
    assert len({activation_of(name, real) for name in ACTIVATIONS}) == len(ACTIVATIONS)
    assert len({_moments(name, 1.0) for name in ACTIVATIONS}) == len(ACTIVATIONS)
    for call in (lambda: activation_of("softplus", real), lambda: _moments("softplus", 1.0)):
        with pytest.raises(en.ConfigError, match="softplus"):
            call()


def test_auto_is_at_most_the_default():
    config = en.TrainingConfig(hidden=3, learning_rate="auto", dtype="float64")
    assert prepare(config, digits()).constants.eta == 0.01


def test_auto_is_stable_where_the_default_diverges():
    """The result tells the number that "auto" came to."""
    options = {"hidden": 4000, "init_std": 0.3, "max_steps": 1500, "test_every": 1500}
    given = en.train(en.TrainingConfig(**options), digits())
    auto = en.train(en.TrainingConfig(learning_rate="auto", **options), digits())
    assert given.outcome == "diverged"
    assert auto.outcome in ("reached", "exhausted")
    assert auto.to_dict()["learning_rate"] < 0.01
    assert auto.to_dict()["config"]["learning_rate"] == "auto"

"""The learning rate that keeps a network stable at its start: `learning_rate="auto"`."""

import math

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.kernels.activation import LEAK
from energynet.kernels.state import Images
from energynet.support import checks

_IMAGES = 1000  # training images that means are taken over
_LARGEST = 0.01  # the learning rate if the bound leaves room for it
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)


def learning_rate(config: TrainingConfig, images: Images) -> float:
    """The number that `config.learning_rate` stands for.

    "auto" is min(0.01, eta_max / 2). eta_max is the learning rate up to which the network at its
    start is linearly stable:
    eta_max = 2 / (nh <a^2> + 1 + (<|x|^2> + 1) nh init_std^2 <f'^2>). Means are over the first
    1,000 training images and, exactly, over the distribution of the initial weights, under which
    net inputs are normal with variance init_std^2 (|x|^2 + 1).
    """
    if not isinstance(config.learning_rate, str):
        return config.learning_rate
    squares = _input_squares(images)
    variances = config.init_std**2 * (squares + 1)
    moments = [_moments(config.activation, math.sqrt(variance)) for variance in variances]
    activity = math.fsum(a for a, _ in moments) / len(moments)
    slope = math.fsum(d for _, d in moments) / len(moments)
    mean_square = math.fsum(squares) / len(squares)
    nh = config.hidden
    curvature = nh * activity + 1 + (mean_square + 1) * nh * config.init_std**2 * slope
    return min(_LARGEST, 1 / curvature)


def _input_squares(images: Images) -> np.ndarray:
    """|x|^2 of each image, float64; pixel after pixel, an order that no processor changes."""
    if len(images.codes):
        squares = (images.table.astype(np.float64) ** 2)[images.codes[:_IMAGES]]
    else:
        squares = images.values[:_IMAGES].astype(np.float64) ** 2
    total: np.ndarray = np.add.reduce(np.ascontiguousarray(squares.T), axis=0)
    return total


def _moments(activation: str, deviation: float) -> tuple[float, float]:
    """<f(h)^2> and <f'(h)^2> for h ~ N(0, deviation^2); raises ConfigError if f is unknown."""
    if activation in ("leaky_relu", "relu"):
        both_sides = (1 + (LEAK**2 if activation == "leaky_relu" else 0.0)) / 2
        return deviation**2 * both_sides, both_sides
    h = deviation * _NODES
    if activation == "tanh":
        a = np.tanh(h)
        derivative = 1 - a**2
    elif activation == "sigmoid":
        a = 1 / (1 + np.exp(-h))
        derivative = a * (1 - a)
    else:
        raise ConfigError(
            f'learning_rate "auto" does not know the activation {checks.quoted(activation)}'
        )
    weights = _WEIGHTS / math.sqrt(2 * math.pi)
    return math.fsum(weights * a**2), math.fsum(weights * derivative**2)

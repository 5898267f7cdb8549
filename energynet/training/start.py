"""A trained network that a run starts from, in the place of initial weights."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.rules.base import Shape
from energynet.support.checks import quoted
from energynet.support.contents import content_of
from energynet.training.network import Network
from energynet.training.result import DirectEnergy
from energynet.training.streams import CHUNK, start_weights

Arrays = Mapping[str, np.ndarray]
_TAU = {"float32": 5e-6, "float64": 1e-12}  # smaller differences of a weight are rounding


def start_arrays(network: Network, dtype: str) -> dict[str, np.ndarray]:
    """The weights that a run in that dtype starts from: w1 (n_in + 1, nh), w2 (nh + 1, n_out).

    Raises ConfigError if they are not finite.
    """
    with np.errstate(over="ignore"):
        arrays = {n: getattr(network, n).astype(dtype, copy=False) for n in ("w1", "w2")}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ConfigError(f"start must be a network whose weights are finite in {dtype}")
    return arrays


def check_shape(arrays: Arrays, shape: Shape) -> None:
    """Raise ConfigError unless the weights are those of a network of that shape."""
    (rows, hidden), n_out = arrays["w1"].shape, arrays["w2"].shape[1]
    got = Shape(rows - 1, hidden, n_out)
    if got != shape:
        raise ConfigError(f"start must be a network of {_told(shape)}, got one of {_told(got)}")


def check_activation(config: TrainingConfig, activation: str) -> None:
    """Raise ConfigError unless a network has the activation of a config."""
    if activation != config.activation:
        raise ConfigError(
            f"start must be a network with the activation of the config, {config.activation},"
            f" got {activation}"
        )


def _told(shape: Shape) -> str:
    return f"{shape.n_in} pixels, {shape.hidden} hidden units and {shape.n_out} outputs"


def given_start(
    config: TrainingConfig, network: Any, shape: Shape
) -> tuple[TrainingConfig, Arrays | None]:
    """The config that names the network it starts from, and the weights of that network.

    network : Network, or None for initial weights. Raises ConfigError.
    """
    if network is None:
        if config.start:
            raise ConfigError(
                f"start must be given: the network {config.start} that the config names"
            )
        return config, None
    if not isinstance(network, Network):
        raise ConfigError(f"start must be a Network or None, got {quoted(network)}")
    arrays = start_arrays(network, config.dtype)
    check_shape(arrays, shape)
    check_activation(config, network.activation)
    digits = content_of(arrays.values())
    if config.start not in ("", digits):
        raise ConfigError(
            f"start must be the network {config.start} that the config names, got {digits}"
        )
    return replace(config, start=digits), arrays


def first_weights(
    config: TrainingConfig, shape: Shape, start: Arrays | None
) -> Iterator[np.ndarray]:
    """All N weights before the first step, in the order and chunks of `start_weights`."""
    if start is None:
        yield from start_weights(config.seed, shape, config.init_std, np.dtype(config.dtype))
        return
    for weights in (start["w1"].reshape(-1), start["w2"].reshape(-1)):
        for position in range(0, len(weights), CHUNK):
            yield weights[position : position + CHUNK]


def direct_energy(
    config: TrainingConfig, shape: Shape, start: Arrays | None, network: Network
) -> DirectEnergy:
    """Compare the weights with those of the start, chunk by chunk; initial ones are drawn again."""
    tau = _TAU[config.dtype]
    changed, distance = 0, 0.0
    weights, position = network.w1.reshape(-1), 0
    for first in first_weights(config, shape, start):
        if position == len(weights):
            weights, position = network.w2.reshape(-1), 0
        end = weights[position : position + len(first)].astype(np.float64)
        difference = np.abs(end - first)
        different = difference > tau
        changed += int(np.count_nonzero(different))
        distance += float(difference[different].sum())
        position += len(first)
    return DirectEnergy(changed, distance)

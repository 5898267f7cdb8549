"""What a run on MNIST will take in time and memory, by a formula fitted to measured steps."""

import math

from energynet.config import TrainingConfig
from energynet.rules.names import RULES

USUAL_STEPS = 60_000  # most runs that reach 95 % of MNIST take 20,000 to 100,000
_A_UNIT = 784 + 1 + 10  # synapses of a hidden unit
_PROGRAM = 260e6  # bytes of a worker before it has any weights


def expected_steps(config: TrainingConfig) -> int:
    """Steps until the criterion as a rule of thumb; only the run itself finds out."""
    return min(config.max_steps, USUAL_STEPS)


def step_seconds(config: TrainingConfig) -> float:
    """Seconds of a training step on one thread.

    Fitted to bench/results.json: some microseconds, and for each hidden unit the more the less of
    the weights fits into the caches.
    """
    growth = math.pow(max(config.hidden / 1000, 0.1), 0.2)
    unmodified = 3 + 0.0245 * config.hidden * growth
    share = getattr(config.rule, "fraction", 1.0)
    match config.rule.name:
        case name if name not in RULES:
            microseconds = 50 + unmodified + 0.01 * config.hidden * _A_UNIT
        case "random":
            synapses = config.hidden * _A_UNIT
            microseconds = 0.5 * unmodified + 0.012 * growth * share * synapses
        case "fixed-synapses":
            microseconds = (0.65 + 10 * min(share, 0.27)) * unmodified
        case "largest" | "largest-per-layer":
            microseconds = (0.6 + 3.2 * math.pow(min(share, 0.5), 0.3)) * unmodified
        case _:
            microseconds = (0.5 + 0.5 * share) * unmodified
    return 1e-6 * microseconds


def expected_seconds(config: TrainingConfig) -> float:
    """Wall time of a run on one thread, compilation apart."""
    steps = expected_steps(config)
    evaluation = 6e-5 * config.hidden + 0.005
    return steps * step_seconds(config) + steps / config.test_every * evaluation


def expected_bytes(config: TrainingConfig) -> float:
    """Peak memory of a worker during a run."""
    width = 4 if config.dtype == "float32" else 8
    return _PROGRAM + config.hidden * (_A_UNIT + 1) * (width + 1)

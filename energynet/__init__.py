"""What learning costs: online training that accounts for the energy of every synaptic change."""

from energynet.config import TrainingConfig
from energynet.data import Dataset, load_idx, load_mnist
from energynet.errors import (
    ConfigError,
    DataError,
    EnergynetError,
    FileError,
    InstallationError,
)
from energynet.network import Network
from energynet.result import TrainingResult
from energynet.rules import AllSynapses, FixedMask, LargestUpdates, RandomSubset, rule_from_name
from energynet.train import Progress, train

__all__ = [
    "AllSynapses",
    "ConfigError",
    "DataError",
    "Dataset",
    "EnergynetError",
    "FileError",
    "FixedMask",
    "InstallationError",
    "LargestUpdates",
    "Network",
    "Progress",
    "RandomSubset",
    "TrainingConfig",
    "TrainingResult",
    "load_idx",
    "load_mnist",
    "rule_from_name",
    "train",
]

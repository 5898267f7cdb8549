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
from energynet.grid import Grid
from energynet.network import Network
from energynet.result import TrainingResult
from energynet.rules import AllSynapses, FixedMask, LargestUpdates, RandomSubset, rule_from_name
from energynet.sweep import sweep
from energynet.table import load_history, load_results
from energynet.train import Progress, train

__all__ = [
    "AllSynapses",
    "ConfigError",
    "DataError",
    "Dataset",
    "EnergynetError",
    "FileError",
    "FixedMask",
    "Grid",
    "InstallationError",
    "LargestUpdates",
    "Network",
    "Progress",
    "RandomSubset",
    "TrainingConfig",
    "TrainingResult",
    "load_history",
    "load_idx",
    "load_mnist",
    "load_results",
    "rule_from_name",
    "sweep",
    "train",
]

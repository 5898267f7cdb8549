"""What learning costs: online training that accounts for the energy of every synaptic change."""

from energynet.analysis.cells import cells
from energynet.analysis.claims import Claim, claims
from energynet.analysis.optimum import optimal_energy
from energynet.analysis.savings import savings
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
    "Claim",
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
    "cells",
    "claims",
    "load_history",
    "load_idx",
    "load_mnist",
    "load_results",
    "optimal_energy",
    "rule_from_name",
    "savings",
    "sweep",
    "train",
]

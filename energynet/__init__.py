"""What learning costs: online training that accounts for the energy of every synaptic change."""

from energynet.analysis.cells import cells
from energynet.analysis.optimum import optimal_energy
from energynet.analysis.savings import savings
from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset, load_idx
from energynet.data.mnist import load_mnist
from energynet.errors import (
    ConfigError,
    DataError,
    DataWarning,
    EnergynetError,
    FileError,
    InstallationError,
    RuleError,
)
from energynet.rules.built_in import (
    AllSynapses,
    FixedMask,
    LargestUpdates,
    RandomSubset,
    Readout,
)
from energynet.rules.compiled import compiled
from energynet.rules.custom import PlasticityRule
from energynet.rules.given import GivenMask
from energynet.rules.names import rule_from_name
from energynet.rules.step import Change, End, Layer, LayerWeights, State, Step
from energynet.store.read import load_history, load_results
from energynet.studies.stages.outcome import StudyOutcome
from energynet.studies.stages.study import study
from energynet.studies.statements.claims import Claim, claims
from energynet.sweeps.driver import sweep
from energynet.sweeps.grid import Grid
from energynet.training.compare import compare, plot
from energynet.training.initial import initial_network
from energynet.training.loop import Progress, train
from energynet.training.network import Network
from energynet.training.result import (
    CurvePoint,
    DirectEnergy,
    Energy,
    LayerEnergy,
    TrainingResult,
)

__all__ = [
    "AllSynapses",
    "Change",
    "Claim",
    "ConfigError",
    "CurvePoint",
    "DataError",
    "DataWarning",
    "Dataset",
    "DirectEnergy",
    "End",
    "Energy",
    "EnergynetError",
    "FileError",
    "FixedMask",
    "GivenMask",
    "Grid",
    "InstallationError",
    "LargestUpdates",
    "Layer",
    "LayerEnergy",
    "LayerWeights",
    "Network",
    "PlasticityRule",
    "Progress",
    "RandomSubset",
    "Readout",
    "RuleError",
    "State",
    "Step",
    "StudyOutcome",
    "TrainingConfig",
    "TrainingResult",
    "cells",
    "claims",
    "compare",
    "compiled",
    "initial_network",
    "load_history",
    "load_idx",
    "load_mnist",
    "load_results",
    "optimal_energy",
    "plot",
    "rule_from_name",
    "savings",
    "study",
    "sweep",
    "train",
]


def __getattr__(name: str) -> object:
    """Names that earlier releases documented; they still work for one more release."""
    if name != "result":
        raise AttributeError(f"module 'energynet' has no attribute {name!r}")
    import warnings

    from energynet.training import result

    message = "the classes of energynet.result are in energynet now, as energynet.Energy"
    warnings.warn(message, DeprecationWarning, stacklevel=2)
    return result

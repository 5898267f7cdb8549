"""The network that a run starts from."""

from pathlib import Path

import numpy as np

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.errors import ConfigError, DataError
from energynet.support import checks
from energynet.training.network import Network
from energynet.training.streams import start_weights


def check_types(config: TrainingConfig, dataset: Dataset) -> None:
    """Raise ConfigError or DataError for anything else."""
    if not isinstance(config, TrainingConfig):
        raise ConfigError(f"config must be a TrainingConfig, got {type(config).__name__}")
    if not isinstance(dataset, Dataset):
        named = isinstance(dataset, str | Path)
        hint = "; energynet.Dataset.load(PATH) reads a file or folder" if named else ""
        raise DataError(f"dataset must be a Dataset, got {type(dataset).__name__}{hint}")


@checks.arguments
def initial_network(config: TrainingConfig, dataset: Dataset) -> Network:
    """The network at step 0, with the weights that `train` starts from.

    Parameters
    ----------
    config : TrainingConfig
    dataset : Dataset
        Gives the number of pixels and classes, the mean and the background.

    Returns
    -------
    Network
        In the form of `TrainingResult.network`, in the config's dtype.

    Raises
    ------
    ConfigError
        No config, one of a run that starts from a given network, or a network too large for memory.
    DataError
        No data set, or pixels that do not fit into the config's dtype.
    """
    check_types(config, dataset)
    if config.start:
        raise ConfigError(
            f"start must be empty for an initial network, got {config.start}: the run starts from"
            " that network"
        )
    from energynet.training.images import encode_dataset
    from energynet.training.run import check_memory, shape_of

    shape, dtype = shape_of(config, dataset), np.dtype(config.dtype)
    check_memory(shape, dtype)
    images, _ = encode_dataset(dataset, config.center, dtype)
    weights = np.concatenate([*start_weights(config.seed, shape, config.init_std, dtype)])
    w1, w2 = np.split(weights, [shape.synapses_hidden])
    mean = dataset.mean if config.center else 0.0
    return Network(
        w1=w1.reshape(-1, shape.hidden),
        w2=w2.reshape(-1, shape.n_out),
        mean=mean,
        background=float(images.background),
        activation=config.activation,
    )

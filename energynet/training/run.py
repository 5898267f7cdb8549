"""From a config and a data set to the arrays that the kernels work on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import signature

import numpy as np

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.errors import ConfigError
from energynet.kernels import state
from energynet.kernels.activation import activation_of
from energynet.kernels.native import VECTOR_BYTES
from energynet.kernels.ranking.ranked_layer import BUCKETS
from energynet.kernels.ranking.sort import LEAST_BUCKETS, MOST_BUCKETS
from energynet.kernels.ranking.threshold import GATHERED
from energynet.kernels.rules import steps
from energynet.kernels.rules.random import LISTED
from energynet.kernels.state import Alone, Team, aligned
from energynet.kernels.strokes import StrokeLists, list_images
from energynet.kernels.sums import BLOCK, LANES
from energynet.rules.base import Counts, Shape
from energynet.rules.custom import PlasticityRule
from energynet.training.custom.keeping import Keeping
from energynet.training.custom.steps import CustomRun, run_custom
from energynet.training.images import encode_dataset
from energynet.training.masks import MASK, mask_of, whole_lanes
from energynet.training.stability import learning_rate
from energynet.training.start import Arrays, first_weights
from energynet.training.streams import stream_keys
from energynet.training.threads import gather_team, set_threads


@dataclass(frozen=True)
class Run:
    """All state of one training run.

    `clock` is int64 (3,): steps done; 1 once a value was not finite; steps learnt. `drawn` is
    uint64, a bit for each synapse, for the rule `random`; `custom` is None for a built-in rule.
    """

    shape: Shape
    team: Alone | Team
    weights: state.Weights
    train_images: state.Images
    test_strokes: StrokeLists
    test_label: np.ndarray
    update: str
    constants: state.Constants
    plastic: int
    mask: state.Mask
    drawn: np.ndarray
    buffers: state.Buffers
    ranking: state.Ranking
    energies: state.Energies
    clock: np.ndarray
    custom: CustomRun | None

    @property
    def activation(self) -> state.Activation:
        """The activation function of the hidden units, in the form that evaluation takes."""
        return state.Activation(self.constants.activation, self.constants.slope)

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.clock[state.STEPS])

    def advance(self, stop: int) -> None:
        """Train until step `stop`, or until a value is not finite."""
        if isinstance(self.team, Team):
            set_threads(self.team.parts)
        loop = loop_of(self.update)
        known = {**vars(self), "images": self.train_images, "stop": stop}
        loop(*(known[name] for name in _parameters(loop)))


def loop_of(update: str) -> Callable[..., None]:
    """The loop over steps of `Counts.update`; it gets the parts of a `Run` that it names."""
    loop: Callable[..., None] = (
        run_custom if update == "custom" else getattr(steps, f"run_{update}")
    )
    return loop


@cache
def _parameters(loop: Callable[..., None]) -> tuple[str, ...]:
    return tuple(signature(loop).parameters)


def shape_of(config: TrainingConfig, dataset: Dataset) -> Shape:
    """The size of the network that a config gives on a data set."""
    return Shape(dataset.n_in, config.hidden, dataset.classes)


def prepare(
    config: TrainingConfig,
    dataset: Dataset,
    threads: int | None = 1,
    start: Arrays | None = None,
    *,
    count_updates: bool = False,
) -> Run:
    """Allocate and initialise a run at step 0.

    threads : at most so many work on a step; None lets the size of the network decide.
    start : the weights of the network to start from, as `given_start` gives them.
    count_updates : also count how often each synapse changes, in `energies.tally`.

    Raises ConfigError if the network does not fit into memory, DataError if pixels overflow dtype.
    """
    shape = shape_of(config, dataset)
    dtype = np.dtype(config.dtype)
    counts = config.rule.counts(shape)
    check_memory(shape, dtype, count_updates)
    team = gather_team(threads, shape.hidden)
    train, test = encode_dataset(dataset, config.center, dtype)
    levels = max(shape.n_in + 2, len(train.table))
    try:
        weights = _start_weights(config, shape, dtype, start)
        constants = _constants(config, counts, train)
        buffers = _buffers(config, shape, counts, team.parts, len(dataset.y_train))
        return Run(
            shape=shape,
            team=team,
            weights=weights,
            train_images=train,
            test_strokes=list_images(test),
            test_label=test.label,
            update=counts.update,
            constants=constants,
            plastic=counts.plastic,
            mask=mask_of(config, shape, counts),
            drawn=_no_bits(shape if "drawn" in _parameters(loop_of(counts.update)) else None),
            buffers=buffers,
            ranking=state.Ranking(
                hidden=_ranked_layer(levels, shape, dtype, team.parts),
                output=_ranked_layer(shape.n_out, shape, dtype, team.parts),
                choice=_choice(shape, dtype),
            ),
            energies=_energies(config, shape, count_updates),
            clock=np.zeros(3, np.int64),
            custom=_custom(config, shape, weights, buffers, constants),
        )
    except MemoryError as error:
        raise _too_large(shape, dtype) from error


def _custom(
    config: TrainingConfig,
    shape: Shape,
    weights: state.Weights,
    buffers: state.Buffers,
    constants: state.Constants,
) -> CustomRun | None:
    if not isinstance(config.rule, PlasticityRule):
        return None
    keeping = Keeping(config.rule, shape)
    return CustomRun(keeping, weights, buffers, constants, _no_bits(shape))


def check_memory(shape: Shape, dtype: np.dtype, count_updates: bool = False) -> None:
    """Raise ConfigError if weights need more memory than there is: the process would be killed."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        return
    counts = state.COUNT.itemsize if count_updates else 0
    if shape.synapses * (dtype.itemsize + counts) > memory:
        raise _too_large(shape, dtype)


def _too_large(shape: Shape, dtype: np.dtype) -> ConfigError:
    gigabytes = shape.synapses * dtype.itemsize / 1e9
    return ConfigError(
        f"hidden must be small enough for memory, but {shape.hidden} units take"
        f" {gigabytes:,.1f} GB for the weights alone"
    )


def _no_bits(shape: Shape | None) -> np.ndarray:
    return np.zeros(-(-shape.synapses // 64) if shape else 0, np.uint64)


def _start_weights(
    config: TrainingConfig, shape: Shape, dtype: np.dtype, start: Arrays | None
) -> state.Weights:
    u = aligned((shape.n_in + 1, shape.hidden), dtype)
    w2 = np.empty((shape.hidden + 1, shape.n_out), dtype)
    target, position = u.reshape(-1), 0
    for chunk in first_weights(config, shape, start):
        if position == len(target):
            target, position = w2.reshape(-1), 0
        target[position : position + len(chunk)] = chunk
        position += len(chunk)
    r = np.add.reduce(u[:-1], axis=0, dtype=np.float64)
    return state.Weights(u, np.zeros(shape.hidden), r, np.ascontiguousarray(w2.T))


def _constants(config: TrainingConfig, counts: Counts, images: state.Images) -> state.Constants:
    keys = stream_keys(config.seed)
    dtype = images.table.dtype
    activation = activation_of(config.activation, dtype)
    return state.Constants(
        k_hidden=counts.k_hidden,
        k_output=counts.k_output,
        units=counts.units,
        readout=counts.readout,
        signals=config.hidden if counts.signals is None else counts.signals,
        eta=dtype.type(learning_rate(config, images)),
        margin=dtype.type(-1 if config.margin is None else config.margin),
        activation=activation.kind,
        slope=activation.slope,
        softmax=config.output == "softmax",
        permutation=config.sample_order == "permutation",
        order_key=keys["order"],
        tie_key=keys["ties"],
        mask_key=keys["mask"],
        vector_bytes=VECTOR_BYTES,
    )


def _buffers(
    config: TrainingConfig, shape: Shape, counts: Counts, parts: int, images: int
) -> state.Buffers:
    inputs, nh, n_out = shape.n_in + 1, shape.hidden, shape.n_out
    dtype = np.dtype(config.dtype)
    a, a_bits = _with_bits(nh + 1, dtype)
    g, g_bits = _with_bits(nh, dtype)
    a[nh] = 1  # the bias unit
    return state.Buffers(
        row=np.zeros(inputs, np.int64),
        x=np.zeros(inputs, dtype),
        s=np.zeros(inputs, dtype),
        x_all=np.zeros(inputs, dtype),
        code=np.zeros(inputs, np.int64),
        h=np.zeros(nh, dtype),
        a=a,
        a_bits=a_bits,
        g=g,
        g_bits=g_bits,
        o=np.zeros(n_out, dtype),
        e=np.zeros(n_out, dtype),
        q=np.zeros(n_out, dtype),
        all_outputs=np.arange(n_out),
        partial=np.zeros((-(-(nh + 1) // BLOCK), n_out), dtype),
        stroke_sum=np.zeros(whole_lanes(nh) if counts.update == MASK else 0),
        g_power=_zeros(whole_lanes(nh), np.dtype(float)),
        a_power=np.zeros(nh + 1),
        output_sum=np.zeros(whole_lanes(n_out)),
        row_power=np.zeros(inputs),
        lanes=np.zeros((parts, LANES), dtype),
        wide=np.zeros((parts, LANES)),
        order=np.zeros(images if config.sample_order == "permutation" else 0, np.int32),
        numbers=np.zeros(LISTED, np.uint64),
    )


def _zeros(size: int, dtype: np.dtype) -> np.ndarray:
    array = aligned((size,), dtype)
    array[:] = 0
    return array


def _with_bits(size: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Reals, and the same memory as unsigned bit patterns."""
    values = _zeros(size, dtype)
    return values, values.view(np.dtype(f"u{dtype.itemsize}"))


def _ranked_layer(rows: int, shape: Shape, dtype: np.dtype, parts: int) -> state.RankedLayer:
    columns = shape.hidden + 1
    row_value, row_bits = _with_bits(rows, dtype)
    col_value, col_bits = _with_bits(columns, dtype)
    spare_value, spare_bits = _with_bits(max(rows, columns), dtype)
    scalar_value, scalar_bits = _with_bits(1, dtype)
    buckets = 1 << (2 * max(rows, columns) - 1).bit_length()
    return state.RankedLayer(
        row_value=row_value,
        row_bits=row_bits,
        row_source=np.zeros(rows, np.int32),
        row_weight=np.zeros(rows, np.int64),
        col_value=col_value,
        col_bits=col_bits,
        col_index=np.zeros(columns, np.int32),
        at_least=np.zeros(rows, np.int64),
        above=np.zeros(rows, np.int64),
        trial=np.zeros(rows, np.int64),
        counts=np.zeros((parts, BUCKETS), np.int64),
        top=np.zeros(parts, np.int64),
        at_most=np.zeros(BUCKETS + 1, np.int64),
        spare_value=spare_value,
        spare_bits=spare_bits,
        spare_index=np.zeros(max(rows, columns), np.int32),
        position=np.zeros(min(max(buckets, LEAST_BUCKETS), MOST_BUCKETS), np.int32),
        scalar_value=scalar_value,
        scalar_bits=scalar_bits,
        extent=np.zeros(3, np.int64),
    )


def _choice(shape: Shape, dtype: np.dtype) -> state.Choice:
    inputs, nh = shape.n_in + 1, shape.hidden
    changed = inputs + shape.n_out
    return state.Choice(
        level_count=np.zeros(state.CODES, np.int64),
        level_row=np.zeros(state.CODES, np.int64),
        row_of=np.zeros(inputs, np.int64),
        prefix=np.zeros(inputs, np.int64),
        pixel=np.zeros(inputs, np.int32),
        member=np.zeros(inputs, np.int32),
        stroke_of=np.zeros(inputs, np.int32),
        rank=np.zeros(max(inputs, nh + 1), np.uint64),
        sorted_rank=np.zeros(max(inputs, nh + 1), np.uint64),
        sorted_index=np.zeros(max(inputs, nh + 1), np.int32),
        unit=np.zeros(nh + 1, np.int32),
        position=np.zeros(nh + 1, np.int32),
        member_row=np.zeros(shape.n_out, np.int32),
        signed=np.zeros(nh + 1, dtype),
        signed_a=np.zeros(nh + 1, dtype),
        column_sum=np.zeros(nh + 2),
        power_sum=np.zeros(nh + 2),
        gathered=np.zeros(GATHERED, dtype),
        weight=np.zeros(GATHERED, np.int64),
        changed=np.zeros(changed, np.int64),
        limit_inner=np.zeros(changed, dtype),
        factor=np.zeros(changed, dtype),
        limit_outer=np.zeros(changed, dtype),
        rest=np.zeros(changed, dtype),
    )


def _energies(config: TrainingConfig, shape: Shape, count_updates: bool) -> state.Energies:
    exponent = np.array([1.0, *config.alpha])
    tally = None
    if count_updates:
        sizes = (shape.n_in + 1, shape.hidden), (shape.hidden,), (shape.n_out, shape.hidden + 1)
        tally = state.Tally(*(aligned(size, state.COUNT) for size in sizes))
        for counts in tally:
            counts.fill(0)
    return state.Energies(exponent, np.zeros(2, np.int64), np.zeros((len(exponent), 2)), tally)

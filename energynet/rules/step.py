"""What a custom rule sees of a training step, and what it may return beyond a choice."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from energynet.errors import RuleError
from energynet.support import checks
from energynet.support.checks import quoted


class Change(NamedTuple):
    """A change of a layer that costs something else than its size.

    Attributes
    ----------
    dw : bool, or arrays
        What is added to the weights: True for all of dw, False for nothing, an array
        (n_pre, n_post) of float32 or float64, or three arrays (pre, post, value).
    paid : False, or arrays
        What is counted in M0, M1 and M_alpha: an array (n_pre, n_post) of float32 or float64, three
        arrays (pre, post, value), or False for nothing.
    """

    dw: Any
    paid: Any


class Source(Protocol):
    """Where a layer's arrays come from."""

    pre: np.ndarray
    post: np.ndarray

    def dw(self) -> np.ndarray:
        """All updates, read-only."""

    def weights(self) -> np.ndarray:
        """All weights, read-only."""


class LayerWeights:
    """The weights of one layer: all that `finish` sees of it."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @cached_property
    def weights(self) -> np.ndarray:
        """float32 or float64, (n_pre, n_post), read-only: in `select` the weights before the step,
        in `finish` those after the last one."""
        return self._source.weights()


class Layer(LayerWeights):
    """One layer in one step: dw[i, j] = pre[i] post[j]. Its arrays are read-only.

    `dw` and `weights` are made when they are first asked for, and hold for this step: the next one
    uses the same memory. Copy into the rule's state what is needed later.
    """

    @cached_property
    def pre(self) -> np.ndarray:
        """Presynaptic factors, float32 or float64, (n_pre,): x of the pixels, or the activities
        of the hidden units; the bias unit's 1 is the last."""
        return read_only(self._source.pre.copy())

    @cached_property
    def post(self) -> np.ndarray:
        """Postsynaptic factors, same type, (n_post,): the learning rate times the error signal
        of each hidden or output unit."""
        return read_only(self._source.post.copy())

    @cached_property
    def dw(self) -> np.ndarray:
        """All updates, same type, (n_pre, n_post)."""
        return self._source.dw()


class State(Mapping[str, np.ndarray]):
    """The arrays that a rule declared, by name; writable in place.

    `state[name] = value` writes the value into the array, and refuses one that does not fit.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = dict(arrays)

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._arrays[name]
        except KeyError:
            raise RuleError(self._unknown(name)) from None

    def __setitem__(self, name: str, value: Any) -> None:
        array = self[name]
        if value is array:  # what `state[name] += 1` ends with
            return
        given = np.asarray(value)
        fits = given.shape in (array.shape, ()) and np.can_cast(
            given.dtype, array.dtype, "same_kind"
        )
        if not fits:
            raise RuleError(
                f"state[{name!r}] must be written with {array.dtype} of shape {array.shape}, got"
                f" {given.dtype} of shape {given.shape}"
            )
        array[...] = given

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"State({self._arrays!r})"

    def _unknown(self, name: object) -> str:
        if not self._arrays:
            return (
                f"the rule declares no state, so there is no state[{name!r}]: define"
                " state(self, shape), which returns a dict of arrays"
            )
        return f"state has {', '.join(self._arrays)}, but no {quoted(name)}"


class Costs(NamedTuple):
    """The costs that a rule declares, and their values: float64 (2, n), those so far and those of
    the present step."""

    names: tuple[str, ...]
    values: np.ndarray

    @property
    def so_far(self) -> tuple[float, ...]:
        """The costs of all steps that were counted."""
        return tuple(self.values[0].tolist())

    def add(self, name: str, value: Any) -> None:
        """Add to a cost of the present step; raises RuleError."""
        if name not in self.names:
            known = ", ".join(self.names)
            raise RuleError(
                f"costs of the rule are {known}, got {quoted(name)}"
                if known
                else f'the rule declares no costs: write costs = ("{name}",) in its class'
            )
        amount = checks.unwrap(value)
        real = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not real or not 0 <= amount < np.inf:
            raise RuleError(
                f"cost {name} must be a finite number of 0 or above, got {quoted(value)}"
            )
        self.values[1, self.names.index(name)] += amount


class _Moment:
    """What a rule sees at any time of a run."""

    def __init__(
        self, number: int, key: int, learning_rate: float, state: State, costs: Costs
    ) -> None:
        self.number, self._key = number, key
        self.learning_rate = learning_rate
        self.state, self._costs = state, costs

    @cached_property
    def random(self) -> np.random.Generator:
        """Random numbers of this step alone, a function of the run's seed and the step."""
        return np.random.Generator(np.random.Philox(key=self._key, counter=[0, 0, 0, self.number]))

    def add_cost(self, name: str, value: float) -> None:
        """Add a value >= 0 to a cost that the rule declares in `costs`; it counts with the step.

        Raises RuleError.
        """
        self._costs.add(name, value)


class End(_Moment):
    """What a rule's `finish` sees of a run after its last step.

    Attributes
    ----------
    number : int
        Steps done.
    learning_rate : float
        eta, as rounded to the config's dtype.
    hidden, output : LayerWeights
        The synapses onto the hidden units, and those onto the output units.
    state : State
        The arrays that the rule declares.
    """

    def __init__(self, sources: Sequence[Source], *rest: Any) -> None:
        super().__init__(*rest)
        self.hidden, self.output = map(LayerWeights, sources)


class Step(_Moment):
    """What a rule sees of one training step.

    Attributes
    ----------
    number : int
        Steps done before this one.
    label : int
        Class of the image.
    learning_rate : float
        eta, as rounded to the config's dtype.
    hidden, output : Layer
        The synapses onto the hidden units, and those onto the output units.
    state : State
        The arrays that the rule declares; they can be written to.
    """

    def __init__(
        self, sources: Sequence[Source], label: int, outputs: np.ndarray, *rest: Any
    ) -> None:
        super().__init__(*rest)
        self.hidden, self.output = map(Layer, sources)
        self.label, self._outputs = label, outputs

    @cached_property
    def outputs(self) -> np.ndarray:
        """The linear outputs, also of a network with softmax: real (n_out,), read-only."""
        return read_only(self._outputs.copy())

    @property
    def prediction(self) -> int:
        """The class with the largest output; of equal ones the lowest."""
        return int(self._outputs.argmax())


def read_only(array: np.ndarray) -> np.ndarray:
    """The array itself, which cannot be written to from now on."""
    array.flags.writeable = False
    return array

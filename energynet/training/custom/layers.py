"""The arrays of both layers that a custom rule may ask for."""

import numpy as np

from energynet.kernels import state
from energynet.kernels.rules import custom as kernels
from energynet.rules.step import read_only


class _Source:
    """One layer: its factors, and arrays of all synapses whose memory is kept."""

    def __init__(self, weights: state.Weights, pre: np.ndarray, post: np.ndarray) -> None:
        self._weights, self.pre, self.post = weights, pre, post
        self._memory: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """(n_pre, n_post)."""
        return len(self.pre), len(self.post)

    def dw(self) -> np.ndarray:
        """All updates, read-only."""
        array, shown = self._array("dw")
        kernels.fill_updates(array, self.pre, self.post)
        return shown

    def _array(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """An array and its read-only view, the same in each step: new memory comes page by page,
        which takes longer than to fill it."""
        if name not in self._memory:
            array = state.aligned(self.shape, self.pre.dtype)
            self._memory[name] = array, read_only(array.view())
        return self._memory[name]


class HiddenSource(_Source):
    """The hidden layer."""

    def __init__(self, weights: state.Weights, buffers: state.Buffers) -> None:
        super().__init__(weights, buffers.x_all, buffers.g)

    def weights(self) -> np.ndarray:
        """All weights, read-only."""
        array, shown = self._array("weights")
        kernels.fill_weights(array, self._weights.u, self._weights.v)
        return shown


class OutputSource(_Source):
    """The output layer."""

    def __init__(self, weights: state.Weights, buffers: state.Buffers) -> None:
        super().__init__(weights, buffers.a, buffers.q)

    def weights(self) -> np.ndarray:
        """All weights, read-only."""
        array, shown = self._array("weights")
        np.copyto(array, self._weights.w_out.T)
        return shown

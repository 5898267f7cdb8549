"""Randomness of a run: independent streams from one seed, and the weights it starts with."""

from collections.abc import Iterator

import numpy as np

from energynet.rules.base import Shape

CHUNK = 1 << 16  # normals drawn at a time: bounds memory, never changes the numbers


def stream_keys(seed: int) -> dict[str, np.uint64]:
    """A 64-bit key for each purpose of counter-based draws: mask, order, ties."""
    _, *children = np.random.SeedSequence(seed).spawn(4)
    keys = (child.generate_state(1, np.uint64)[0] for child in children)
    return dict(zip(("mask", "order", "ties"), keys, strict=True))


def start_weights(
    seed: int, shape: Shape, init_std: float, dtype: np.dtype
) -> Iterator[np.ndarray]:
    """All N initial weights in chunks: W1 (n_in + 1, nh) row by row, then W2 (nh + 1, n_out).

    Each is a float64 standard normal times init_std, rounded to dtype; no chunk holds weights of
    both layers.
    """
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed).spawn(4)[0]))
    for size in (shape.synapses_hidden, shape.synapses_output):
        for start in range(0, size, CHUNK):
            normals = generator.standard_normal(min(CHUNK, size - start))
            yield (normals * init_std).astype(dtype)

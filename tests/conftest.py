"""Settings for all tests, and small data sets."""

import hypothesis
import numpy as np
import pytest

import energynet as en

hypothesis.settings.register_profile(
    "energynet", deadline=None, derandomize=True, database=None, max_examples=60
)
hypothesis.settings.load_profile("energynet")


def digits(n_in=40, train=60, test=30, classes=4, dtype="uint8", seed=0, levels=256):
    """Images of which 70 % are background, with a class-dependent stroke; `levels` grey levels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, train + test)
    strength = generator.integers(1, levels, (train + test, n_in)) * (255 // (levels - 1))
    on = generator.random((train + test, n_in)) < 0.1
    for c in range(classes):
        on[labels == c, c * 5 : c * 5 + 8] = True
    images = np.where(on, strength, 0).astype(np.uint8)
    if dtype != "uint8":
        images = (images / 255).astype(dtype)
    return en.Dataset.from_arrays(
        images[:train], labels[:train], images[train:], labels[train:], classes
    )


@pytest.fixture(scope="session")
def mnist():
    return en.load_mnist()

"""Settings for all tests."""

import hypothesis
import pytest

import energynet as en

hypothesis.settings.register_profile(
    "energynet", deadline=None, derandomize=True, database=None, max_examples=60
)
hypothesis.settings.load_profile("energynet")


@pytest.fixture(scope="session")
def mnist():
    return en.load_mnist()

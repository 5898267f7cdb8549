"""Settings for all tests."""

import logging

import hypothesis
import pytest
from own_rules import EXAMPLES

import energynet as en

hypothesis.settings.register_profile(
    "energynet", deadline=None, derandomize=True, database=None, max_examples=60
)
hypothesis.settings.load_profile("energynet")


@pytest.fixture(scope="session")
def mnist():
    return en.load_mnist()


@pytest.fixture
def examples(monkeypatch):
    """The folder of example rules is where Python looks for modules."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


@pytest.fixture(autouse=True)
def _loud():
    """Commands with --quiet silence the package for the rest of a process."""
    logging.getLogger("energynet").setLevel(logging.NOTSET)

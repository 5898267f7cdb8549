"""Sweeps that several modules compare theirs with."""

import pytest
from support import digits
from sweeps import GRID

import energynet as en


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return en.sweep(GRID, tmp_path_factory.mktemp("runs"), data=digits(), progress=False)

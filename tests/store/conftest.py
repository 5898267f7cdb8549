"""A store that several modules read."""

import pytest
from support import digits
from sweeps import GRID

import energynet as en


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    en.sweep(GRID, folder, data=digits(), workers=1, progress=False)
    return folder

"""Sweeps that several modules compare theirs with."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support import digits
from sweeps import GRID

import energynet as en


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    with ThreadPoolExecutor(1) as executor:
        return en.sweep(GRID, folder, executor, data=digits(), progress=False)

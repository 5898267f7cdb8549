"""Tables of a made-up study, for figures, and a browser."""

import os
import shutil

import pandas as pd
import pytest
from made_up_study import study_history, study_table

from energynet.analysis.study import Study

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def table():
    return study_table(fractions=(0.002, 0.01, 0.05, 0.2, 1.0))


@pytest.fixture(scope="session")
def results(table):
    return Study.of(table, study_history(table))


@pytest.fixture(scope="session")
def small():
    """A table that is quick to draw."""
    rules = ("largest", "fixed-units")
    return study_table(hidden=(300, 1000), fractions=(0.01, 0.2, 1.0), rules=rules, small=(10, 20))


@pytest.fixture(scope="session")
def varied(small):
    """The same at three learning rates and two spreads of the initial weights."""
    small = small[small["hidden"] == 300]
    return pd.concat(
        [
            small.assign(learning_rate=eta, init_std=spread, m0=(small["m0"] * scale).round())
            for eta, scale in ((0.003, 1.0), (0.01, 1.1), (0.03, 1.3))
            for spread in (0.01, 0.03)
        ],
        ignore_index=True,
    ).assign(id=lambda table: [f"{number:016x}" for number in table.index])


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium of the system, driven by playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright (extra 'browser')")
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    if binary is None:
        pytest.skip(f"needs one of {', '.join(BROWSERS)} on the PATH")
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []  # Chromium has none for root
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=sandbox)
        yield browser
        browser.close()

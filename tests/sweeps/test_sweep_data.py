"""What a sweep trains on: data and starting networks, in memory and in files."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pytest
from support import digits
from sweeps import same

import energynet as en
from energynet.cli.main import main
from energynet.store.exchange import export_results, import_results
from energynet.store.folder import run_id
from energynet.sweeps import worker

SMALL = en.Grid(hidden=5, max_steps=100, test_every=50, target_accuracy=1.0)


def test_data_changed_in_place_are_other_data(tmp_path):
    """What was stored for the old pixels is not taken for a result of the new ones."""
    given = digits()
    images, labels = given.x_train.copy(), given.y_train
    dataset = en.Dataset.from_arrays(images, labels, given.x_test, given.y_test)
    before = en.sweep(SMALL, tmp_path, data=dataset, workers=1, progress=False)
    images[:] = 255 - images
    same(en.sweep(SMALL, tmp_path, data=dataset, workers=1, progress=False), before)
    other = en.Dataset.from_arrays(images, labels, given.x_test, given.y_test)
    after = en.sweep(SMALL, tmp_path, data=other, workers=1, progress=False)
    assert after["m1"].item() == en.train(SMALL.configs[0], other).energy.m1 != before["m1"].item()


def test_files_of_data(tmp_path):
    """Each sweep reads a file or a folder afresh, though workers keep what they have read."""
    path, folder = tmp_path / "digits.npz", tmp_path / "digits"
    digits().save(path)
    digits().save(folder)
    with ThreadPoolExecutor(1) as executor:

        def run(**options):
            return en.sweep(SMALL, tmp_path / "runs", executor, progress=False, **options)

        first = run(data=path)
        same(run(data=str(folder)), first)
        assert len(list((tmp_path / "runs").glob("*/*/result.json"))) == 1
        digits(seed=1).save(path)
        second = run(data=path)
        assert second["id"].item() != first["id"].item()
        assert second["data_sha256"].item() == digits(seed=1).sha256
        same(run(data=digits()), first)


def test_data_that_change_during_a_sweep(tmp_path):
    path = tmp_path / "digits.npz"
    digits().save(path)
    worker.load_data.cache_clear()
    assert worker.load_data(str(path), digits().sha256).sha256 == digits().sha256
    digits(seed=1).save(path)
    worker.load_data.cache_clear()
    with pytest.raises(en.DataError, match=r"digits.npz was changed since the sweep began"):
        worker.load_data(str(path), digits().sha256)


def test_data_named_by_the_grid(tmp_path, monkeypatch):
    """Beside its file, from wherever it is run; given data come before."""
    path = tmp_path / "study" / "grid.toml"
    path.parent.mkdir()
    digits().save(path.parent / "digits.npz")
    SMALL.to_toml(path)
    path.write_text('data = "digits.npz"\n' + path.read_text())
    monkeypatch.chdir(tmp_path)
    grid, other = en.Grid.from_toml("study/grid.toml"), digits(seed=1)
    named = en.sweep(grid, tmp_path / "runs", workers=1, progress=False)
    assert named["data_sha256"].item() == digits().sha256
    given = en.sweep(grid, tmp_path / "runs", data=other, workers=1, progress=False)
    assert given["data_sha256"].item() == other.sha256


STARTED_GRID = """
data = "digits.npz"
[defaults]
hidden = 5
max_steps = 100
test_every = 50
target_accuracy = 1.0
[[block]]
start = ["none", "first.npz"]
dtype = ["float32", "float64"]
[[block]]
start = "first.npz"
seeds = [7]
"""


@pytest.fixture
def starting(tmp_path):
    """A folder with a grid whose runs start from a network in a file, and the network."""
    dataset = digits()
    dataset.save(tmp_path / "digits.npz")
    config = en.TrainingConfig(hidden=5, max_steps=50, test_every=50, dtype="float64")
    network = en.train(config, dataset.permuted(0)).network
    network.save(tmp_path / "first.npz")
    (tmp_path / "grid.toml").write_text(STARTED_GRID)
    return tmp_path, network


def test_runs_that_start_from_a_network_in_a_file(starting, capsys):
    """It is known by what it holds: wherever the file is, and also once it is gone."""
    folder, network = starting
    grid = en.Grid.from_toml(folder / "grid.toml")
    assert len(grid) == 5
    assert main(["sweep", str(folder / "grid.toml"), "--store", f"{folder}/a", "--dry-run"]) == 0
    (folder / "a").mkdir()
    assert main(["status", str(folder / "a"), "--grid", str(folder / "grid.toml")]) == 0
    assert "5 runs, 0 stored, 5 to do" in capsys.readouterr().out
    (folder / "elsewhere").mkdir()
    for name in ("first.npz", "digits.npz"):
        shutil.move(folder / name, folder / "elsewhere" / name)
    data = folder / "elsewhere" / "digits.npz"
    with ThreadPoolExecutor(1) as executor:
        half = en.sweep(grid, folder / "a", executor, data=data, shard=(1, 2), progress=False)
    table = en.sweep(grid, folder / "a", data=data, workers=1, progress=False)
    assert len(half) == 3
    assert len(table) == 5
    assert len(list((folder / "a").glob("arrays-*.npz"))) == 2
    for config in grid:
        row = table.set_index("id").loc[run_id(config, digits().sha256)]
        result = en.train(config, digits(), start=network if config.start else None)
        assert (row["start"], row["m1"]) == (result.config.start, result.energy.m1)
    kept = [config for config in grid if config.start]
    same(
        en.sweep(kept, folder / "a", data=data, progress=False),
        table[table["start"] != ""].reset_index(drop=True),
    )
    seeds = [replace(kept[0], seed=1)]
    assert len(en.sweep(seeds, folder / "a", data=data, workers=1, progress=False)) == 1
    with pytest.raises(en.ConfigError, match="'start' must be a network that the grid names"):
        en.sweep(seeds, folder / "b", data=data, progress=False)
    with pytest.raises(en.FileError, match=r"start: .*first.npz cannot be read"):
        en.Grid.from_toml(folder / "grid.toml")
    for name in ("hidden", "activation"):
        other = {"hidden": 4} if name == "hidden" else {"hidden": 5, "activation": "tanh"}
        bad = en.Grid(start=folder / "elsewhere" / "first.npz", **other)
        with pytest.raises(en.ConfigError, match="start must be a network"):
            en.sweep(bad, folder / "b", data=data, progress=False)
    assert not (folder / "b").exists()
    back = folder / "back"
    export_results(folder / "a", folder / "a.csv")
    import_results(folder / "a.csv", back)
    same(en.load_results(back), en.load_results(folder / "a"))
    grid.to_toml(folder / "again.toml")
    shutil.copy(folder / "elsewhere" / "first.npz", folder / "first.npz")
    assert en.Grid.from_toml(folder / "again.toml").configs == grid.configs


def test_runs_from_different_networks_are_never_averaged(starting):
    folder, _ = starting
    grid = en.Grid.from_toml(folder / "grid.toml")
    table = en.sweep(grid, folder / "a", workers=1, progress=False)
    table = table[table["dtype"] == "float32"].drop(columns="dtype")

    def counted(runs, **options):
        found = en.cells(runs, **options).query("energy == 'm0'")
        assert (found["runs"] == 1).all()
        return len(found)

    assert counted(table) == 1
    assert counted(table, by=["start"]) == 3  # one of them of another set of seeds
    # Digits that are a number to a careless reader.
    odd = table[table["start"] == ""]
    odd = pd.concat([odd.assign(start=f"1e{n + 400:014}", seed=n) for n in (0, 1)])
    assert counted(odd) == 1

"""Sweeps: any workers give the same table, in scripts, in notebooks and on the command line."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import HELPERS, digits
from sweeps import GRID, QUICK, driver, same

import energynet as en
from energynet.cli.main import main
from energynet.store.exchange import export_results, import_results
from energynet.store.folder import Store
from energynet.sweeps import worker


@pytest.mark.parametrize("workers", [1, 3])
def test_local_workers(undisturbed, tmp_path, workers):
    same(en.sweep(GRID, tmp_path, data=digits(), workers=workers, progress=False), undisturbed)


def test_threads(undisturbed, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        same(en.sweep(GRID, tmp_path, executor, data=digits(), progress=False), undisturbed)


@pytest.mark.parametrize("threads", [True, False])
def test_given_masks_are_kept_with_the_runs(tmp_path, threads):
    data = digits()
    generator = np.random.default_rng(0)
    masks = [
        en.GivenMask(generator.random((41, 6)) < share, generator.random((7, 4)) < 0.5)
        for share in (0.05, 0.5)
    ]
    options = {"hidden": 6, "max_steps": 100, "test_every": 50}
    grid = en.Grid(rule=[*masks, en.AllSynapses()], seeds=2, **options)
    with ThreadPoolExecutor(2) if threads else nullcontext() as executor:
        table = en.sweep(grid, tmp_path / "runs", executor, data=data, workers=1, progress=False)
    assert set(table["mask"].dropna()) == {mask.mask for mask in masks}
    assert table.loc[table["mask"].notna(), "fraction"].isna().all()
    row = table[(table["mask"] == masks[0].mask) & (table["seed"] == 1)].iloc[0]
    run = en.train(en.TrainingConfig(rule=masks[0], seed=1, **options), data)
    assert (row["m0"], row["m1"]) == (run.energy.m0, run.energy.m1)
    cells = en.cells(table)
    shares = {f"fixed-given {mask.mask}": mask.plastic / mask.shape.synapses for mask in masks}
    assert dict(zip(cells["rule"], cells["fraction"], strict=True)) == {"all": 1.0, **shares}
    assert set(cells["runs"]) == {2}  # masks are kept apart
    assert max(path.stat().st_size for path in tmp_path.rglob("*[ct].json")) < 5000
    export_results(tmp_path / "runs", tmp_path / "runs.csv")
    assert import_results(tmp_path / "runs.csv", tmp_path / "copy") == 6
    same(en.load_results(tmp_path / "copy"), table)


def test_masks_that_do_not_fit_are_refused_before_a_sweep(tmp_path):
    mask = en.GivenMask(np.ones((6, 3), bool), np.ones((4, 2), bool))
    for config in (en.TrainingConfig(hidden=3, rule=mask), en.TrainingConfig(hidden=4, rule=mask)):
        with pytest.raises(en.ConfigError, match="mask must have the shapes of the network's wei"):
            en.sweep([config], tmp_path / "runs", data=digits(), progress=False)
        with pytest.raises(en.ConfigError, match="mask must have the shapes of the network's wei"):
            en.train(config, digits())
    named = en.TrainingConfig.from_dict(config.to_dict())
    with pytest.raises(en.ConfigError, match=f"mask {mask.mask} is known by its digits alone"):
        en.sweep([named], tmp_path / "runs", data=digits(), progress=False)
    assert not (tmp_path / "runs").exists()


def test_shards_merged_by_copying(undisturbed, tmp_path):
    for part in (1, 2, 3):
        folder = tmp_path / str(part)
        rows = en.sweep(GRID, folder, data=digits(), shard=(part, 3), workers=1, progress=False)
        assert len(rows) in (6, 7)
        shutil.copytree(folder, tmp_path / "all", dirs_exist_ok=True)
    same(en.load_results(tmp_path / "all"), undisturbed)


def test_a_script_without_a_main_guard(tmp_path):
    process = driver(tmp_path / "runs", script=QUICK)
    out, err = process.communicate(timeout=120)
    assert (out.strip(), process.returncode) == ("20", 0), err


def test_failed_runs_tell_why(tmp_path, caplog):
    config = en.TrainingConfig(hidden=2**30, max_steps=1)
    table = en.sweep([config], tmp_path, data=digits(), progress=False, workers=1)
    assert table["outcome"][0] == "failed"
    assert "hidden must be small enough for memory" in table["reason"][0]
    which = f"run {table['id'][0]} (1,073,741,824 hidden units, rule all, seed 0)"
    assert caplog.messages == [f"{which} failed: {table['reason'][0]}"]


def test_a_run_that_fails_while_it_is_stopped_was_interrupted(tmp_path, monkeypatch):
    config, store, stop = en.TrainingConfig(hidden=3), Store(tmp_path), tmp_path / ".stop-1"

    def fail(*_, **__):
        stop.touch()
        raise EOFError

    monkeypatch.setattr(worker, "train", fail)
    monkeypatch.setattr(worker, "load_data", lambda *_: digits())
    values = {"config": config.to_dict(), "data": "", "retry": False, "stop": str(stop)}
    values["data_sha256"] = ""
    with pytest.raises(KeyboardInterrupt):
        worker.run_one({"id": "00aa00aa00aa00aa", "store": str(tmp_path), **values})
    assert store.outcome("00aa00aa00aa00aa") == "interrupted"


@pytest.mark.parametrize("error", [RuntimeError("no luck"), KeyError("u")])
def test_a_run_that_goes_wrong_unexpectedly_ends_alone(tmp_path, monkeypatch, error):
    train = worker.train

    def sometimes(config, *arguments, **options):
        if config.seed == 1:
            raise error
        return train(config, *arguments, **options)

    monkeypatch.setattr(worker, "train", sometimes)
    grid = en.Grid(hidden=3, seeds=3, max_steps=50, test_every=50)
    with ThreadPoolExecutor(2) as executor:
        table = en.sweep(grid, tmp_path, executor, data=digits(), progress=False)
    rows = table.set_index("seed")
    assert dict(rows["outcome"]) == {0: "exhausted", 1: "failed", 2: "exhausted"}
    where = r"test_sweep.py, line \d+"
    assert re.fullmatch(rf"{type(error).__name__}: {error} \({where}\)", rows.loc[1, "reason"])


def test_longer_runs_start_anew_and_it_is_said(tmp_path, caplog):
    limits = {"test_every": 50, "target_accuracy": 1.0}
    short = en.Grid(hidden=[3, 4], seeds=2, max_steps=100, **limits)
    en.sweep(short, tmp_path, data=digits(), workers=1, progress=False)
    assert not caplog.records
    long = en.Grid(hidden=[4, 5], seeds=2, max_steps=200, **limits)
    for _ in range(2):  # the second time all are stored
        table = en.sweep(long, tmp_path, data=digits(), workers=1, progress=False)
    said = f"2 runs in '{tmp_path}' ended at a smaller max_steps: with the larger one they start"
    assert [record.getMessage() for record in caplog.records] == [f"{said} at step 0"]
    assert len(table) == 4
    assert set(table["steps"]) == {200}
    assert len(en.load_results(tmp_path)) == 8


def test_damaged_checkpoint_costs_nothing_but_time(tmp_path, undisturbed):
    configs = list(GRID)
    opened = Store(tmp_path)
    for identity, content in zip(undisturbed["id"], [b"", b"PK", b"text"], strict=False):
        opened.checkpoint(identity).parent.mkdir(parents=True)
        opened.checkpoint(identity).write_bytes(content)
    same(en.sweep(configs, tmp_path, data=digits(), workers=1, progress=False), undisturbed)


def test_unwritable_store(tmp_path, read_only):
    with read_only(tmp_path), pytest.raises(en.FileError, match=r"store .* cannot be written"):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)


def test_a_finished_sweep_may_be_read_only(tmp_path, read_only, monkeypatch):
    monkeypatch.setattr("energynet.data.named.load_mnist", digits)
    done = en.sweep(GRID, tmp_path, data=digits(), workers=1, progress=False)
    (tmp_path / ".index.json").unlink()
    with read_only(tmp_path):
        pd.testing.assert_frame_equal(en.sweep(GRID, tmp_path, data=digits()), done)
        pd.testing.assert_frame_equal(en.sweep(GRID, tmp_path), done)
        more = [*GRID, en.TrainingConfig(hidden=7)]
        with pytest.raises(en.FileError, match=r"store .* cannot be written"):
            en.sweep(more, tmp_path, data=digits(), progress=False)


def test_a_store_that_is_a_file(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(en.FileError, match=r"store .*file cannot be written"):
        en.sweep(GRID, path, data=digits(), progress=False)


TOML = """
[[block]]
hidden = [5, 6]
seeds = 2
max_steps = 50
test_every = 50
"""


def test_command_line(tmp_path, capsys):
    grid, store = tmp_path / "grid.toml", str(tmp_path / "runs")
    grid.write_text(TOML)
    assert main(["sweep", str(grid), "--store", store, "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("4 runs, 0 stored, 4 to do: about")
    assert not Path(store).exists()
    assert main(["sweep", str(grid), "--store", store, "--shard", "1/2", "--workers", "1"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "2 exhausted\n"
    assert "0 of 2 runs, starting" in shown.err
    one = ["sweep", str(grid), "--store", store, "--shard", "1/4", "--workers", "1"]
    assert main([*one, "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("1 run, 1 stored, 0 to do: about")
    assert "2 of 2 runs" in shown.err
    assert main(["sweep", str(grid), "--store", store, "--quiet"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("4 exhausted\n", "")
    assert main(["export", store, "--out", str(tmp_path / "runs.csv")]) == 0
    assert main(["import", str(tmp_path / "runs.csv"), "--store", str(tmp_path / "two")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 new runs in")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--shard", "3/2"], "shard must be I/N with I in 1 ... N, got '3/2'"),
        (["--workers", "none"], "workers must be an integer in [1, 4096], got 'none'"),
        (["--workers", "0"], "workers must be an integer in [1, 4096], got 0"),
        (["--data", "nowhere"], "nowhere"),
    ],
)
def test_bad_usage(tmp_path, capsys, flags, message):
    grid = tmp_path / "grid.toml"
    grid.write_text(TOML)
    assert main(["sweep", str(grid), "--store", str(tmp_path / "runs"), *flags]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_notebook_cell(tmp_path):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    if find_spec("ipykernel") is None:  # not imported: this process would count as a notebook
        pytest.skip("ipykernel is not installed")
    cell = QUICK.format(store=str(tmp_path / "runs"), progress=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": HELPERS}})
    client.execute()
    texts = "".join(o.get("text", "") for o in book.cells[0].outputs)
    assert "20\n" in texts
    assert "runs |" in texts


def test_results_are_those_of_train(undisturbed):
    row = undisturbed.iloc[3]
    rule = "fraction" if row["rule"] != "all" else None
    config = en.TrainingConfig(
        hidden=int(row["hidden"]),
        rule=en.rule_from_name(row["rule"], fraction=row[rule] if rule else None),
        seed=int(row["seed"]),
        max_steps=300,
        test_every=100,
        target_accuracy=1.0,
        alpha=0.5 if rule else (),
    )
    result = en.train(config, digits())
    assert (row["m0"], row["m1"]) == (result.energy.m0, result.energy.m1)
    assert np.isclose(row["accuracy"], result.accuracy, rtol=0)

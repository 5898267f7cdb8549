"""Sweeps: any executor gives the same table, and nothing that is killed loses a run."""

import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import digits
from sweeps import GRID, timeless

import energynet as en
from energynet.cli.main import main
from energynet.store.folder import Store
from energynet.sweeps import pool as pool_module
from energynet.sweeps import progress as sweep_progress
from energynet.sweeps import worker
from energynet.sweeps.cost import Load

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return en.sweep(GRID, tmp_path_factory.mktemp("runs"), data=digits(), progress=False)


def same(table, expected):
    pd.testing.assert_frame_equal(timeless(table), timeless(expected))


@pytest.mark.parametrize("workers", [1, 3])
def test_local_workers(undisturbed, tmp_path, workers):
    same(en.sweep(GRID, tmp_path, data=digits(), workers=workers, progress=False), undisturbed)


def test_threads(undisturbed, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        same(en.sweep(GRID, tmp_path, executor, data=digits(), progress=False), undisturbed)


def test_dask_with_a_worker_killed_halfway(undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")

    def kill_halfway(process):
        while len(list(tmp_path.glob("*/*/result.json"))) < len(GRID) // 2:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as c,
        distributed.Client(c) as client,
    ):
        victim = next(iter(c.workers.values())).process
        killer = threading.Thread(target=kill_halfway, args=(victim,))
        killer.start()
        executor = client.get_executor()
        same(en.sweep(GRID, tmp_path, executor, data=digits(), progress=False), undisturbed)
        killer.join()


def test_shards_merged_by_copying(undisturbed, tmp_path):
    for part in (1, 2, 3):
        folder = tmp_path / str(part)
        rows = en.sweep(GRID, folder, data=digits(), shard=(part, 3), progress=False)
        assert len(rows) in (6, 7)
        shutil.copytree(folder, tmp_path / "all", dirs_exist_ok=True)
    same(en.load_results(tmp_path / "all"), undisturbed)


SLOW = """
import energynet as en
from support import digits
from test_sweep import slow_grid
table = en.sweep(slow_grid(), {store!r}, data=digits(), workers=2, progress={progress})
print(len(table))
"""


def driver(store, progress=False, script=SLOW):
    """A plain script; `SLOW` is without a main guard."""
    path = store.parent / "script.py"
    path.write_text(script.format(store=str(store), progress=progress))
    modules = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, str(path)],
        env=os.environ | {"PYTHONPATH": modules},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(pid):
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in listed.stdout.split()]


def wait_for_runs(store, number, process):
    deadline = time.monotonic() + 120
    while len(list(store.glob("*/*/result.json"))) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def under_way(store):
    """How runs count that were begun and have no result."""
    begun = {folder.parent for folder in store.glob("*/*/spec.json")}
    ended = {folder.parent for folder in store.glob("*/*/result.json")}
    return {Store(store).outcome(folder.name) for folder in begun - ended}


# Too slow a learner to end before `max_steps`.
ENDLESS = {"learning_rate": 1e-6, "test_every": 5_000, "target_accuracy": 1.0}


def slow_grid():
    return en.Grid(hidden=[20, 30, 40], seeds=4, max_steps=200_000, **ENDLESS)


@pytest.fixture(scope="module")
def undisturbed_slow(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    return en.sweep(slow_grid(), folder, data=digits(), progress=False)


def test_kills_at_random_moments(undisturbed_slow, tmp_path):
    """Workers, the driver, or both; then the same sweep to its end."""
    store, chance = tmp_path / "runs", random.Random(5)
    for attempt in range(4):
        process = driver(store)
        wait_for_runs(store, 2 * attempt + 1, process)
        time.sleep(chance.uniform(0, 0.3))
        victims = children(process.pid)
        if attempt % 2:
            os.kill(process.pid, signal.SIGKILL)
        for victim in victims[: 2 if attempt == 3 else 1]:
            if attempt != 1:
                os.kill(victim, signal.SIGKILL)
        if attempt % 2 == 0:
            wait_for_runs(store, 2 * attempt + 2, process)
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    same(en.sweep(slow_grid(), store, data=digits(), progress=False), undisturbed_slow)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupts_are_clean(undisturbed_slow, tmp_path, sent):
    store = tmp_path / "runs"
    process = driver(store, progress=True)
    wait_for_runs(store, 1, process)
    workers = children(process.pid)
    assert len(workers) == 2
    os.killpg(process.pid, sent)  # as a terminal or a batch system does: to all of them
    _, shown = process.communicate(timeout=60)
    assert "runs stored; the same command does the rest" in shown
    assert process.returncode != 0
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    stored = len(list(store.glob("*/*/result.json")))
    begun = len(list(store.glob("*/*/spec.json")))
    saved = len(list(store.glob("*/*/checkpoint.npz")))
    assert begun - stored == saved  # whatever was under way
    assert under_way(store) == {"interrupted"}
    same(en.sweep(slow_grid(), store, data=digits(), progress=False), undisturbed_slow)


def test_a_script_without_a_main_guard(tmp_path):
    process = driver(tmp_path / "runs")
    out, err = process.communicate(timeout=120)
    assert (out.strip(), process.returncode) == ("12", 0), err


def test_what_else_workers_print_is_no_answer(undisturbed, tmp_path, monkeypatch):
    noise = (
        'print("welcome"); print(7); print({}); print("[]\\n{}"); print("half a line", end="")\n'
    )
    (tmp_path / "sitecustomize.py").write_text(noise)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    same(en.sweep(GRID, tmp_path / "runs", data=digits(), progress=False), undisturbed)


STARTING = (
    """
import subprocess, sys
from energynet.sweeps import pool
popen = subprocess.Popen
def slow(command, **options):
    print("starts", flush=True)
    wait = "import os, time; os.write(2, b'up' + os.linesep.encode()); time.sleep(60); "
    return popen([*command[:-1], wait + command[-1]], **options)
pool.subprocess.Popen = slow
"""
    + SLOW
)


def test_an_interrupt_while_workers_start_shows_nothing_of_them(tmp_path):
    process = driver(tmp_path / "runs", progress=True, script=STARTING)
    assert "up\n" in process.stderr
    os.killpg(process.pid, signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert "stopped with 0 of 12 runs stored; the same command does the rest" in shown
    assert shown.count("Traceback") == 1  # that of the script itself


BUSY = (
    """
import subprocess
from energynet.sweeps import pool
popen = subprocess.Popen
def busy(command, **options):
    code = command[-1].removesuffix("main()")
    code += "import os, time; from energynet.sweeps import worker; "
    up = "os.write(2, b'up' + os.linesep.encode())"
    code += "worker.train = lambda *_, **__: (" + up + ", time.sleep(60)); main()"
    return popen([*command[:-1], code], **options)
pool.subprocess.Popen = busy
"""
    + SLOW
)


def test_runs_whose_workers_had_to_be_killed_count_as_interrupted(tmp_path):
    process = driver(tmp_path / "runs", script=BUSY)
    assert "up\n" in process.stderr
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert under_way(tmp_path / "runs") == {"interrupted"}


def test_a_run_that_kills_its_workers_is_given_up(tmp_path, monkeypatch):
    configs = list(en.Grid(hidden=[3, 4], max_steps=50, test_every=50))
    deadly = tmp_path / "deadly"
    deadly.write_text(
        "import json, os, sys\n"
        "for line in sys.stdin:\n"
        "    if json.loads(line)['config']['hidden'] == 4: os.kill(os.getpid(), 9)\n"
        "    from energynet.sweeps.worker import run_one\n"
        "    print(json.dumps({'outcome': run_one(json.loads(line))}), flush=True)\n"
    )

    def start():
        return subprocess.Popen([sys.executable, str(deadly)], stdin=-1, stdout=-1, text=True)

    monkeypatch.setattr(pool_module, "_start", start)
    table = en.sweep(configs, tmp_path / "runs", data=digits(), progress=False, workers=1)
    row = table.set_index("hidden").loc[4]
    assert row["outcome"] == "failed"
    assert row["reason"] == "its worker died 3 times, at last by signal 9"
    monkeypatch.undo()
    again = en.sweep(configs, tmp_path / "runs", data=digits(), progress=False)
    assert list(again["outcome"]).count("failed") == 1  # not tried again unless asked
    again = en.sweep(configs, tmp_path / "runs", data=digits(), progress=False, retry_failed=True)
    assert "failed" not in set(again["outcome"])


def test_failed_runs_tell_why(tmp_path):
    config = en.TrainingConfig(hidden=2**30, max_steps=1)
    table = en.sweep([config], tmp_path, data=digits(), progress=False, workers=1)
    assert table["outcome"][0] == "failed"
    assert "hidden must be small enough for memory" in table["reason"][0]


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


class KilledWorker(Exception):  # noqa: N818
    """As that of distributed."""


class Answers(Executor):
    """An executor whose futures hold what it was told, the first run's first."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def submit(self, function, spec):
        future = Future()
        answer = self.answers.pop(0) if self.answers else function(spec)
        future.set_exception(answer) if isinstance(answer, Exception) else future.set_result(answer)
        return future


def test_a_run_that_kills_the_workers_of_dask_is_given_up(tmp_path):
    executor = Answers(KilledWorker("4 workers died"))
    table = en.sweep(GRID, tmp_path, executor, data=digits(), progress=False)
    assert list(table["outcome"]).count("failed") == 1
    reason = "the workers that had it died: 4 workers died"
    assert reason in set(table["reason"])


@pytest.mark.parametrize("error", [BrokenProcessPool("gone"), ModuleNotFoundError("energynet")])
def test_an_executor_that_breaks_marks_no_run_as_failed(tmp_path, error):
    executor = Answers(error)
    with pytest.raises(en.EnergynetError, match=r"the executor broke .*the same call goes on"):
        en.sweep(GRID, tmp_path, executor, data=digits(), progress=False)
    assert "failed" not in set(en.load_results(tmp_path)["outcome"])


PROCESSES = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
import energynet as en
from support import digits
from test_sweep import with_a_long_run
import_module("energynet.sweeps.driver")._GRACE = 60  # however busy the machine is
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        en.sweep(with_a_long_run(), {store!r}, executor, data=digits())
"""


def with_a_long_run():
    """`slow_grid` and one run ten times as long, which is the first to begin."""
    return [*slow_grid(), en.TrainingConfig(hidden=80, max_steps=1_000_000, **ENDLESS)]


def test_an_interrupt_reaches_the_runs_of_any_executor(undisturbed_slow, tmp_path):
    store = tmp_path / "runs"
    process = driver(store, script=PROCESSES)
    wait_for_runs(store, 2, process)
    os.kill(process.pid, signal.SIGINT)  # the driver alone; its workers learn it from the store
    _, shown = process.communicate(timeout=60)
    assert "runs stored; the same command does the rest" in shown
    assert 2 <= len(list(store.glob("*/*/result.json"))) < len(with_a_long_run())
    assert list(store.glob("*/*/checkpoint.npz"))  # the long run, where it stood
    assert under_way(store) == {"interrupted"}
    assert not list(store.glob(".stop-*"))
    table = en.sweep(with_a_long_run(), store, data=digits(), progress=False)
    same(table[table["max_steps"] == 200_000].reset_index(drop=True), undisturbed_slow)
    long = en.train(with_a_long_run()[-1], digits())
    assert table.set_index("hidden").loc[80, "m1"] == long.energy.m1


class Touchy(Executor):
    """An executor that is interrupted in the midst of its own code."""

    def __init__(self, interrupts):
        self.interrupts, self.begun, self.ended = interrupts, [], []

    def submit(self, _function, spec):
        self.begun.append(spec["id"])
        for _ in range(self.interrupts):
            signal.raise_signal(signal.SIGINT)
        self.ended.append(spec["id"])
        return Future()


@pytest.mark.parametrize("interrupts", [1, 2])
def test_only_a_second_interrupt_reaches_into_an_executor(interrupts, tmp_path):
    executor, before = Touchy(interrupts), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        en.sweep(GRID, tmp_path, executor, data=digits(), progress=False)
    assert len(executor.begun) == 1
    assert len(executor.ended) == (1 if interrupts == 1 else 0)
    assert signal.getsignal(signal.SIGINT) is before


def test_lines_come_while_no_run_ends(monkeypatch):
    monkeypatch.setattr(sweep_progress, "_EVERY", 0.0)
    out = io.StringIO()
    shown = sweep_progress.SweepProgress([en.TrainingConfig(hidden=10)], 3, 2, out)
    shown.tick(1)
    shown.tick(None)
    shown.done, shown.total = 0, 1
    shown.tick(0)
    first, second, third = out.getvalue().splitlines()
    assert first.startswith("3 of 4 runs, 1 running, about ")
    assert second.startswith("3 of 4 runs, about ")
    assert third.startswith("0 of 1 run, 0 running")


def test_longer_runs_start_anew_and_it_is_said(tmp_path, caplog):
    limits = {"test_every": 50, "target_accuracy": 1.0}
    short = en.Grid(hidden=[3, 4], seeds=2, max_steps=100, **limits)
    en.sweep(short, tmp_path, data=digits(), workers=1, progress=False)
    assert not caplog.records
    long = en.Grid(hidden=[4, 5], seeds=2, max_steps=200, **limits)
    for _ in range(2):  # the second time all are stored
        table = en.sweep(long, tmp_path, data=digits(), workers=1, progress=False)
    said = f"2 runs in {tmp_path} ended at a smaller max_steps: with the larger one they start anew"
    assert [record.getMessage() for record in caplog.records] == [said]
    assert len(table) == 4
    assert set(table["steps"]) == {200}
    assert len(en.load_results(tmp_path)) == 8


def test_damaged_checkpoint_costs_nothing_but_time(tmp_path, undisturbed):
    configs = list(GRID)
    opened = Store(tmp_path)
    for identity, content in zip(undisturbed["id"], [b"", b"PK", b"text"], strict=False):
        opened.checkpoint(identity).parent.mkdir(parents=True)
        opened.checkpoint(identity).write_bytes(content)
    same(en.sweep(configs, tmp_path, data=digits(), progress=False), undisturbed)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_unwritable_store(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(en.FileError, match="cannot be written"):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)


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
    assert "0 of 2 runs, 0 running" in shown.err
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
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    cell = SLOW.format(store=str(tmp_path / "runs"), progress=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": HERE}})
    client.execute()
    texts = "".join(o.get("text", "") for o in book.cells[0].outputs)
    assert "12\n" in texts
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


def test_estimates_of_progress_are_those_of_the_data():
    todo, out = [en.TrainingConfig(hidden=1000)], io.StringIO()
    large, small = (
        sweep_progress.SweepProgress(todo, 0, 1, out, Load(n_in=n_in)) for n_in in (7840, 78)
    )
    assert large.left > 5 * small.left
    large.end(todo[0], "reached")
    assert large.left == 0

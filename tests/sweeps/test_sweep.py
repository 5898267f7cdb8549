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
import types
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import HELPERS, PYTHON, digits, environment
from sweeps import GRID, SLOW, children, driver, slow_grid, timeless, with_a_long_run

import energynet as en
from energynet.cli.main import main
from energynet.store.exchange import export_results, import_results
from energynet.store.folder import Store, run_id
from energynet.sweeps import pool as pool_module
from energynet.sweeps import progress as sweep_progress
from energynet.sweeps import worker
from energynet.sweeps.estimates import Load, expected_seconds


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
        rows = en.sweep(GRID, folder, data=digits(), shard=(part, 3), progress=False)
        assert len(rows) in (6, 7)
        shutil.copytree(folder, tmp_path / "all", dirs_exist_ok=True)
    same(en.load_results(tmp_path / "all"), undisturbed)


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


def test_interrupts_are_clean(undisturbed_slow, tmp_path):
    """Each signal that asks for an end, in turn; then the same sweep to its end."""
    store = tmp_path / "runs"
    for number, sent in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
        interrupt(store, 2 * number + 1, sent)
    same(en.sweep(slow_grid(), store, data=digits(), progress=False), undisturbed_slow)


def interrupt(store, runs, sent):
    """Start or resume the sweep, and send the signal while a run is under way after so many."""
    process = driver(store, progress=True)
    wait_for_runs(store, runs, process)
    while "running" not in under_way(store):  # a worker may be between two runs
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
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
    assert under_way(store) <= {"interrupted"}  # runs may end before they hear of it


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


LOUD = """
import os
import energynet as en

class Loud(en.PlasticityRule):
    def select(self, step):
        print('{"outcome": "reached"}')
        print('{"error": "0.01"}', end="", flush=True)
        os.write(1, b'[1]')
        os.system("echo '{}'")
        return True, False

class Curious(en.PlasticityRule):
    def select(self, step):
        return input("which? "), False
"""


def test_rules_may_print_but_not_ask(tmp_path, monkeypatch, capfd):
    (tmp_path / "loud_rules.py").write_text(LOUD)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ["loud_rules:Loud", "loud_rules:Curious"]
    grid = en.Grid(hidden=3, rule=names, seeds=2, max_steps=5, test_every=5)
    table = en.sweep(grid, tmp_path / "runs", data=digits(), workers=1, progress=False)
    outcomes = table.groupby("rule")["outcome"].unique().str.join(" ")
    assert dict(outcomes) == {names[0]: "exhausted", names[1]: "failed"}
    reason = "EOFError: EOF when reading a line (loud_rules.py, line 15)"
    assert set(table["reason"].dropna()) == {reason}
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.count('{"outcome": "reached"}\n{"error": "0.01"}[1]{}\n') == 10


def test_rules_may_print_without_a_stderr(tmp_path, monkeypatch):
    (tmp_path / "loud_rules.py").write_text(LOUD)
    monkeypatch.syspath_prepend(str(tmp_path))
    kept = os.dup(2)
    os.close(2)
    try:
        grid = en.Grid(hidden=3, rule="loud_rules:Loud", max_steps=5, test_every=5)
        table = en.sweep(grid, tmp_path / "runs", data=digits(), workers=1, progress=False)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert list(table["outcome"]) == ["exhausted"]


@pytest.mark.parametrize("error", [BlockingIOError(11, "no more"), OSError(12, "no memory")])
def test_workers_that_cannot_start_end_the_sweep(undisturbed, tmp_path, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(pool_module.subprocess, "Popen", refuse)
    message = f"a worker cannot be started: {error.strerror}; the same command resumes from what"
    with pytest.raises(en.EnergynetError, match=message):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)
    monkeypatch.undo()
    same(en.sweep(GRID, tmp_path, data=digits(), progress=False), undisturbed)


def test_threads_that_cannot_start_end_the_sweep(tmp_path, monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pool_module.threading.Thread, "start", refuse)
    with pytest.raises(en.EnergynetError, match="cannot be started: can't start new thread"):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)


@pytest.mark.parametrize("answer", ["{'outcomes': 'reached'}", "{'outcome': None}", "{}"])
def test_an_odd_answer_ends_the_sweep(undisturbed, tmp_path, monkeypatch, answer):
    odd = (
        "import json, sys\n"
        "for spec in map(json.loads, sys.stdin):\n"
        f"    print(json.dumps({answer} | {{'word': spec['word']}}), flush=True)\n"
    )
    replace_workers(monkeypatch, odd)
    with pytest.raises(en.EnergynetError, match=r"a worker could not be heard .* unknown answer"):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)
    monkeypatch.undo()
    same(en.sweep(GRID, tmp_path, data=digits(), progress=False), undisturbed)


def replace_workers(monkeypatch, script):
    def start():
        command = [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"]
        return subprocess.Popen(command, stdin=-1, stdout=-1, text=True)

    monkeypatch.setattr(pool_module, "_start", start)


COMPILING = """
import time
from pathlib import Path
from energynet.sweeps import worker
from energynet.kernels import jit
if {uncached}:
    jit.CACHE = None
mine = set()
def compile(name):
    made = Path({folder!r}, name)
    if name not in mine and ({uncached} or not made.exists()):
        with Path({folder!r}, "log").open("a") as log:
            log.write(name + "\\n")
        time.sleep(0.5)
        made.touch()
    mine.add(name)
worker.load_kernels, worker.run_one = compile, lambda spec: "exhausted"
worker.main()
"""


@pytest.mark.parametrize("uncached", [False, True])
def test_each_kernel_is_compiled_once_if_there_is_a_cache(tmp_path, monkeypatch, capsys, uncached):
    monkeypatch.setattr(sweep_progress, "_PATIENCE", 0.1)
    monkeypatch.setattr(sweep_progress, "_EVERY", 0.0)
    replace_workers(monkeypatch, COMPILING.format(folder=str(tmp_path), uncached=uncached))
    rules = ["fixed-units", "fixed-synapses", "random", "largest", "largest-per-layer"]
    grid = en.Grid(hidden=[3, 4], seeds=2, dtype=["float32", "float64"])
    grid += en.Grid(hidden=[3, 4], rule=rules, fraction=0.5)
    en.sweep(grid, tmp_path / "runs", data=digits(), workers=2)
    log = (tmp_path / "log").read_text().splitlines()
    sets = {f"float32 {name}" for name in ("units", "mask", "random", "largest")}
    assert set(log) == sets | {"float64 units"}
    if not uncached:
        assert len(log) == len(set(log))
    said = capsys.readouterr().err.splitlines()
    begun = [line for line in said if line.startswith("compiling the kernels of rule ")]
    assert len(begun) == len(set(begun)) <= 5
    assert begun[0].endswith(", once: this takes up to a minute")
    before = said[: next(n for n, line in enumerate(said) if not re.match("0 of|compil", line))]
    assert any(line.endswith(" running, compiling") for line in before)
    assert not [line for line in before if "left" in line]


def test_the_time_left_knows_of_compiling(monkeypatch):
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(sweep_progress, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    plain = en.TrainingConfig(hidden=10)
    other = en.TrainingConfig(hidden=10, rule=en.LargestUpdates(0.5))
    ratio = expected_seconds(other) / expected_seconds(plain)
    out = io.StringIO()
    runs = {"a": plain, "b": plain, "c": other, "d": other}
    shown = sweep_progress.SweepProgress(runs, 0, 2, out)
    shown.begin("a", compiles=True)
    clock.now = 2.0
    shown.tick(1)
    assert shown.words() == "1 running"  # it may be loading
    clock.now = 5.0
    shown.tick(1)
    assert shown.words() == "1 running, compiling"
    clock.now = 20.0
    shown.ready("a")
    assert shown.words() == "1 running"
    clock.now = 30.0  # ten seconds of work
    shown.end("a", "reached")
    assert shown.words() == f"0 running, about {10 / 2 * (1 + 2 * ratio) + 20 / 2:.0f} s left"
    shown.begin("c", compiles=True)
    shown.ready("c")  # from the cache
    assert shown.words() == f"1 running, about {10 / 2 * (1 + 2 * ratio):.0f} s left"
    assert out.getvalue().splitlines()[:2] == [
        "compiling the kernels of rule all in float32, once: this takes up to a minute",
        "compiled the kernels of rule all in float32 in 20 s",
    ]


def waiting(*kernels):
    return pool_module._Waiting({"id": n, "kernels": names} for n, names in enumerate(kernels))


def test_runs_wait_for_their_own_kernels_alone():
    runs = waiting(("a",), ("a",), ("a", "b"), ("c",), ("a", "b"))
    assert runs.take() == ({"id": 0, "kernels": ("a",)}, {"a"})
    assert runs.take() == ({"id": 3, "kernels": ("c",)}, {"c"})  # the others need a
    with ThreadPoolExecutor(1) as executor:
        blocked = executor.submit(runs.take)
        runs.compiled("a")
        assert blocked.result() == ({"id": 2, "kernels": ("a", "b")}, {"b"})  # before run 1
        assert runs.take() == ({"id": 1, "kernels": ("a",)}, set())
        blocked = executor.submit(runs.take)
        runs.release({"b"})  # its worker has died
        assert blocked.result() == ({"id": 4, "kernels": ("a", "b")}, {"b"})
        runs.put_back({"id": 2, "kernels": ("a", "b")})
        blocked = executor.submit(runs.take)
        runs.close()
        assert blocked.result() is None


def test_without_a_cache_no_run_waits():
    runs = waiting(("a",), ("a",))
    assert runs.take()[0]["id"] == 0
    runs.uncached()
    assert runs.take()[0]["id"] == 1
    assert runs.take() is None


def test_all_that_a_run_compiles_is_known_before():
    """Whatever else its config says, a run needs no kernels but those that were loaded."""
    script = """
import sys
import energynet as en
from custom_rules import Everything
from energynet.kernels import jit
from energynet.training.warm import kernels_of, load_kernels
from numba.core.dispatcher import Dispatcher
from support import digits

def compiled():
    modules = [m for name, m in list(sys.modules.items()) if name.startswith("energynet.kernels")]
    values = {id(v): v for m in modules for v in vars(m).values() if isinstance(v, Dispatcher)}
    return sum(len(v.signatures) for v in values.values())

others = {"activation": "tanh", "output": "softmax", "sample_order": "permutation", "alpha": 0.5}
limits = {"max_steps": 60, "test_every": 30}
masks = en.AllSynapses(), en.FixedMask(0.5, over="units"), en.FixedMask(0.5), en.RandomSubset(0.5)
largest = en.LargestUpdates(0.5), en.LargestUpdates(0.5, scope="neuron")
for rule in (*masks, *largest, Everything()):
    for values in ({}, others, {"learning_rate": "auto", "center": False}):
        config = en.TrainingConfig(hidden=4, rule=rule, **values, **limits)
        for name in kernels_of(config):
            load_kernels(name)
        before = compiled()
        assert before > 0
        for dtype in ("uint8", "float32", "float64"):
            en.train(config, digits(dtype=dtype), threads=1)
        assert compiled() == before, (config, dtype)
"""
    subprocess.run([*PYTHON, "-c", script], env=environment(), check=True)


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
    deadly = (
        "import json, os, sys\n"
        "for spec in map(json.loads, sys.stdin):\n"
        "    if spec['config']['hidden'] == 4: os.kill(os.getpid(), 9)\n"
        "    from energynet.sweeps.worker import run_one\n"
        "    answer = {'outcome': run_one(spec), 'word': spec['word']}\n"
        "    print(json.dumps(answer), flush=True)\n"
    )
    replace_workers(monkeypatch, deadly)
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
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    last = types.SimpleNamespace(address="tcp://there")
    executor = Answers(distributed.KilledWorker("a run", last, 3))
    table = en.sweep(GRID, tmp_path, executor, data=digits(), progress=False)
    assert list(table["outcome"]).count("failed") == 1
    [reason] = table["reason"][table["outcome"] == "failed"]
    assert reason.startswith("the workers that had it died: ")
    assert "on 4 different workers" in reason


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
from sweeps import with_a_long_run
import_module("energynet.sweeps.driver")._GRACE = 60  # however busy the machine is
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        en.sweep(with_a_long_run(), {store!r}, executor, data=digits())
"""


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
    config = en.TrainingConfig(hidden=10)
    shown = sweep_progress.SweepProgress({"one": config, "two": config}, 3, 2, out)
    shown.tick(1)
    shown.end("one", "reached")
    shown.tick(None)
    shown.done, shown.total = 0, 1
    shown.tick(0)
    first, second, third, fourth = out.getvalue().splitlines()
    assert first == "3 of 5 runs, 1 running"  # how long it takes is not known yet
    assert second.startswith("4 of 5 runs, 0 running, about ")
    assert third.startswith("4 of 5 runs, about ")
    assert fourth.startswith("0 of 1 run, 0 running")


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


def test_unwritable_store(tmp_path, read_only):
    with read_only(tmp_path), pytest.raises(en.FileError, match=r"store .* cannot be written"):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)


def test_a_finished_sweep_may_be_read_only(tmp_path, read_only, monkeypatch):
    monkeypatch.setattr("energynet.data.named.load_mnist", digits)
    done = en.sweep(GRID, tmp_path, data=digits(), progress=False)
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


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # of a notebook in another test
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
    client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": HELPERS}})
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
    with pytest.raises(en.ConfigError, match="start must be a network that the grid names by a fi"):
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


def test_estimates_of_progress_are_those_of_the_data():
    todo, out = {"one": en.TrainingConfig(hidden=1000)}, io.StringIO()
    large, small = (
        sweep_progress.SweepProgress(todo, 0, 1, out, Load(n_in=n_in)) for n_in in (7840, 78)
    )
    assert large.left > 5 * small.left
    large.end("one", "reached")
    assert large.left == 0

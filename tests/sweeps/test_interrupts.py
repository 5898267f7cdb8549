"""Sweeps that are killed or interrupted lose nothing but time."""

import os
import random
import signal
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest
from support import digits
from sweeps import GRID, SLOW, children, driver, same, slow_grid, with_a_long_run

import energynet as en
from energynet.store.folder import Store, run_id


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
    assert "runs stored\n" in shown
    assert process.returncode != 0
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    stored = len(list(store.glob("*/*/result.json")))
    begun = len(list(store.glob("*/*/spec.json")))
    saved = len(list(store.glob("*/*/checkpoint.npz")))
    assert begun - stored == saved  # whatever was under way
    assert under_way(store) <= {"interrupted"}  # runs may end before they hear of it


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
    assert "stopped with 0 of 12 runs stored\n" in shown
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
    long = Store(store).checkpoint(run_id(with_a_long_run()[-1], digits().sha256))
    while not long.exists():  # its worker may be the slower one to start
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)  # the driver alone; its workers learn it from the store
    _, shown = process.communicate(timeout=60)
    assert "runs stored\n" in shown
    assert 2 <= len(list(store.glob("*/*/result.json"))) < len(with_a_long_run())
    assert long.exists()  # the long run, where it stood
    assert under_way(store) == {"interrupted"}
    assert not list(store.glob(".stop-*"))
    table = en.sweep(with_a_long_run(), store, data=digits(), progress=False)
    same(table[table["hidden"] < 80].reset_index(drop=True), undisturbed_slow)
    undisturbed = en.train(with_a_long_run()[-1], digits())
    assert table.set_index("hidden").loc[80, "m1"] == undisturbed.energy.m1


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

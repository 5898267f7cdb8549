"""Sweeps on executors of others: Dask, and executors that break."""

import os
import signal
import threading
import time
import types
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import pytest
from support import digits
from sweeps import GRID, same

import energynet as en


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
    with pytest.raises(en.EnergynetError, match=r"the executor broke .*the same call resumes"):
        en.sweep(GRID, tmp_path, executor, data=digits(), progress=False)
    assert "failed" not in set(en.load_results(tmp_path)["outcome"])

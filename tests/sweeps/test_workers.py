"""Workers and what they say: prints, odd answers, processes and threads that cannot start."""

import os

import pytest
from support import digits
from sweeps import GRID, replace_workers, same

import energynet as en
from energynet.sweeps import pool as pool_module


def test_what_else_workers_print_is_no_answer(undisturbed, tmp_path, monkeypatch):
    noise = (
        'print("welcome"); print(7); print({}); print("[]\\n{}"); print("half a line", end="")\n'
    )
    (tmp_path / "sitecustomize.py").write_text(noise)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    same(en.sweep(GRID, tmp_path / "runs", data=digits(), workers=1, progress=False), undisturbed)


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
    same(en.sweep(GRID, tmp_path, data=digits(), workers=1, progress=False), undisturbed)


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
    with pytest.raises(en.EnergynetError, match=r"the answer of a worker .* unknown answer"):
        en.sweep(GRID, tmp_path, data=digits(), progress=False)
    monkeypatch.undo()
    same(en.sweep(GRID, tmp_path, data=digits(), workers=1, progress=False), undisturbed)


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

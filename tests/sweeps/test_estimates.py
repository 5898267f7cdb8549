"""Progress of a sweep and the time left."""

import io
import types

from custom_rules import Everything

import energynet as en
from energynet.support.format import duration
from energynet.sweeps import progress as sweep_progress
from energynet.sweeps.estimates import Load, expected_seconds
from energynet.training.warm import kernel_words


def test_the_time_left_knows_of_compiling(monkeypatch):
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(sweep_progress, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    plain = en.TrainingConfig(hidden=10)
    other = en.TrainingConfig(hidden=10, rule=en.LargestUpdates(0.5))
    ratio = expected_seconds(other) / expected_seconds(plain)
    out = io.StringIO()
    runs = {"a": plain, "b": plain, "c": other, "d": other}
    shown = sweep_progress.SweepProgress(runs, 0, 2, out)
    assert shown.words() == "starting"
    shown.begin("a", compiles=True)
    clock.now = 2.0
    shown.tick(1)
    assert shown.words() == "1 running"  # it may be loading
    clock.now = 5.0
    shown.tick(1)
    assert shown.words() == "1 running, compiling kernels"
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
    words = "the kernels of custom rules (the same for all of them) in float32"
    assert kernel_words(en.TrainingConfig(hidden=3, rule=Everything())) == words


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


def test_estimates_of_progress_are_those_of_the_data():
    todo, out = {"one": en.TrainingConfig(hidden=1000)}, io.StringIO()
    large, small = (
        sweep_progress.SweepProgress(todo, 0, 1, out, Load(n_in=n_in)) for n_in in (7840, 78)
    )
    assert large.pace["all", 1000].left > 5 * small.pace["all", 1000].left
    large.end("one", "reached")
    assert large.pace["all", 1000].left == 0
    assert large.words() == "0 running, about 0 s left"


def test_each_rule_has_its_own_pace(monkeypatch):
    """The model is ten times too slow for one rule and ten times too fast for the other."""
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(sweep_progress, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    plain = en.TrainingConfig(hidden=10)
    other = en.TrainingConfig(hidden=10, rule=en.LargestUpdates(0.5))
    runs = {f"a{i}": plain for i in range(20)} | {f"b{i}": other for i in range(5)}
    shown = sweep_progress.SweepProgress(runs, 0, 2, None)
    fast, slow = expected_seconds(plain) / 10, expected_seconds(other) * 10
    shown.begin("a0", compiles=False)
    clock.now += fast
    shown.end("a0", "reached")
    assert shown.words() == "0 running"  # nothing is known of the other rule
    shown.begin("b0", compiles=False)
    clock.now += slow
    shown.end("b0", "reached")
    left = (19 * fast + 4 * slow) / 2
    assert shown.words() == f"0 running, about {duration(left)} left"
    shown.begin("b1", compiles=False)
    clock.now += slow / 2
    assert shown.words() == f"1 running, about {duration(left - slow / 4)} left"


def test_a_run_that_takes_longer_than_others_is_not_said_to_end_now(monkeypatch):
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(sweep_progress, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    runs = {name: en.TrainingConfig(hidden=10) for name in "abc"}
    shown = sweep_progress.SweepProgress(runs, 0, 2, None)
    for name in "abc":
        shown.begin(name, compiles=False)
    clock.now = 2.0
    shown.end("a", "reached")
    shown.end("b", "reached")
    assert shown.words() == "1 running, about 1 s left"
    clock.now = 60.0
    assert shown.words() == "1 running, about 6 s left"
    shown.end("c", "reached")
    assert shown.words() == "0 running, about 0 s left"


def test_many_rules_need_not_each_have_ended():
    runs = {str(i): en.TrainingConfig(hidden=10 + i) for i in range(20)}
    shown = sweep_progress.SweepProgress(runs, 0, 2, None)
    shown.end("0", "reached")
    assert shown.words() == "0 running"
    shown.end("1", "reached")
    assert " left" in shown.words()

"""Checkpoints: a run that was stopped resumes to the same bits."""

import itertools
import json
import sys

import numpy as np
import pytest
from custom_rules import Everything
from runs import SMALL
from support import digits

import energynet as en
from energynet.training import checkpoint as checkpoint_module


def test_a_resumed_run_knows_its_last_tests(tmp_path):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(
        hidden=8, hold=3, margin=0.2, target_accuracy=0.8, **(SMALL | {"test_every": 20})
    )
    whole = en.train(config, digits())
    assert whole.outcome == "reached"
    assert np.mean([row.accuracy for row in whole.history[-3:]]) >= 0.8
    assert 0 < whole.learning_steps < whole.steps
    for call in range(1, len(whole.history)):
        with pytest.raises(RuntimeError):
            en.train(config, digits(), checkpoint=path, on_test=Once(RuntimeError(), call))
        assert same_bits(en.train(config, digits(), checkpoint=path), whole)
        path.unlink()


def test_a_checkpoint_of_before_there_was_a_margin_or_a_time_of_processors(tmp_path):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=4, **LONG)
    with pytest.raises(RuntimeError):
        en.train(config, digits(), checkpoint=path, on_test=Once(RuntimeError()))
    with np.load(path) as stored:
        arrays = dict(stored)
    assert not {"margin", "hold"} & json.loads(str(arrays["owner"]))["config"].keys()
    assert arrays.pop("learning_steps") == 300
    spent = json.loads(str(arrays["seconds"]))
    assert spent.pop("cpu") > 0
    np.savez(path, **arrays | {"seconds": json.dumps(spent)})
    again = en.train(config, digits(), checkpoint=path)
    assert set(again.seconds) == set(spent)  # a part of it would look like all of it
    assert again.learning_steps == again.steps > 300
    assert same_bits(again, en.train(config, digits()))


def test_time_of_processors_is_not_wall_time(monkeypatch):
    monkeypatch.setattr("energynet.training.loop.time.process_time", itertools.count().__next__)
    clocked = en.train(en.TrainingConfig(hidden=3, **SMALL), digits()).seconds
    assert clocked["cpu"] >= 2  # in steps and in tests
    assert clocked["cpu"] == int(clocked["cpu"])


def test_checkpoint_of_another_run(tmp_path):
    path = tmp_path / "run.npz"
    en.train(en.TrainingConfig(hidden=3, **SMALL), digits(), checkpoint=path)
    before = path.read_bytes()
    for config, data in (
        (en.TrainingConfig(hidden=3, seed=1, **SMALL), digits()),
        (en.TrainingConfig(hidden=3, **SMALL), digits(seed=1)),
    ):
        with pytest.raises(en.FileError, match=r"run.npz belongs to another run"):
            en.train(config, data, checkpoint=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "rule",
    [en.FixedMask(0.3), en.FixedMask(0.05), en.LargestUpdates(0.05), Everything()],
)
def test_counts_of_updates_survive_a_stop(rule, tmp_path):
    """Stopped between two tests, where the background is not folded."""
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=5, rule=rule, **SMALL | {"target_accuracy": 1.0})
    stops = [150]

    def interrupt(progress):
        if stops and progress.step >= stops[0]:
            stops.pop()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        en.train(config, digits(), checkpoint=path, progress=interrupt, count_updates=True)
    with pytest.raises(en.FileError, match=r"run.npz holds counts of updates: set count_updates"):
        en.train(config, digits(), checkpoint=path)
    whole = en.train(config, digits(), count_updates=True)
    parts = en.train(config, digits(), checkpoint=path, count_updates=True)
    plain = en.train(config, digits(), checkpoint=tmp_path / "plain.npz")
    assert plain.update_counts is None
    assert same_bits(whole, plain)
    assert same_bits(whole, parts)
    shapes = whole.network.w1.shape, whole.network.w2.shape
    for result in (whole, parts):
        assert tuple(counted.shape for counted in result.update_counts) == shapes
        assert {counted.dtype for counted in result.update_counts} == {np.dtype(np.uint32)}
        assert tuple(int(c.sum()) for c in result.update_counts) == result.energy.per_layer.m0
    for counted, other in zip(whole.update_counts, parts.update_counts, strict=True):
        np.testing.assert_array_equal(counted, other)
    if isinstance(rule, en.FixedMask):
        changed = sum(np.count_nonzero(counted) for counted in whole.update_counts)
        assert changed == whole.plastic_synapses
    with pytest.raises(en.FileError, match=r"plain.npz holds no counts of updates: leave out"):
        en.train(config, digits(), checkpoint=tmp_path / "plain.npz", count_updates=True)


def test_finished_checkpoint_gives_the_same_result_at_once(tmp_path):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=3, **SMALL)
    first = en.train(config, digits(), checkpoint=path)
    with np.load(path) as stored:
        spent = json.loads(str(stored["seconds"]))
    assert first.seconds["cpu"] == spent["cpu"] > 0
    assert first.seconds["total"] >= spent["total"] > spent["train"] + spent["evaluate"] > 0
    steps = []
    again = en.train(config, digits(), checkpoint=path, progress=lambda p: steps.append(p.step))
    assert steps == []
    assert again.to_dict() | {"seconds": 0} == first.to_dict() | {"seconds": 0}
    assert again.seconds["cpu"] >= spent["cpu"]


LONG = SMALL | {"max_steps": 1000, "target_accuracy": 1.0}


def timeless(result):
    return result.to_dict() | {"seconds": None}


def same_bits(result, other):
    np.testing.assert_array_equal(result.network.w1, other.network.w1)
    np.testing.assert_array_equal(result.network.w2, other.network.w2)
    return timeless(result) == timeless(other)


class Once:
    """A callback that raises an error at its n-th call."""

    def __init__(self, error, call=3):
        self.error, self.left = error, call

    def __call__(self, *_):
        self.left -= 1
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize("callback", ["progress", "on_test"])
@pytest.mark.parametrize("error", [RuntimeError("no luck"), OSError(28, "full"), SystemExit(1)])
def test_an_exception_in_a_callback_loses_nothing(tmp_path, callback, error):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=4, **LONG)
    seen = []
    with pytest.raises(type(error), match=str(error.args[-1])):
        en.train(
            config,
            digits(),
            checkpoint=path,
            **{"progress": seen.append, callback: Once(error)},
        )
    with np.load(path) as stored:
        step = stored["clock"][0]
        assert step > 0
        assert callback == "progress" or step == 300
    steps = []
    again = en.train(config, digits(), checkpoint=path, progress=lambda p: steps.append(p.step))
    assert steps[0] > step
    assert same_bits(again, en.train(config, digits()))


class Moody(Everything):
    """Raises what it is given, in a step."""

    raises = None

    def select(self, step):
        if self.raises and step.number == 250:
            raise self.raises
        return super().select(step)


@pytest.mark.parametrize("error", [ZeroDivisionError(), SystemExit(), KeyboardInterrupt()])
def test_an_exception_inside_a_step_leaves_the_last_checkpoint(tmp_path, monkeypatch, error):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=4, rule=Moody(), **LONG)
    monkeypatch.setattr(sys.modules["energynet.training.loop"], "_SHARE", 0)  # save at each test
    monkeypatch.setattr(Moody, "raises", error)
    with pytest.raises(type(error)):
        en.train(config, digits(), checkpoint=path)
    with np.load(path) as stored:
        assert stored["clock"][0] == (250 if isinstance(error, KeyboardInterrupt) else 200)
    monkeypatch.setattr(Moody, "raises", None)
    assert same_bits(en.train(config, digits(), checkpoint=path), en.train(config, digits()))


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path, monkeypatch, caplog):
    def full(*_):
        raise en.FileError("run.npz cannot be written: No space left on device")

    config = en.TrainingConfig(hidden=4, **LONG)
    expected = en.train(config, digits())
    monkeypatch.setattr(checkpoint_module, "written_whole", full)
    assert same_bits(en.train(config, digits(), checkpoint=tmp_path / "run.npz"), expected)
    with pytest.raises(RuntimeError, match="no luck"):  # and not that the file is not written
        en.train(
            config,
            digits(),
            checkpoint=tmp_path / "run.npz",
            on_test=Once(RuntimeError("no luck")),
        )
    said = "checkpoint not saved: run.npz cannot be written: No space left on device"
    assert [record.getMessage() for record in caplog.records] == [said] * 2


@pytest.mark.parametrize("rule", [en.AllSynapses(), en.LargestUpdates(0.1)])
@pytest.mark.parametrize(
    ("first", "then", "anew"),
    [
        (300, 1000, False),
        (250, 1000, True),
        (1, 1000, True),
        (300, 450, False),
    ],
)
def test_an_exhausted_run_continues_with_more_steps(tmp_path, caplog, rule, first, then, anew):
    path = tmp_path / "run.npz"
    settings = {"hidden": 4, "rule": rule, "alpha": 0.5}
    short, long = (
        en.TrainingConfig(**settings, **(LONG | {"max_steps": steps})) for steps in (first, then)
    )
    assert en.train(short, digits(), checkpoint=path).outcome == "exhausted"
    steps = []
    result = en.train(long, digits(), checkpoint=path, progress=lambda p: steps.append(p.step))
    assert same_bits(result, en.train(long, digits()))
    said = [record.getMessage() for record in caplog.records]
    if anew:
        assert steps[0] < first or first == 1
        assert said == [
            f"checkpoint {path} ended at step {first}, which is between two tests of a run of"
            f" {then} steps: the run starts over"
        ]
    else:
        assert min(steps) > first
        assert said == []
    again = en.train(long, digits(), checkpoint=path)  # the file is now that of the longer run
    assert same_bits(again, result)


@pytest.mark.parametrize(
    ("limit", "stopped", "then"), [(550, 320, 1000), (1000, 120, 250), (1000, 1, 999)]
)
def test_a_run_under_way_continues_with_any_max_steps(tmp_path, caplog, limit, stopped, then):
    path = tmp_path / "run.npz"

    def stop(state):
        if state.step >= stopped:
            raise KeyboardInterrupt

    config = en.TrainingConfig(hidden=4, **(LONG | {"max_steps": limit}))
    with pytest.raises(KeyboardInterrupt):
        en.train(config, digits(), checkpoint=path, progress=stop)
    other = en.TrainingConfig(hidden=4, **(LONG | {"max_steps": then}))
    assert same_bits(en.train(other, digits(), checkpoint=path), en.train(other, digits()))
    assert not caplog.records


def test_what_was_reached_or_diverged_stays_so_with_another_max_steps(tmp_path):
    for name, settings in {
        "reached": {"target_accuracy": 0.5, "hidden": 20},
        "diverged": {"learning_rate": 50.0, "init_std": 1.0, "hidden": 30},
    }.items():
        first, second = (
            en.TrainingConfig(**(LONG | settings | {"max_steps": steps})) for steps in (500, 900)
        )
        done = en.train(first, digits(), checkpoint=tmp_path / name)
        assert done.outcome == name
        again = en.train(second, digits(), checkpoint=tmp_path / name)
        assert again.steps == done.steps
        assert same_bits(again, en.train(second, digits()))


def test_a_checkpoint_beyond_max_steps(tmp_path):
    path = tmp_path / "run.npz"
    en.train(en.TrainingConfig(hidden=3, **LONG), digits(), checkpoint=path)
    before = path.read_bytes()
    config = en.TrainingConfig(hidden=3, **(LONG | {"max_steps": 999}))
    message = "is at step 1000, beyond max_steps 999: give a larger max_steps, choose another file"
    with pytest.raises(en.FileError, match=message):
        en.train(config, digits(), checkpoint=path)
    assert path.read_bytes() == before

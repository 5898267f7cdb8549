"""Training runs: outcomes, files, progress, divergence; end to end on MNIST."""

import copy
import json
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from custom_rules import Everything
from naive import NaiveRun
from support import PYTHON, digits, environment

import energynet as en
from energynet.support.contents import content_of
from energynet.training import checkpoint as checkpoint_module
from energynet.training.run import prepare
from energynet.training.threads import cpu_quota, usable_cores

SMALL = {"init_std": 0.1, "learning_rate": 0.02, "test_every": 100, "max_steps": 500}


@pytest.mark.parametrize(
    ("hidden", "rule", "least", "most"),
    [
        (50, en.AllSynapses(), 30_000, 150_000),
        (100, en.AllSynapses(), 30_000, 60_000),
        (100, en.LargestUpdates(0.05), 40_000, 110_000),
        (100, en.FixedMask(0.5, over="units"), 40_000, 200_000),
    ],
)
def test_mnist_to_the_criterion(mnist, hidden, rule, least, most):
    result = en.train(en.TrainingConfig(hidden=hidden, rule=rule), mnist)
    assert result.outcome == "reached"
    assert result.accuracy >= 0.95
    assert least <= result.steps <= most
    assert result.history[-1] == (result.steps, result.accuracy, result.energy.m0, result.energy.m1)
    assert result.energy.m0 <= result.plastic_synapses * result.steps
    predicted = result.network.predict(mnist.x_test)
    assert np.mean(predicted == mnist.y_test) == result.accuracy
    if rule.name == "all":
        assert result.energy.m0 == result.synapses * result.steps


def test_exhausted_at_a_last_step_between_two_tests():
    result = en.train(
        en.TrainingConfig(hidden=3, **(SMALL | {"max_steps": 250, "target_accuracy": 1})), digits()
    )
    assert result.outcome == "exhausted"
    assert [row.step for row in result.history] == [100, 200, 250]
    assert result.steps == 250
    assert result.best_accuracy == max(row.accuracy for row in result.history)


def train_with_right(monkeypatch, right, **options):
    """A run of at most 8 tests on 30 images, of which these are right at the tests."""
    data, left = digits(), iter(right)

    def evaluate(_, lists, *__, **___):
        if len(lists.image) == 0:
            return None, np.empty(0, np.int32)  # nothing but compiled
        number = next(left)
        return None, np.where(np.arange(30) < number, data.y_test, -1)

    monkeypatch.setattr("energynet.training.evaluation.evaluate_lists", evaluate)
    return en.train(en.TrainingConfig(hidden=2, max_steps=8, test_every=1, **options), data)


@pytest.mark.parametrize(
    ("target", "hold", "steps"),
    [
        *[(0.7, 1, 2), (0.7, 2, 4), (0.7, 3, 4), (0.7, 4, 5), (0.7, 8, None), (0.9, 1, 8)],
        (2 / 3, 3, 5),  # 20 + 19 + 21 of 90, as a division gives it: no sum of rounded shares
        (np.nextafter(2 / 3, 1), 3, 6),
    ],
)
def test_the_criterion_holds_over_the_last_tests(monkeypatch, target, hold, steps):
    right = [0, 21, 20, 22, 21, 21, 22, 27] if target == 0.7 else [1, 2, 20, 19, 21, 21, 22, 27]
    result = train_with_right(monkeypatch, right, target_accuracy=target, hold=hold)
    assert (result.outcome, result.steps) == (
        ("exhausted", 8) if steps is None else ("reached", steps)
    )
    assert result.accuracy == right[result.steps - 1] / 30  # of the last test


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


def test_a_checkpoint_of_before_there_was_a_margin(tmp_path):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=4, **LONG)
    with pytest.raises(RuntimeError):
        en.train(config, digits(), checkpoint=path, on_test=Once(RuntimeError()))
    with np.load(path) as stored:
        arrays = dict(stored)
    assert not {"margin", "hold"} & json.loads(str(arrays["owner"]))["config"].keys()
    assert arrays.pop("learning_steps") == 300
    np.savez(path, **arrays)
    again = en.train(config, digits(), checkpoint=path)
    assert again.learning_steps == again.steps > 300
    assert same_bits(again, en.train(config, digits()))


def test_reached_at_a_checkpoint():
    result = en.train(en.TrainingConfig(hidden=20, target_accuracy=0.5, **SMALL), digits())
    assert result.outcome == "reached"
    assert result.steps % 100 == 0
    assert result.accuracy >= 0.5 > max((r.accuracy for r in result.history[:-1]), default=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "rule",
    [
        en.AllSynapses(),
        en.FixedMask(0.9),
        en.LargestUpdates(0.9),
        en.LargestUpdates(0.9, scope="layer"),
        en.LargestUpdates(0.9, scope="neuron"),
    ],
)
def test_divergence(rule, dtype):
    """A learning rate far too large: the run ends by itself and reports no accuracy."""
    config = en.TrainingConfig(
        hidden=30, rule=rule, dtype=dtype, **(SMALL | {"learning_rate": 50.0, "init_std": 1.0})
    )
    result = en.train(config, digits())
    assert result.outcome == "diverged"
    assert result.steps < 500
    assert result.accuracy is None
    assert result.energy.direct is None
    values = json.loads(result.to_json())
    assert values["accuracy"] is values["m0_direct"] is values["m1_direct"] is None
    assert values["m0"] > 0


def test_network_file(tmp_path):
    result = en.train(en.TrainingConfig(hidden=6, **SMALL), digits())
    path = tmp_path / "network.npz"
    result.network.save(path)
    loaded = en.Network.load(path)
    np.testing.assert_array_equal(loaded.w1, result.network.w1)
    np.testing.assert_array_equal(loaded.w2, result.network.w2)
    assert loaded.w1.shape == (41, 6)
    assert loaded.w2.shape == (7, 4)
    images = digits().x_test
    for threads in (1, 3):
        outputs = loaded.outputs(images, threads)
        np.testing.assert_array_equal(outputs, result.network.outputs(images))
    x = np.append(images / 255 - loaded.mean, np.ones((len(images), 1)), axis=1)
    h = x @ loaded.w1
    a = np.append(np.where(h > 0, h, 0.1 * h), np.ones((len(images), 1)), axis=1)
    np.testing.assert_allclose(outputs, a @ loaded.w2, atol=1e-5)
    np.testing.assert_array_equal(loaded.predict(images), outputs.argmax(axis=1))
    assert list(tmp_path.iterdir()) == [path]


def test_weights_are_read_only(tmp_path):
    seen = []
    config = en.TrainingConfig(hidden=6, **SMALL)
    result = en.train(config, digits(), on_test=lambda _, network: seen.append(network))
    assert len({network.w1.__array_interface__["data"] for network in seen}) == 1  # no copies
    network = result.network
    network.save(tmp_path / "network.npz")
    w1, w2 = network.w1.copy(), network.w2.copy()
    built = en.Network(w1, w2, network.mean, network.background)
    w1 *= 2
    others = (
        en.Network.load(tmp_path / "network.npz"),
        copy.deepcopy(network),
        pickle.loads(pickle.dumps(network)),
        replace(network, w1=network.w1),
        built,
    )
    for other in (network, seen[-1], *others):
        np.testing.assert_array_equal(other.w1, network.w1)
        for array in (other.w1, other.w2):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0


def test_equal_outputs_go_to_the_lowest_class():
    network = en.Network(np.zeros((3, 2), np.float32), np.ones((3, 4), np.float32), 0.0, 0.0)
    assert list(network.predict(np.zeros((5, 2), np.uint8))) == [0] * 5


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 7), np.uint8), "images must have 40 pixels, got 7"),
        (np.zeros(40, np.uint8), r"images must be an array \(n, pixels\), got shape \(40,\)"),
        (np.zeros((2, 40), int), r"images must be uint8, .* got int64: convert it with .astype"),
    ],
)
def test_bad_images(images, message):
    network = en.train(en.TrainingConfig(hidden=2, **(SMALL | {"max_steps": 1})), digits()).network
    with pytest.raises(en.DataError, match=message):
        network.predict(images)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04" + bytes(50)])
def test_bad_files(tmp_path, content):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(en.FileError, match=r"file.npz is not a network saved by energynet"):
        en.Network.load(path)
    with pytest.raises(en.FileError, match=r"file.npz is not a checkpoint of energynet"):
        en.train(en.TrainingConfig(hidden=2), digits(), checkpoint=path)
    assert path.read_bytes() == content


def test_foreign_arrays(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(en.FileError, match="is not a network saved by energynet"):
        en.Network.load(path)
    weights = {"w1": np.zeros((3, 2)), "w2": np.zeros((7, 2))}
    np.savez(path, format=1, **weights, mean=0, background=0, activation="relu")
    with pytest.raises(en.FileError, match="w1 and w2 must have one type and shapes"):
        en.Network.load(path)
    np.savez(path, format=9, w1=0)
    with pytest.raises(en.FileError, match="its format is 9"):
        en.Network.load(path)
    with pytest.raises(en.FileError, match=r"nothing.npz cannot be read: No such file"):
        en.Network.load(tmp_path / "nothing.npz")


def test_pickles_are_never_loaded(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, format=1, w1=np.array([print], dtype=object))
    with pytest.raises(en.FileError, match="is not a network"):
        en.Network.load(path)


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_initial_network_is_that_of_step_0(dtype):
    config = en.TrainingConfig(hidden=5, seed=2, activation="tanh", dtype=dtype, **SMALL)
    start, end = en.initial_network(config, digits()), en.train(config, digits()).network
    run = prepare(config, digits())
    np.testing.assert_array_equal(start.w1, run.weights.u)
    np.testing.assert_array_equal(start.w2, run.weights.w_out.T)
    for name in ("mean", "background", "activation"):
        assert getattr(start, name) == getattr(end, name)
    with pytest.raises(en.ConfigError, match="start must be empty for an initial network, got"):
        en.initial_network(replace(config, start="0" * 16), digits())


def test_finished_checkpoint_gives_the_same_result_at_once(tmp_path):
    path = tmp_path / "run.npz"
    config = en.TrainingConfig(hidden=3, **SMALL)
    first = en.train(config, digits(), checkpoint=path)
    with np.load(path) as stored:
        spent = json.loads(str(stored["seconds"]))
    assert first.seconds["total"] >= spent["total"] > spent["train"] + spent["evaluate"] > 0
    steps = []
    again = en.train(config, digits(), checkpoint=path, progress=lambda p: steps.append(p.step))
    assert steps == []
    assert again.to_dict() | {"seconds": 0} == first.to_dict() | {"seconds": 0}


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
            f" {then} steps: the run starts anew"
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threads": 0}, "threads must be an integer .* got 0"),
        ({"threads": "two"}, "threads must be an integer .* got 'two'"),
        ({"checkpoint": "/nowhere/run.npz"}, r"checkpoint /nowhere/run.npz cannot be written"),
        ({"checkpoint": "/"}, "checkpoint must be a file, but / is a folder"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(en.EnergynetError, match=message):
        en.train(en.TrainingConfig(hidden=2), digits(), **arguments)


def started():
    """A network in float64, trained on other digits."""
    config = en.TrainingConfig(hidden=12, dtype="float64", **SMALL)
    return en.train(config, digits(seed=1)).network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_from_a_network_follows_the_oracle(dtype):
    """Weights of another type are rounded first; the mean is that of the new data."""
    start, dataset = started(), digits(seed=2)
    config = en.TrainingConfig(
        hidden=12, dtype=dtype, max_steps=150, test_every=150, learning_rate=0.02
    )
    result = en.train(config, dataset, start=start)
    naive = NaiveRun(dataset.x_train, dataset.y_train, 4, 12, "all", 0, eta=0.02)
    w1, w2 = start.w1.astype(dtype), start.w2.astype(dtype)
    naive.w1[:], naive.w2[:] = w1, w2
    for _ in range(150):
        naive.advance()
    tolerance = {"rtol": 0, "atol": 1e-9 if dtype == "float64" else 1e-4}
    np.testing.assert_allclose(result.network.w1, naive.w1, **tolerance)
    np.testing.assert_allclose(result.network.w2, naive.w2, **tolerance)
    assert result.network.mean == dataset.mean
    far = [np.abs(a - b) for a, b in ((result.network.w1, w1), (result.network.w2, w2))]
    assert np.isclose(result.energy.direct.m1, sum(a.sum() for a in far), rtol=1e-3)
    assert result.history[0].step == 150
    again = en.train(result.config, dataset, start=start)
    assert again.energy == result.energy
    assert result.config.start == content_of([w1, w2])
    assert result.config.hash != config.hash


def test_a_run_from_a_network_resumes(tmp_path):
    start, path, dataset = started(), tmp_path / "run.npz", digits().permuted(0)
    slow = {"target_accuracy": 1.0, "learning_rate": 1e-4}
    config = en.TrainingConfig(hidden=12, **SMALL | slow)
    whole = en.train(config, dataset, start=start)

    def stop(row, _):
        if row.step == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        en.train(config, dataset, start=start, checkpoint=path, on_test=stop)
    with pytest.raises(en.FileError, match="belongs to another run"):
        en.train(config, dataset, checkpoint=path)
    with pytest.raises(en.ConfigError, match=rf"given: the network {whole.config.start} "):
        en.train(whole.config, dataset, checkpoint=path)
    resumed = en.train(whole.config, dataset, start=start, checkpoint=path)
    assert resumed.history == whole.history
    assert resumed.energy == whole.energy


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        ({}, {"hidden": 11}, "of 40 pixels, 11 hidden units and 4 outputs, got one of 40 p"),
        ({}, {"activation": "tanh"}, "the activation of the config, tanh, got leaky_relu"),
        ({}, {"learning_rate": "auto"}, "learning_rate must be a number for a run with start"),
        ({"w1": np.nan}, {}, "start must be a network whose weights are finite in float64"),
        ({"w2": 1e300}, {"dtype": "float32"}, "whose weights are finite in float32"),
        ({}, {"start": "0" * 16}, "start must be the network 0{16} that the config names, got"),
        ({}, {"start": "0" * 15}, "start must be the 16 hexadecimal digits"),
    ],
)
def test_networks_that_a_run_cannot_start_from(values, changes, message):
    start = started()
    for name, value in values.items():
        start = replace(start, **{name: np.full_like(getattr(start, name), value)})
    with pytest.raises(en.ConfigError, match=message):
        en.train(
            en.TrainingConfig(**{"hidden": 12, "dtype": "float64"} | changes), digits(), start=start
        )


def test_swapped_arguments():
    with pytest.raises(en.ConfigError, match="config must be a TrainingConfig, got Dataset"):
        en.train(digits(), en.TrainingConfig(hidden=2))
    with pytest.raises(en.DataError, match="dataset must be a Dataset, got list"):
        en.train(en.TrainingConfig(hidden=2), [])


def test_network_too_large_for_memory():
    config = en.TrainingConfig(hidden=2**31 - 2)
    with pytest.raises(en.ConfigError, match="hidden must be small enough for memory, but 2147"):
        en.train(config, en.Dataset.from_arrays(*[np.zeros((1, 9000)), [0]] * 2))


def test_progress_and_threads():
    seen = []
    config = en.TrainingConfig(hidden=4, **(SMALL | {"target_accuracy": 1.0}))
    alone = en.train(config, digits(), threads=1, progress=seen.append)
    many = en.train(config, digits(), threads=64)
    assert alone.to_dict() | {"seconds": 0} == many.to_dict() | {"seconds": 0}
    assert seen[-1].step == 500
    assert [p.step for p in seen] == sorted(p.step for p in seen)
    assert seen[0].accuracy is None
    assert seen[-1].accuracy == alone.accuracy
    assert (seen[-1].m0, seen[-1].m1) == (alone.energy.m0, alone.energy.m1)
    assert usable_cores() >= 1


TEAMS = """
import energynet as en
from energynet.training import threads
from support import digits
threads.usable_cores = lambda: 2
def result(number):
    config = en.TrainingConfig(hidden=4, max_steps=100, test_every=100)
    return en.train(config, digits(), threads=number).to_dict() | {"seconds": 0}
"""


def run_script(script, **variables):
    """Run a script that may hang; returns what it says on stderr."""
    done = subprocess.run(
        [*PYTHON, "-c", TEAMS + script],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system"
)
@pytest.mark.parametrize("starts", ["result(2)", "import numba; numba.set_num_threads(1)"])
def test_a_process_forked_after_several_threads_trains_on_one(starts):
    script = f"""
import multiprocessing
{starts}
with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.map(result, [2]) == [result(1)]
"""
    run_script(script, PYTHONWARNINGS="ignore")


@pytest.mark.parametrize("layer", ["tbb", "none such"])
def test_a_threading_layer_that_is_missing_costs_only_the_team(layer):
    if layer == "tbb" and "tbb" in available_layers():
        pytest.skip("TBB is installed")
    said = run_script("assert result(2) == result(1)", NUMBA_THREADING_LAYER=layer)
    assert said == (
        f"Numba's threading layer '{layer}' cannot be loaded (NUMBA_THREADING_LAYER):"
        " steps run on one thread\n"
    )


def available_layers():
    script = "from numba.np.ufunc.parallel import _check_tbb_version_compatible as check; check();"
    script += "import numba.np.ufunc.tbbpool"
    done = subprocess.run([*PYTHON, "-c", script], capture_output=True, check=False)
    return ["tbb"] if done.returncode == 0 else []


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/", {"cpu.max": "max 100000"}, math.inf),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "200000 100000"}, 2),
        ("0::/a/b", {"a/b/cpu.max": "50000 100000", "a/cpu.max": "200000 100000"}, 0.5),
        ("0::/docker/4f", {"cpu.max": "300000 100000"}, 3),  # a path outside the container
        ("0::/../4f", {"cpu.max": "300000 100000"}, 3),
        (
            "5:memory:/\n4:cpu,cpuacct:/a",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "250000", "cpu/a/cpu.cfs_period_us": "100000"},
            math.inf,
        ),
        (
            "5:memory:/\n4:cpu,cpuacct:/a\n0::/",
            {"cpu/a/cpu.cfs_quota_us": "250000", "cpu/a/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        ("1:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("nonsense", {"cpu.max": "nonsense"}, math.inf),
        ("0::/", {"cpu.max": ""}, math.inf),
        ("0::/", {"cpu.max": "100000 0"}, math.inf),
    ],
)
def test_a_container_may_have_a_quota_of_cpus(tmp_path, groups, files, quota):
    own = tmp_path / "cgroup"
    own.write_text(groups + "\n")
    for name, content in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    assert cpu_quota(tmp_path / "mount", own) == quota
    assert cpu_quota(tmp_path / "nowhere", tmp_path / "none") == math.inf


@pytest.mark.parametrize(("quota", "cores"), [(0.2, 1), (1.0, 1), (1.5, 2), (2.5, 3), (9e9, 4)])
def test_usable_cores_heed_the_quota(monkeypatch, quota, cores):
    monkeypatch.setattr("energynet.training.threads.cpu_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert usable_cores() == cores


def test_other_numbers_of_inputs_and_classes():
    generator = np.random.default_rng(0)
    images, labels = generator.random((50, 3, 3)).astype(np.float32), np.arange(50) % 2
    dataset = en.Dataset.from_arrays(images, labels, images, labels)
    result = en.train(en.TrainingConfig(hidden=5, **SMALL), dataset)
    assert result.network.w1.shape == (10, 5)
    assert result.network.w2.shape == (6, 2)
    assert result.synapses == 10 * 5 + 6 * 2
    assert repr(result).startswith("TrainingResult(all, hidden 5: exhausted after 500 steps")


def test_infinite_updates_of_finite_outputs_are_not_applied():
    """All that is not finite is eta (target - output), of the output biases alone."""
    run = prepare(en.TrainingConfig(hidden=3, learning_rate=1e38, init_std=0.0), digits())
    run.weights.w_out[:, -1] = -5
    run.advance(10)
    assert list(run.clock) == [0, 1, 0]
    assert run.energies.power.sum() == run.energies.m0.sum() == 0
    assert np.isfinite(run.weights.w_out).all()


def test_names_of_before_still_work_and_say_what_is_new():
    seen = []
    config = en.TrainingConfig(hidden=3, max_steps=2, test_every=1)
    with pytest.warns(DeprecationWarning, match="on_checkpoint is called on_test now"):
        en.train(config, digits(), on_checkpoint=lambda row, _: seen.append(row))
    assert [type(row) for row in seen] == [en.CurvePoint] * 2
    with pytest.raises(en.ConfigError, match="on_checkpoint, the old name, must be left out"):
        en.train(config, digits(), on_checkpoint=print, on_test=print)
    with pytest.warns(DeprecationWarning, match="in energynet now"):
        before = en.result
    assert before.Energy is en.Energy
    with pytest.warns(DeprecationWarning, match="called CurvePoint now"):
        assert before.Checkpoint is en.CurvePoint

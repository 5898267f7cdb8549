"""Training runs: criterion, outcomes, progress, divergence; end to end on MNIST."""

import json
from dataclasses import replace

import numpy as np
import pytest
from runs import SMALL
from support import digits

import energynet as en
from energynet.training.run import prepare
from energynet.training.threads import usable_cores


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


def test_swapped_arguments():
    with pytest.raises(en.ConfigError, match="config must be a TrainingConfig, got Dataset"):
        en.train(digits(), en.TrainingConfig(hidden=2))
    with pytest.raises(en.DataError, match="dataset must be a Dataset, got list"):
        en.train(en.TrainingConfig(hidden=2), [])
    told = r"dataset must be a Dataset, got str; energynet.Dataset.load\(PATH\) reads a file or"
    with pytest.raises(en.DataError, match=told):
        en.train(en.TrainingConfig(hidden=2), "digits.npz")


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
    with pytest.warns(DeprecationWarning, match="on_checkpoint is called on_test now") as told:
        en.train(config, digits(), on_checkpoint=lambda row, _: seen.append(row))
    assert told[0].filename == __file__
    assert [type(row) for row in seen] == [en.CurvePoint] * 2
    with pytest.raises(en.ConfigError, match="on_checkpoint, the old name, must be left out"):
        en.train(config, digits(), on_checkpoint=print, on_test=print)
    with pytest.warns(DeprecationWarning, match="in energynet now"):
        before = en.result
    assert before.Energy is en.Energy
    with pytest.warns(DeprecationWarning, match="called CurvePoint now"):
        assert before.Checkpoint is en.CurvePoint

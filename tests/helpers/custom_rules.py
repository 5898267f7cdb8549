"""Custom plasticity rules for the tests, and runs with them."""

from pathlib import Path

import numpy as np
import pytest

import energynet as en

EXAMPLES = Path(__file__).parents[2] / "examples" / "custom_rules"


class Largest(en.PlasticityRule):
    """`largest`, as anyone would write it."""

    fraction: float

    def select(self, step):
        layers = (step.hidden, step.output)
        size = np.concatenate([np.abs(layer.dw).ravel() for layer in layers])
        k = int(self.fraction * size.size + 0.5)
        chosen = np.zeros(size.size, bool)
        chosen[np.argsort(-size, kind="stable")[:k]] = True
        shapes = [(len(layer.pre), len(layer.post)) for layer in layers]
        first = shapes[0][0] * shapes[0][1]
        return chosen[:first].reshape(shapes[0]), chosen[first:].reshape(shapes[1])


class FirstUnits(en.PlasticityRule):
    """`fixed-units`, in each form that a choice may have."""

    units: int
    form: str

    def select(self, step):
        n_pre, n_hidden = len(step.hidden.pre), len(step.hidden.post)
        first = np.arange(n_hidden) < self.units
        with_bias = np.append(first, True)
        factors = (
            (np.ones(n_pre, bool), first),
            (with_bias, np.ones(len(step.output.post), bool)),
        )
        if self.form == "factors":
            return factors
        if self.form == "half factors":
            return [(True, first), [with_bias.tolist(), np.True_]]
        masks = [np.logical_and.outer(*pair) for pair in factors]
        if self.form == "mask":
            return tuple(masks)
        if self.form == "turned mask":
            return tuple(np.asfortranarray(mask) for mask in masks)
        if self.form == "lists":
            return tuple([indices.tolist() for indices in np.nonzero(mask)] for mask in masks)
        kind = np.uint16 if self.form == "small indices" else np.int64
        return tuple(tuple(i[::-1].astype(kind) for i in np.nonzero(mask)) for mask in masks)


class Threshold(en.PlasticityRule):
    """Only updates of at least a certain size are carried out."""

    threshold: float

    def select(self, step):
        return tuple(np.abs(layer.dw) >= self.threshold for layer in (step.hidden, step.output))


class Everything(en.PlasticityRule):
    def select(self, step):
        return True, np.bool_(True)


class Draws(en.PlasticityRule):
    """Draws in each step, and looks at all that a step has to show."""

    fraction: float

    def select(self, step):
        assert step.hidden.dw.shape == (len(step.hidden.pre), len(step.hidden.post))
        masks = []
        for layer in (step.hidden, step.output):
            assert not layer.pre.flags.writeable
            assert not layer.post.flags.writeable
            assert layer.pre[-1] == 1
            np.testing.assert_array_equal(layer.dw, np.outer(layer.pre, layer.post))
            masks.append(step.random.random(layer.dw.shape) < self.fraction)
        return tuple(masks)


class Answers(en.PlasticityRule):
    """Gives the answer that stands in ANSWERS."""

    which: int

    def select(self, step):
        return ANSWERS[self.which][0]


PAIR = np.array([0]), np.array([0])
ANSWERS = [
    (None, "select must return two choices, for the hidden and .* got None: is a return missing"),
    (True, "select must return two choices, .* got bool True"),
    ((True, False, True), "select must return two choices, .* got a tuple of 3"),
    (en.Change(True, False), "select must return two choices, .* got a Change of 2"),
    ((None, True), "hidden layer: a choice must be True, False, a mask"),
    ((True, 1), "output layer: a choice must be True, False, a mask"),
    ((True, "yes"), "output layer: a choice must be True, False, a mask"),
    ((np.ones((3, 3), bool), True), r"a mask must be bool of shape \(41, 3\), got bool of shape"),
    ((np.ones((3, 41)), True), r"hidden layer: updates must be of shape \(41, 3\), got .*3, 41"),
    ((np.full((41, 3), np.nan), True), r"updates must be finite in float32, got nan at \(0, 0\)"),
    ((np.diag([1e300] * 41)[:, :3], True), r"finite in float32, got 1e\+300 at \(0, 0\)"),
    ((True, np.ones((4, 4), complex)), r"float64, got complex128: use .astype\(float\)"),
    ((np.ones((41, 3), int), True), r"a mask must be bool, updates must be .* int64: use .astype"),
    (
        (True, (PAIR[0], PAIR[1], PAIR[0])),
        "output layer: values must be float32 .* int64: use",
    ),
    ((True, (*PAIR, [0.5, 0.5])), r"as many as indices, .* shape \(2,\) for indices of shape \(1,"),
    ((True, (*PAIR, [-np.inf])), r"updates must be finite in float32, got -inf at \(0,\)"),
    ((True, ([1, 1], [2, 2], [0.5, 0.5])), r"given once, got \(1, 2\) twice"),
    ((True, ([0], [7], [0.5])), r"inside of \(4, 4\), got \(0, 7\)"),
    ((True, ([[0]], [[0]], [[0.5]])), "indices must be two lists of one length"),
    ((True, ([0], [0], [0], [0])), "output layer: a choice must be True, False, a mask .* of 4"),
    ((en.Change(np.ones((41, 3), bool), False), True), "hidden layer: dw of a Change must be True"),
    ((True, en.Change(None, False)), "dw of a Change .* got None: is a return missing"),
    (
        (True, en.Change(True, True)),
        r"paid of a Change must be False, real .* \(4, 4\), .* bool True",
    ),
    ((True, en.Change(False, np.ones((4, 5)))), r"must be of shape \(4, 4\), got shape \(4, 5\)"),
    ((True, en.Change(False, ([0], [4], [1.0]))), r"inside of \(4, 4\), got \(0, 4\)"),
    ((en.Change(True, np.ones((41, 3), int)), True), "paid of a Change must be .* int64: use"),
    (
        (en.Change(np.ones((41, 3), np.uint8), False), True),
        "dw of a Change must .* uint8: use",
    ),
    ((True, ([0], [0], ["x"])), "values must be real numbers, .* got <U1 of shape"),
    ((True, ([0], [0, 1])), "indices must be two lists of one length"),
    ((True, ([[0]], [[0]])), "indices must be two lists of one length"),
    ((True, ([0.0], [0.0])), "indices must be integers, got float64"),
    ((True, ([np.nan], [1])), "indices must be integers, got float64"),
    ((True, (["a"], ["b"])), "indices must be integers"),
    ((True, ([[0], [1, 2]], [0])), "indices and factors must be arrays"),
    ((True, ([0, 3], [0, 10])), r"inside of \(4, 4\), got \(3, 10\)"),
    ((True, ([4], [0])), r"inside of \(4, 4\), got \(4, 0\)"),
    ((True, ([0], [4])), r"inside of \(4, 4\), got \(0, 4\)"),
    ((True, ([-1], [0])), r"inside of \(4, 4\), got \(-1, 0\)"),
    ((True, (np.array([2**64 - 1], np.uint64), [0])), "inside of"),
    ((True, ([2**40], [2**40])), "inside of"),
    ((True, ([1, 2, 1], [3, 3, 3])), r"given once, got \(1, 3\) twice"),
    (
        (True, (np.ones(4, bool), np.ones(5, bool))),
        r"\(4,\), the bias unit last, and \(4,\), or True for all; got \(4,\) and \(5,\)",
    ),
    ((True, (np.ones(3, bool), True)), r"or True for all; got \(3,\) and True"),
    ((True, (np.ones(4, bool), np.ones(10, int))), "factors must both be bool, .* bool and int64"),
    ((True, ([0], True)), "factors must both be bool, indices both integers, got int64 and bool"),
    ((np.zeros((2, 2), int), True), "got int64 of shape .*: of indices give two arrays"),
    (([[True] * 3] * 41, True), r"a mask or updates \(an array\), two arrays .* a list of 41"),
]


class Raises(en.PlasticityRule):
    def select(self, step):
        raise ZeroDivisionError("its own mistake")


class AllKinds(en.PlasticityRule):
    """One parameter of each type."""

    whole: int
    number: float = 0.5
    flag: bool = True
    word: str = "x"
    version = 3

    def check(self):
        if self.number > 1:
            raise en.ConfigError(f"number must be at most 1, got {self.number}")

    def select(self, step):
        return True, True


class Shares(en.PlasticityRule):
    """A parameter called fraction that is no share of the synapses; the output layer stays."""

    fraction: int
    word: str

    def select(self, step):
        return np.abs(step.hidden.dw) > 1e-5 * self.fraction, False


class Trace(en.PlasticityRule):
    """A running trace per synapse, in arrays of several types, with a cost and a payment."""

    decay: float
    costs = ("maintenance", "tests")

    def state(self, shape):
        CALLS.append(shape)
        return {
            "trace": np.asfortranarray(np.zeros((shape.n_in + 1, shape.hidden), np.float32)),
            "seen": np.zeros((2, shape.n_out), np.int16),
            "ever": np.zeros(shape.hidden, bool),
            "total": np.zeros(()),
        }

    def select(self, step):
        trace = step.state["trace"]
        trace *= self.decay
        trace += np.abs(step.hidden.dw)
        self.disturb(step)
        step.state["seen"][0, step.label] += 1
        step.state["ever"] |= step.hidden.post > 0
        step.state["total"] += step.random.random()
        step.add_cost("maintenance", 0.5)
        step.add_cost("maintenance", np.float32(trace.sum()))
        return trace > np.median(trace), True

    def disturb(self, step):
        """What subclasses do when half of the state is written."""

    def finish(self, step):
        step.add_cost("tests", step.number)
        step.state["total"][...] = -1
        return False, np.full(step.output.weights.shape, 0.25)


CALLS = []


class Upkeep(en.PlasticityRule):
    """Pays for the size of a trace, in the course of training and in the end."""

    fraction: float
    costs = ("upkeep", "end")

    def state(self, shape):
        return {"trace": np.zeros((shape.n_in + 1, shape.hidden), np.float32)}

    def select(self, step):
        trace = step.state["trace"]
        trace *= np.float32(0.5)
        trace += np.abs(step.hidden.dw)
        step.add_cost("upkeep", trace.sum())
        return step.random.random(trace.shape) < self.fraction, True

    def finish(self, step):
        step.add_cost("end", step.number / 3)
        return np.ones_like(step.hidden.weights), False


def untied():
    """Images of floats, no two of which are equal."""
    generator = np.random.default_rng(1)
    train, test = generator.normal(size=(50, 12)), generator.normal(size=(20, 12))
    return en.Dataset.from_arrays(train, np.arange(50) % 4, test, np.arange(20) % 4)


def result_of(rule, dataset, dtype="float64", **values):
    values = {"hidden": 9, "seed": 2, "max_steps": 300, "test_every": 150} | values
    config = en.TrainingConfig(rule=rule, dtype=dtype, alpha=0.5, **values)
    return en.train(config, dataset)


def assert_same(own, built_in, tolerance=1e-11):
    assert own.steps == built_in.steps
    assert own.energy.m0 == built_in.energy.m0
    assert own.energy.per_layer.m0 == built_in.energy.per_layer.m0
    assert own.energy.m1 == pytest.approx(built_in.energy.m1, rel=tolerance)
    assert own.energy.alpha[0.5] == pytest.approx(built_in.energy.alpha[0.5], rel=tolerance)
    for name in ("w1", "w2"):
        ours, theirs = getattr(own.network, name), getattr(built_in.network, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)

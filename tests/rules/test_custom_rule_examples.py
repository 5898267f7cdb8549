"""The example rules of examples/custom_rules: twins in NumPy, resumed runs, sweeps.

Each twin is the algorithm of the paper on full matrices; nothing of the rules or kernels is used.
"""

import importlib
import json
import shutil

import numpy as np
import pytest
from custom_rules import result_of
from naive import NaiveRun
from support import digits

import energynet as en

STEPS = 200
pytestmark = pytest.mark.usefixtures("examples")


def example(module, name, **parameters):
    return getattr(importlib.import_module(module), name)(**parameters)


class Twin(NaiveRun):
    """A network that learns by one of the rules."""

    def __init__(self, rule, masks=None):
        data = digits()
        super().__init__(*(data.x_train, data.y_train, data.classes, 9, "all", 2), alphas=(0.5,))
        self.rule, self.class_masks = rule, masks
        self.shapes = self.w1.shape, self.w2.shape
        self.state = {}
        self.maintenance = 0.0
        self.start()

    def start(self):
        """Make the state."""

    def end(self):
        """What is paid for in the end, for both layers."""
        return ()

    def changes(self, x, a, outputs, dw1, dw2):
        label = self.labels[self.image_number()]
        return [(applied, applied) for applied in self.applied([dw1, dw2], outputs, label)]

    def train(self):
        for _ in range(STEPS):
            self.advance()
        for layer, paid in enumerate(self.end()):
            self.m0[layer] += np.count_nonzero(paid)
            self.m1[layer] += np.abs(paid).sum()
            self.m_alpha[0.5][layer] += (np.abs(paid[paid != 0]) ** 0.5).sum()


class LazyTwin(Twin):
    def applied(self, dw, outputs, label):
        return dw if np.argmax(outputs) != label else [np.zeros(shape) for shape in self.shapes]


class CachingTwin(Twin):
    """Holds the persistent and the transient weights apart, as the authors' program does."""

    def start(self):
        self.persistent = [self.w1.copy(), self.w2.copy()]
        self.transient = [np.zeros(shape) for shape in self.shapes]
        self.state = dict(zip(("hidden", "output"), self.transient, strict=True))

    def changes(self, x, a, outputs, dw1, dw2):
        changes = []
        for number, (weights, dw) in enumerate(((self.w1, dw1), (self.w2, dw2))):
            persistent, transient = self.persistent[number], self.transient[number]
            transient += dw
            moved = np.where(np.abs(transient) > self.rule.threshold, transient, 0.0)
            persistent += moved
            transient -= moved
            self.maintenance += self.rule.maintenance * np.abs(transient).sum()
            transient *= np.exp(-self.rule.decay)
            changes.append((persistent + transient - weights, moved))
        return changes

    def end(self):
        return self.transient


class MemoryTwin(Twin):
    def start(self):
        self.state["memory"] = np.zeros(self.n1 + self.n2)

    def applied(self, dw, outputs, label):
        memory = self.state["memory"]
        memory += np.concatenate([dw[0].ravel(), dw[1].ravel()])
        order = np.lexsort((np.arange(len(memory)), -np.abs(memory)))
        chosen = order[: round(self.rule.fraction * len(memory))]
        applied = np.zeros(len(memory))
        applied[chosen] = memory[chosen]
        memory -= applied
        return [
            part.reshape(shape)
            for part, shape in zip(np.split(applied, [self.n1]), self.shapes, strict=True)
        ]


class LargestWeightsTwin(Twin):
    def applied(self, dw, outputs, label):
        size = np.abs(self.w1)
        chosen = np.zeros(self.shapes[0], bool)
        if self.rule.per_unit:
            for unit in range(self.hidden):
                k = round(self.rule.fraction * len(size))
                chosen[np.argsort(size[:, unit])[-k:], unit] = True
        else:
            k = round(self.rule.fraction * size.size)
            chosen.ravel()[np.argsort(size, axis=None)[-k:]] = True
        return [np.where(chosen, dw[0], 0.0), dw[1]]


class ClassMasksTwin(Twin):
    def applied(self, dw, outputs, label):
        self.state["masks"] = self.class_masks
        return [dw[0] * self.class_masks[label], dw[1]]


CASES = {
    "lazy": ("lazy", "Lazy", {}, LazyTwin),
    "caching": ("caching", "Caching", {"threshold": 0.01}, CachingTwin),
    "caching, decay": (
        *("caching", "Caching"),
        {"threshold": 0.003, "maintenance": 0.02, "decay": 0.05},
        CachingTwin,
    ),
    "memory": ("memory", "LargestWithMemory", {"fraction": 0.1}, MemoryTwin),
    "largest weights": ("largest_weights", "LargestWeights", {"fraction": 0.1}, LargestWeightsTwin),
    "largest weights of a unit": (
        *("largest_weights", "LargestWeights"),
        {"fraction": 0.2, "per_unit": True},
        LargestWeightsTwin,
    ),
    "class masks": ("class_masks", "ClassMasks", {"fraction": 0.3}, ClassMasksTwin),
}
LIMITS = {"max_steps": STEPS, "test_every": 50, "target_accuracy": 1.0}


@pytest.mark.parametrize("case", CASES)
def test_an_example_agrees_with_its_twin(case):
    module, name, parameters, twin_class = CASES[case]
    rule = example(module, name, **parameters)
    result = result_of(rule, digits(), **LIMITS)
    twin = twin_class(rule, masks=result.state.get("masks"))
    twin.train()
    for ours, theirs in ((result.network.w1, twin.w1), (result.network.w2, twin.w2)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-13)
    assert list(result.energy.per_layer.m0) == twin.m0.tolist()
    np.testing.assert_allclose(result.energy.per_layer.m1, twin.m1, rtol=1e-9)
    assert result.energy.alpha[0.5] == pytest.approx(twin.m_alpha[0.5].sum(), rel=1e-9)
    assert 0 < result.energy.m0 < 0.9 * STEPS * result.synapses
    assert result.costs == pytest.approx(
        {"maintenance": twin.maintenance} if twin.maintenance else {}, rel=1e-9
    )
    assert result.state.keys() == twin.state.keys()
    for key, array in result.state.items():
        np.testing.assert_allclose(array, twin.state[key], rtol=1e-9, atol=1e-13)


def assert_same_bits(ours, theirs):
    assert (ours.history, ours.energy) == (theirs.history, theirs.energy)
    assert (ours.costs, ours.cost_history) == (theirs.costs, theirs.cost_history)
    for name in ("w1", "w2"):
        np.testing.assert_array_equal(getattr(ours.network, name), getattr(theirs.network, name))
    assert ours.state.keys() == theirs.state.keys()
    for key, array in ours.state.items():
        np.testing.assert_array_equal(array, theirs.state[key])


@pytest.mark.parametrize("case", CASES)
def test_an_example_resumes_with_the_same_bits(case, tmp_path):
    """From what is on disk in the middle of a run, as after a kill."""
    module, name, parameters, _ = CASES[case]
    config = en.TrainingConfig(hidden=9, rule=example(module, name, **parameters), **LIMITS)

    def keep(told, _):
        if told.step == 100:
            shutil.copy(tmp_path / "whole", tmp_path / "middle")

    whole = en.train(config, digits(), checkpoint=tmp_path / "whole", on_test=keep)
    with np.load(tmp_path / "middle") as stored:
        assert stored["clock"][0] == 50
    assert_same_bits(en.train(config, digits(), checkpoint=tmp_path / "middle"), whole)


def test_examples_in_a_sweep(tmp_path):
    blocks = [
        f'[[block]]\nrule = "{module}:{name}"\n'
        + "".join(f"params.{key} = {json.dumps(value)}\n" for key, value in parameters.items())
        for module, name, parameters, _ in CASES.values()
    ]
    limits = "".join(f"{key} = {value}\n" for key, value in (LIMITS | {"hidden": 9}).items())
    (tmp_path / "grid.toml").write_text("\n".join([f"[defaults]\n{limits}", *blocks]))
    grid = en.Grid.from_toml(tmp_path / "grid.toml")
    table = en.sweep(grid, tmp_path / "runs", data=digits(), workers=1, progress=False)
    assert set(table["outcome"]) == {"exhausted"}
    alone = [en.train(config, digits()) for config in grid]
    assert sorted(table["m1"]) == sorted(run.energy.m1 for run in alone)
    kept = sorted(run.costs["maintenance"] for run in alone if run.costs)
    assert sorted(table["cost_maintenance"].dropna()) == kept


def test_lazy_learning_is_a_margin_of_0():
    ours = result_of(example("lazy", "Lazy"), digits(), dtype="float32", **LIMITS)
    theirs = result_of(en.AllSynapses(), digits(), dtype="float32", margin=0, **LIMITS)
    assert_same_bits(ours, theirs)


def test_caching_changes_what_is_paid_but_not_what_is_learnt():
    every = result_of(en.AllSynapses(), digits(), **LIMITS)
    runs = [
        result_of(example("caching", "Caching", threshold=threshold), digits(), **LIMITS)
        for threshold in (0, 0.003, 0.01, 1e9)
    ]
    for run in runs:
        np.testing.assert_array_equal(run.network.w1, every.network.w1)
        np.testing.assert_array_equal(run.network.w2, every.network.w2)
    plain, *_, last = runs
    assert plain.energy.m0 == every.energy.m0
    assert plain.energy.m1 == pytest.approx(every.energy.m1, rel=1e-12)
    assert plain.costs["maintenance"] == 0
    m1, kept = zip(*[(run.energy.m1, run.costs["maintenance"]) for run in runs], strict=True)
    assert list(m1) == sorted(m1, reverse=True)
    assert list(kept) == sorted(kept)
    assert last.energy.m1 == pytest.approx(every.energy.direct.m1, rel=1e-9)


def test_memory_at_a_fraction_of_1_is_plain_learning():
    ours = result_of(example("memory", "LargestWithMemory", fraction=1), digits(), **LIMITS)
    theirs = result_of(en.AllSynapses(), digits(), **LIMITS)
    assert ours.energy.m0 == theirs.energy.m0
    assert not ours.state["memory"].any()
    np.testing.assert_allclose(ours.network.w1, theirs.network.w1, rtol=0, atol=1e-12)


def test_masks_of_classes_have_one_size_and_belong_to_the_seed():
    rule = example("class_masks", "ClassMasks", fraction=0.3)
    first, second = (
        result_of(rule, digits(), **{**LIMITS, "max_steps": 1, "seed": seed}).state["masks"]
        for seed in (0, 1)
    )
    assert first.sum(axis=1).tolist() == second.sum(axis=1).tolist() == [3, 3, 3, 3]
    assert len(np.unique(first, axis=0)) > 1
    assert (first != second).any()


def test_the_compiled_threshold_has_the_bits_of_the_other():
    ours, theirs = (
        result_of(example("threshold", name, least=1e-3), digits(), **LIMITS)
        for name in ("CompiledThreshold", "Threshold")
    )
    assert 0 < ours.energy.m0 < 0.9 * STEPS * ours.synapses
    assert_same_bits(ours, theirs)


@pytest.mark.parametrize(
    ("module", "name", "parameters", "told"),
    [
        ("caching", "Caching", {"threshold": -1}, "threshold must be 0 or above, got -1.0"),
        ("memory", "LargestWithMemory", {"fraction": 0}, r"fraction must be in \(0, 1\], got 0.0"),
        ("largest_weights", "LargestWeights", {"fraction": 2}, r"must be in \(0, 1\], got 2.0"),
        ("class_masks", "ClassMasks", {"fraction": 0}, r"must be in \(0, 1\], got 0.0"),
    ],
)
def test_parameters_that_make_no_sense(module, name, parameters, told):
    with pytest.raises(en.ConfigError, match=told):
        example(module, name, **parameters)

"""State and costs of custom rules: declared, kept in checkpoints, the same after every end."""

import json
import os
import signal
import subprocess

import numpy as np
import pytest
from custom_rules import CALLS, Draws, Everything, Trace
from support import PYTHON, digits, environment

import energynet as en
from energynet.store.folder import Store, run_id

LIMITS = {"hidden": 7, "seed": 3, "max_steps": 160, "test_every": 40, "target_accuracy": 1.0}


def train(rule, **options):
    return en.train(en.TrainingConfig(rule=rule, **LIMITS), digits(), **options)


def assert_alike(result, expected):
    assert (result.outcome, result.steps, result.history) == (
        expected.outcome, expected.steps, expected.history,
    )  # fmt: skip
    assert result.energy == expected.energy
    assert (result.costs, result.cost_history) == (expected.costs, expected.cost_history)
    np.testing.assert_array_equal(result.network.w1, expected.network.w1)
    np.testing.assert_array_equal(result.network.w2, expected.network.w2)
    assert result.state.keys() == expected.state.keys()
    for name, array in result.state.items():
        assert array.dtype == expected.state[name].dtype
        np.testing.assert_array_equal(array, expected.state[name])


@pytest.fixture(scope="module")
def whole():
    return train(Trace(0.9))


def test_a_result_has_state_and_costs(whole):
    assert {name: (a.dtype.str, a.shape) for name, a in whole.state.items()} == {
        "trace": ("<f4", (41, 7)),
        "seen": ("<i2", (2, 4)),
        "ever": ("|b1", (7,)),
        "total": ("<f8", ()),
    }
    assert not whole.state["trace"].flags.writeable
    assert whole.state["seen"].sum() == 160
    assert whole.state["total"] == -1
    assert whole.costs["tests"] == 160
    assert whole.costs["maintenance"] > 80
    assert whole.cost_history["tests"] == (0.0,) * 4
    assert whole.cost_history["maintenance"][-1] == whole.costs["maintenance"]
    assert np.all(np.diff(whole.cost_history["maintenance"]) > 0)
    paid, last = whole.energy.m0 - whole.history[-1].m0, whole.energy.m1 - whole.history[-1].m1
    assert (paid, last) == (32, pytest.approx(8.0))
    content = whole.to_dict()
    assert content["costs"] == whole.costs
    assert content["history"][1]["cost_maintenance"] == whole.cost_history["maintenance"][1]
    assert ("cost tests", "160") in whole.summary()
    assert ("may change in a step", "what the rule chooses") in whole.summary()
    assert "costs" not in train(Everything()).to_dict()


def test_state_and_costs_survive_every_end(tmp_path, whole):
    """Interrupted in a callback; then finished, and finished again from its last checkpoint."""
    path = tmp_path / "c"
    CALLS.clear()
    for name, stop in (("progress", 70), ("on_test", 120)):

        def interrupt(told, *_, stop=stop):
            if told.step >= stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(Trace(0.9), checkpoint=path, **{name: interrupt})
    assert_alike(train(Trace(0.9), checkpoint=path), whole)
    assert_alike(train(Trace(0.9), checkpoint=path), whole)
    assert len(CALLS) == 1


class Signalled(Trace):
    """Sends itself a signal in a step, `often` times, unless it did before."""

    often: int

    def disturb(self, step):
        if step.number == 77 and not SENT:
            SENT.append(step.number)
            for _ in range(self.often):
                os.kill(os.getpid(), signal.SIGINT)


class Raises(Trace):
    def disturb(self, step):
        if step.number == 77 and not SENT:
            SENT.append(step.number)
            raise (KeyboardInterrupt, ZeroDivisionError)[step.state["seen"].sum() % 2]


SENT = []


@pytest.mark.parametrize(("rule", "at"), [(Signalled(0.9, 1), 78), (Signalled(0.9, 2), 40)])
def test_an_interrupt_waits_for_the_end_of_the_step_and_a_second_does_not(
    rule, at, tmp_path, whole
):
    SENT.clear()
    with pytest.raises(KeyboardInterrupt):
        train(rule, checkpoint=tmp_path / "c")
    with np.load(tmp_path / "c") as stored:
        assert stored["clock"].tolist() == [at, 0]
        assert stored["state_seen"].sum() == at
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert_alike(train(rule, checkpoint=tmp_path / "c"), whole)


def test_an_exception_of_select_leaves_the_checkpoint_as_it_was(tmp_path, whole):
    SENT.clear()
    with pytest.raises(ZeroDivisionError):
        train(Raises(0.9), checkpoint=tmp_path / "c")
    with np.load(tmp_path / "c") as stored:
        assert (stored["clock"][0], stored["state_seen"].sum()) == (40, 40)
    assert_alike(train(Raises(0.9), checkpoint=tmp_path / "c"), whole)


KILLED = """
import json, os, signal, sys
import energynet as en
from custom_rules import Trace
from support import digits

where, path, limits = sys.argv[1:]

def kill(told=None, *_):
    if told.step > 60:
        os.kill(os.getpid(), signal.SIGKILL)

class Killed(Trace):
    def disturb(self, step):
        if where == "select" and step.number == 77:
            os.kill(os.getpid(), signal.SIGKILL)

Killed.__module__, Killed.__qualname__ = Trace.__module__, "Trace"
config = en.TrainingConfig(rule=Killed(0.9), **json.loads(limits))
en.train(config, digits(), checkpoint=path, **({} if where == "select" else {where: kill}))
"""


@pytest.mark.parametrize("where", ["select", "progress", "on_test"])
def test_a_killed_run_resumes_with_the_same_bits(where, tmp_path, whole):
    path = tmp_path / "c"
    done = subprocess.run(
        [*PYTHON, "-c", KILLED, where, str(path), json.dumps(LIMITS)],
        env=environment(),
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with np.load(path) as stored:
        assert stored["clock"][0] == stored["state_seen"].sum() == 40
    assert_alike(train(Trace(0.9), checkpoint=path), whole)


def test_a_sweep_resumes_with_state(tmp_path, whole):
    config, data = en.TrainingConfig(rule=Trace(0.9), **LIMITS), digits()
    store, identity = Store(tmp_path), run_id(config, data.sha256)
    store.begin(identity, config, data.sha256)

    def interrupt(told):
        if told.step > 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Trace(0.9), checkpoint=store.checkpoint(identity), progress=interrupt)
    row = en.sweep([config], tmp_path, data=data, workers=1, progress=False).iloc[0]
    costs = {name: row[f"cost_{name}"] for name in whole.costs}
    assert (row["m0"], row["m1"], costs) == (whole.energy.m0, whole.energy.m1, whole.costs)


class Declares(en.PlasticityRule):
    which: int
    costs = ("upkeep",)

    def state(self, shape):
        return DECLARED[self.which][0]

    def select(self, step):
        return True, True


DECLARED = [
    (None, "state must return a dict of arrays, got None: is a return missing"),
    ([np.zeros(3)], "state must return a dict of arrays, got a list of 1"),
    ({"a b": np.zeros(3)}, "names of state must be names of Python, got 'a b'"),
    ({"_a": np.zeros(3)}, "names of state must be names of Python, got '_a'"),
    ({3: np.zeros(3)}, "names of state must be names of Python, got 3"),
    ({"a": [0.0]}, r"state\['a'\] must be an array of bool, integers or real .* got a list of 1"),
    ({"a": np.zeros(3, complex)}, r"state\['a'\] must be an array .* got complex128"),
    ({"a": np.array(["x"])}, r"state\['a'\] must be an array .* got <U1"),
    ({"a": np.array([None])}, r"state\['a'\] must be an array .* got object"),
]


@pytest.mark.parametrize("which", range(len(DECLARED)))
def test_what_is_no_state_is_refused(which):
    with pytest.raises(en.RuleError, match=f"rule .*:Declares: {DECLARED[which][1]}"):
        train(Declares(which))


class Writes(Trace):
    """Does one of these things with its state and costs."""

    which: int

    def disturb(self, step):
        WRITES[self.which][0](step)


WRITES = [
    (lambda step: step.state["trase"], "state has trace, seen, ever, total, but no 'trase'"),
    (lambda step: step.state.__setitem__("new", 0), "state has trace, .* but no 'new'"),
    (
        lambda step: step.state.__setitem__("ever", np.ones(7)),
        r"state\['ever'\] must be written with bool of shape \(7,\), got float64 of shape \(7,\)",
    ),
    (
        lambda step: step.state.__setitem__("trace", np.ones(7)),
        r"state\['trace'\] must be written with float32 of shape \(41, 7\), got .* \(7,\)",
    ),
    (lambda step: step.add_cost("x", 1), "costs of the rule are maintenance, tests, got 'x'"),
    (lambda step: step.add_cost("tests", -1), "cost tests must be a finite number of 0 or above"),
    (lambda step: step.add_cost("tests", np.inf), "cost tests must be a finite .* got inf"),
    (lambda step: step.add_cost("tests", np.nan), "cost tests must be a finite .* got nan"),
    (lambda step: step.add_cost("tests", "1"), "cost tests must be a finite .* got '1'"),
    (lambda step: step.add_cost("tests", True), "cost tests must be a finite .* got True"),
    (lambda step: step.add_cost("tests", np.ones(2)), "cost tests must be a finite number"),
]


@pytest.mark.parametrize("which", range(len(WRITES)))
def test_what_does_not_fit_state_or_costs_is_refused(which):
    with pytest.raises(en.RuleError, match=f"rule .*:Writes, step 0: {WRITES[which][1]}"):
        train(Writes(0.9, which))


class Stateless(en.PlasticityRule):
    cost: bool

    def select(self, step):
        step.add_cost("upkeep", 1) if self.cost else step.state["trace"]


def test_a_rule_that_declares_nothing_is_told_how():
    with pytest.raises(
        en.RuleError, match=r'declares no costs: write costs = \("upkeep",\) in its'
    ):
        train(Stateless(True))
    with pytest.raises(
        en.RuleError, match=r"declares no state, .* define state\(self, shape\), wh"
    ):
        train(Stateless(False))
    for costs in (["a"], "abc", ("A",), ("a", "a"), ("a-b",), (3,)):
        with pytest.raises(
            TypeError, match="costs of Own must be a tuple of different names of sma"
        ):
            type("Own", (en.PlasticityRule,), {"costs": costs, "select": Stateless.select})


class WritesThrough(Draws):
    def state(self, shape):
        return {"last": np.zeros(shape.hidden, np.float32), "steps": np.zeros((), np.int64)}

    def select(self, step):
        kept = step.state["last"]
        step.state["last"] = step.hidden.post.astype(float)
        step.state["steps"] += 1
        assert step.state["last"] is kept
        np.testing.assert_array_equal(kept, step.hidden.post)
        step.state["last"] = 0
        assert not kept.any()
        return super().select(step)


def test_what_is_assigned_to_state_is_written_into_it():
    result = train(WritesThrough(0.3))
    assert result.state["steps"] == 160


class Ends(en.PlasticityRule):
    which: int

    def select(self, step):
        return False, True

    def finish(self, step):
        return ENDS[self.which][0]


ENDS = [
    (True, "finish must return two choices"),
    ((True, False), "hidden layer: paid of a Change must be False"),
    ((False, np.full((8, 4), np.inf)), r"output layer: updates must be finite .* at \(0, 0\)"),
]


@pytest.mark.parametrize("which", range(len(ENDS)))
def test_what_a_rule_may_not_pay_in_the_end(which):
    with pytest.raises(en.RuleError, match=f"rule .*:Ends, at the end.*{ENDS[which][1]}"):
        train(Ends(which))


def test_a_run_that_diverged_does_not_finish():
    config = en.TrainingConfig(rule=Ends(0), **{**LIMITS, "learning_rate": 1e30})
    assert en.train(config, digits()).outcome == "diverged"


OTHERS = [
    (
        ("state", lambda self, shape: {"trace": np.zeros((shape.n_in + 1, shape.hidden))}),
        r"state .* \(ever bool \(7,\), .* instead of trace float64 \(41, 7\)\)",
    ),
    (("costs", ("tests",)), r"costs .* \(maintenance, tests instead of tests\)"),
]


@pytest.mark.parametrize(("changed", "told"), OTHERS)
def test_a_checkpoint_of_other_state_is_refused(changed, told, tmp_path, monkeypatch):
    train(Trace(0.9), checkpoint=tmp_path / "c")
    monkeypatch.setattr(Trace, *changed)
    with pytest.raises(en.FileError, match=f"checkpoint .*c holds other {told}: choose another fi"):
        train(Trace(0.9), checkpoint=tmp_path / "c")

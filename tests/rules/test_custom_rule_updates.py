"""What custom rules see and answer beyond choices: twins, built-in kernels, payments, compiled."""

import numpy as np
import pytest
from custom_rules import Draws, Everything, FirstUnits
from naive import NaiveRun
from support import counts, dense, digest, digits

import energynet as en
from energynet.config import DTYPES
from energynet.kernels.rules.steps import FOLD_EVERY
from energynet.rules.compiled import ARGUMENTS
from energynet.training.run import prepare


def run_of(rule, steps, threads=1, count_updates=False, **values):
    """A run after so many steps, in two parts; with another exponent than 1."""
    values = {"hidden": 9, "seed": 2, "alpha": 0.5} | values
    run = prepare(
        en.TrainingConfig(rule=rule, max_steps=steps, **values),
        digits(),
        threads,
        count_updates=count_updates,
    )
    for stop in (0, steps // 3, steps):
        run.advance(stop)
    return run


class Readout(en.PlasticityRule):
    def select(self, step):
        return False, True


class Lazy(en.PlasticityRule):
    def select(self, step):
        wrong = step.prediction != step.label
        return wrong, wrong


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("rule", "built_in", "options"),
    [
        (Everything(), en.AllSynapses(), {}),
        (Everything(), en.AllSynapses(), {"margin": 0.2, "sample_order": "permutation"}),
        (Readout(), en.Readout(), {}),
        (Lazy(), en.AllSynapses(), {"margin": 0}),
    ],
)
def test_true_is_carried_out_by_the_built_in_kernels(rule, built_in, options, dtype):
    steps = FOLD_EVERY + 50
    seen = {} if isinstance(rule, Lazy) else options
    counted = dtype == "float64"
    own = run_of(rule, steps, 1 if counted else 2, counted, dtype=dtype, **seen)
    expected = run_of(built_in, steps, 1, counted, dtype=dtype, **options)
    assert digest(own) == digest(expected)
    if counted:
        for ours, theirs in zip(counts(own), counts(expected), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_forms_of_the_same_choice_have_the_same_bits():
    runs = [
        run_of(FirstUnits(4, form), 100, 1, True, hidden=67, dtype="float64")
        for form in ("factors", "mask", "turned mask", "lists")
    ]
    assert len({digest(run) for run in runs}) == 1
    first, *others = [counts(run) for run in runs]
    for other in others:
        assert all(map(np.array_equal, first, other))


class PartOfAMask(Draws):
    """Gives masks that do not begin where a word of memory does."""

    def select(self, step):
        shifted = []
        for mask in super().select(step):
            memory = np.zeros(mask.size + 1, bool)[1:].reshape(mask.shape)
            memory[:] = mask
            memory.flags.writeable = False
            shifted.append(memory)
        return shifted


@pytest.mark.parametrize("fraction", [0.004, 0.2, 0.9])
def test_masks_wherever_they_are(fraction):
    digests = {
        digest(run_of(rule(fraction), 60, hidden=61, seed=4)) for rule in (Draws, PartOfAMask)
    }
    assert len(digests) == 1


def answers(dw, weights, label, outputs, rate, form):
    """Updates that depend on all that a step shows, and what is paid for them."""
    applied = dw * (1 - np.abs(weights) / 3) * (1 + label) * (1 + rate)
    applied[np.abs(dw) < 2e-5] = 0
    if form.endswith("True"):
        applied = dw
    paid = applied
    if form.startswith("change"):
        paid = np.where(applied > 0, 2 * applied + abs(outputs[0]), 0)
    return applied, paid


def in_form(form, applied, paid):
    def sparse(values):
        indices = np.nonzero(values)
        return *indices, values[indices]

    return {
        "dense": lambda: applied,
        "sparse": lambda: sparse(applied),
        "change": lambda: en.Change(applied, paid),
        "change sparse": lambda: en.Change(sparse(applied), list(sparse(paid))),
        "change True": lambda: en.Change(True, paid),
        "change free": lambda: en.Change(applied, False),
    }[form]()


class Updates(en.PlasticityRule):
    form: str

    def select(self, step):
        assert step.outputs.argmax() == step.prediction
        assert not step.outputs.flags.writeable
        chosen = []
        for layer in (step.hidden, step.output):
            assert not layer.weights.flags.writeable
            each = answers(
                *(layer.dw, layer.weights, step.label, step.outputs, step.learning_rate, self.form)
            )
            chosen.append(in_form(self.form, *each))
        return chosen


class Twin(NaiveRun):
    """What the rule `Updates` does."""

    form = ""

    def changes(self, x, a, outputs, dw1, dw2):
        label = self.labels[self.image_number()]
        each = [
            answers(dw, weights, label, outputs, self.eta, self.form)
            for dw, weights in ((dw1, self.w1), (dw2, self.w2))
        ]
        if self.form == "change free":
            each = [(applied, np.zeros_like(paid)) for applied, paid in each]
        return each


FORMS = ["dense", "sparse", "change", "change sparse", "change True", "change free"]


@pytest.mark.parametrize("form", FORMS)
def test_updates_and_payments_agree_with_a_naive_twin(form):
    data = digits()
    run = run_of(Updates(form), 200, 1, True, dtype="float64", output="softmax")
    twin = Twin(
        *(data.x_train, data.y_train, data.classes, 9, "all", 2),
        output="softmax",
        alphas=(0.5,),
    )
    twin.form = form
    for _ in range(200):
        twin.advance()
    for ours, theirs in zip(dense(run), (twin.w1, twin.w2), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(run.energies.m0, twin.m0)
    np.testing.assert_allclose(run.energies.power, [twin.m1, twin.m_alpha[0.5]], rtol=1e-9)
    for ours, theirs in zip(counts(run), twin.counts, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    sums = np.add.reduce(dense(run)[0][:-1], axis=0)
    np.testing.assert_allclose(run.weights.r, sums, rtol=0, atol=1e-12)


class Rounds(en.PlasticityRule):
    """Updates that are rounded to the type of the weights; some to 0."""

    def select(self, step):
        hidden, output = np.zeros(step.hidden.dw.shape), np.full(step.output.dw.shape, 1e-60)
        hidden[0, 0], hidden[1, 0] = 1 + 1e-12, -0.0
        return hidden, output.astype(np.longdouble)


def test_updates_are_rounded_before_they_are_counted():
    run = run_of(Rounds(), 3, dtype="float32")
    assert run.energies.m0.tolist() == [3, 0]
    assert run.energies.power[0].tolist() == [3.0, 0.0]


class LooksAtWeights(en.PlasticityRule):
    """Mixes steps of all synapses with others, and compares the weights that it sees."""

    def select(self, step):
        SEEN.append([layer.weights.copy() for layer in (step.hidden, step.output)])
        return (True, True) if step.number % 3 else (step.hidden.dw > 0, (True, [True] * 4))


SEEN = []


def test_weights_are_those_before_the_step():
    SEEN.clear()
    config = en.TrainingConfig(hidden=9, rule=LooksAtWeights(), max_steps=40)
    run = prepare(config, digits(), 1)
    run.advance(0)
    for step in range(40):
        before = dense(run)
        run.advance(step + 1)
        for ours, theirs in zip(SEEN[step], before, strict=True):
            np.testing.assert_array_equal(ours, theirs.astype(np.float32))


def compiled_rule(python):
    """The threshold of `Above`, with a count of steps by label, written for Numba."""

    class Compiled(en.PlasticityRule):
        least: float
        word: str = "x"

        def state(self, shape):
            return {"labels": np.zeros(shape.n_out, np.int32), "largest": np.zeros(())}

        @en.compiled(python=python)
        def select(
            pre_hidden, post_hidden, pre_output, post_output, outputs, label, step,  # noqa: N805
            parameters, state, change_hidden, change_output,
        ):  # fmt: skip
            state.labels[label] += 1
            state.largest[()] = max(state.largest[()], outputs.max())
            for i in range(pre_hidden.shape[0]):
                for j in range(post_hidden.shape[0]):
                    change_hidden[i, j] = abs(pre_hidden[i] * post_hidden[j]) > parameters.least
            if step % 2 == 0:
                change_output[: step % 7, 1:] = True

    return Compiled(1e-4)


class Above(en.PlasticityRule):
    least: float

    def select(self, step):
        output = np.zeros(step.output.dw.shape, bool)
        if step.number % 2 == 0:
            output[: step.number % 7, 1:] = True
        return np.abs(step.hidden.dw) > self.least, output


def test_a_compiled_rule_does_what_it_does_as_python():
    runs = [run_of(compiled_rule(python), 60, dtype="float64") for python in (False, True)]
    expected = run_of(Above(1e-4), 60, dtype="float64")
    assert {digest(run) for run in runs} == {digest(expected)}
    first, second = (dict(run.custom.keeping.state) for run in runs)
    assert first["labels"].sum() == 60
    assert first["largest"] == second["largest"] > 0
    np.testing.assert_array_equal(first["labels"], second["labels"])


def test_a_compiled_rule_has_a_name_and_can_be_repeated():
    rule = compiled_rule(False)
    assert (rule.name, rule.parameters) == (
        f"{__name__}:compiled_rule.<locals>.Compiled",
        {"least": 1e-4, "word": "x"},
    )
    with pytest.raises(en.ConfigError, match=r"must be a function of \(pre_hidden, post_hidden, p"):
        en.compiled(lambda self, step: (True, True))


def test_costs_that_a_compiled_select_could_not_report_are_refused():
    kind = type(compiled_rule(True))
    with pytest.raises(en.ConfigError, match="declares costs, which a compiled select cannot repo"):
        type("Own", (kind,), {"costs": ("upkeep",)})(1e-4)
    ends = {"finish": lambda self, step: step.add_cost("upkeep", step.state["labels"].sum())}
    rule = type("Own", (kind,), {"costs": ("upkeep",)} | ends)(1e-4)
    assert en.train(en.TrainingConfig(hidden=3, rule=rule, max_steps=7), digits()).costs == {
        "upkeep": 7
    }


def failing(body):
    """A rule whose compiled select has that line."""
    source = f"def select({', '.join(ARGUMENTS)}):\n    {body}\n"
    names = {}
    exec(source, names)
    select = en.compiled(names["select"])
    return type("Own", (en.PlasticityRule,), {"__module__": __name__, "select": select})()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("change_hidden[0, 0] = unheard_of", "NameError: name 'unheard_of' is not defined"),
        ("change_hidden[0, 0] = parameters.least", "Unknown attribute 'least' of type Parameters"),
        ("pre_hidden[0] = 0", "setitem.*readonly array"),
        ("print(open)", "Untyped global name 'open'"),
    ],
)
def test_what_numba_does_not_compile_is_refused_in_its_words(body, told):
    run = prepare(en.TrainingConfig(hidden=3, rule=failing(body)), digits())
    with pytest.raises(
        en.RuleError, match=f"rule .*:Own: select cannot be compiled: .*{told}"
    ) as e:
        run.advance(0)
    assert "\n" not in str(e.value)
    assert str(e.value).endswith("; @en.compiled(python=True) runs it as Python")

"""Steps of custom rules: what they choose is checked, applied and counted exactly."""

import numpy as np
import pytest
from custom_rules import (
    ANSWERS,
    Answers,
    Draws,
    Everything,
    FirstUnits,
    Largest,
    Raises,
    assert_same,
    result_of,
    untied,
)
from support import digest, digits

import energynet as en
from energynet.config import DTYPES, SAMPLE_ORDERS
from energynet.kernels.rules.steps import FOLD_EVERY
from energynet.training.run import prepare


@pytest.mark.parametrize("fraction", [0.01, 0.3, 1.0])
def test_largest_written_again_is_the_built_in(fraction):
    assert_same(
        result_of(Largest(fraction), untied()), result_of(en.LargestUpdates(fraction), untied())
    )


@pytest.mark.parametrize(
    "form", ["factors", "half factors", "mask", "turned mask", "lists", "small indices", "indices"]
)
def test_every_form_of_a_choice(form):
    expected = result_of(en.FixedMask(4 / 9, over="units"), digits())
    assert_same(result_of(FirstUnits(4, form), digits()), expected)


@pytest.mark.parametrize("options", [{"sample_order": "permutation"}, {"activation": "tanh"}, {}])
def test_all_synapses(options):
    expected = result_of(en.AllSynapses(), digits(), **options)
    for rule in (Everything(), Draws(1.0)):  # a mask that is True everywhere differs by rounding
        assert_same(result_of(rule, digits(), **options), expected)


class Counts(en.PlasticityRule):
    """All synapses, or none in every second call; keeps the numbers of its steps and draws."""

    every: int

    def select(self, step):
        SEEN.append((step.number, step.random.random()))
        chosen = len(SEEN) % self.every == 0
        return chosen, chosen


SEEN = []


@pytest.mark.parametrize("order", SAMPLE_ORDERS)
def test_select_is_called_in_steps_that_are_learnt(order):
    options = {"sample_order": order, "margin": 0.1, "max_steps": FOLD_EVERY + 50}
    SEEN.clear()
    own, expected = (result_of(rule, digits(), **options) for rule in (Counts(1), en.AllSynapses()))
    assert_same(own, expected)
    assert len(SEEN) == own.learning_steps == expected.learning_steps < own.steps
    numbers, draws = zip(*SEEN, strict=True)
    SEEN.clear()
    without = result_of(Counts(2), digits(), **(options | {"margin": None}))
    assert without.learning_steps == len(SEEN) == without.steps  # also where nothing is chosen
    assert [SEEN[number][1] for number in numbers] == list(draws)


def test_the_background_is_summed_afresh_now_and_then():
    config = en.TrainingConfig(hidden=3, rule=Everything(), dtype="float64", max_steps=FOLD_EVERY)
    run = prepare(config, digits())
    for stop in (FOLD_EVERY - 1, FOLD_EVERY):
        run.advance(stop)
        afresh = np.add.reduce(run.weights.u[:-1], axis=0, dtype=np.float64)
        assert np.array_equal(run.weights.r, afresh) == (stop == FOLD_EVERY)


def test_a_step_that_meets_what_is_not_finite_is_not_applied():
    own, built_in = (
        result_of(rule, digits(), learning_rate=1e30, dtype="float32")
        for rule in (Everything(), en.AllSynapses())
    )
    assert own.outcome == built_in.outcome == "diverged"
    assert own.steps == built_in.steps
    assert own.energy.per_layer.m0 == built_in.energy.per_layer.m0
    assert own.energy.m1 == pytest.approx(built_in.energy.m1, rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_same_seed_same_bits(dtype):
    config = en.TrainingConfig(hidden=9, rule=Draws(0.2), dtype=dtype, seed=5, max_steps=60)
    digests = set()
    for stops in ([60], range(1, 61), [7, 31, 60]):
        for threads in (1, 2):
            run = prepare(config, digits(), threads)
            run.advance(0)
            for stop in stops:
                run.advance(stop)
            digests.add(digest(run))
    assert len(digests) == 1
    other = prepare(en.TrainingConfig(**{**vars(config), "seed": 6}), digits())
    other.advance(60)
    assert digest(other) not in digests


@pytest.mark.parametrize("sample_order", SAMPLE_ORDERS)
def test_an_interrupted_run_goes_on(sample_order, tmp_path):
    config = en.TrainingConfig(
        hidden=9, rule=Draws(0.2), max_steps=400, test_every=100, sample_order=sample_order
    )
    whole = en.train(config, digits())

    def interrupt(progress):
        if progress.step > 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        en.train(config, digits(), checkpoint=tmp_path / "c", progress=interrupt)
    again = en.train(config, digits(), checkpoint=tmp_path / "c")
    assert (again.energy, again.history) == (whole.energy, whole.history)
    np.testing.assert_array_equal(again.network.w1, whole.network.w1)


class Interrupts(Draws):
    """Is interrupted once, at one of its steps."""

    def select(self, step):
        if step.number == 77 and not INTERRUPTED:
            INTERRUPTED.append(step.number)
            raise KeyboardInterrupt
        return super().select(step)


INTERRUPTED = []


def test_a_run_interrupted_in_its_rule_goes_on(tmp_path):
    config = en.TrainingConfig(hidden=9, rule=Interrupts(0.2), max_steps=200, test_every=50)
    with pytest.raises(KeyboardInterrupt):
        en.train(config, digits(), checkpoint=tmp_path / "c")
    again = en.train(config, digits(), checkpoint=tmp_path / "c")
    whole = en.train(config, digits())
    assert (again.energy, again.history) == (whole.energy, whole.history)
    np.testing.assert_array_equal(again.network.w1, whole.network.w1)


@pytest.mark.parametrize("which", range(len(ANSWERS)))
def test_what_is_no_choice_is_refused_before_anything_changes(which):
    run = prepare(en.TrainingConfig(hidden=3, rule=Answers(which)), digits())
    run.advance(0)
    before = digest(run)
    message = f"rule custom_rules:Answers, step 0.*{ANSWERS[which][1]}"
    with pytest.raises(en.RuleError, match=message):
        run.advance(1)
    assert digest(run) == before
    assert not run.drawn.any()


class Scribbles(en.PlasticityRule):
    where: str

    def select(self, step):
        getattr(step.hidden, self.where)[:] = 0


class Insists(Draws):
    """Writes to what is read-only: to its own copy."""

    def select(self, step):
        choice = super().select(step)
        for layer in (step.hidden, step.output):
            for factor in (layer.pre, layer.post, layer.dw, layer.weights):
                factor.flags.writeable = True
                factor[:] = np.nan
        return choice


def test_no_rule_can_touch_the_run():
    assert_same(result_of(Insists(0.2), digits()), result_of(Draws(0.2), digits()))


class Remembers(en.PlasticityRule):
    when: str

    def check(self):
        if self.when == "checked":
            self.trace = 0

    def select(self, step):
        self.trace = step.number
        return True, True


def test_a_rule_keeps_nothing_but_its_state():
    told = "cannot assign to field 'trace': parameters are fixed .* is declared in state\\(self, sh"
    with pytest.raises(en.RuleError, match=f"rule .*:Remembers, step 0: {told}"):
        result_of(Remembers("later"), digits())
    with pytest.raises(en.ConfigError, match=f"rule .*:Remembers: {told}"):
        Remembers("checked")


class Misreads(en.PlasticityRule):
    """An error of its own, a ValueError as NumPy's for read-only arrays."""

    def select(self, step):
        return int("some"), True


@pytest.mark.parametrize(
    ("rule", "error"), [(Raises(), ZeroDivisionError), (Misreads(), ValueError)]
)
def test_errors_of_rules_go_through(rule, error):
    with pytest.raises(error) as raised:
        result_of(rule, digits())
    assert type(raised.value) is error


@pytest.mark.parametrize("where", ["pre", "post", "dw", "weights"])
def test_writing_to_what_a_step_shows_is_told(where):
    told = (
        "rule .*:Scribbles, step 0: .*read-only: what a step shows cannot be changed: return a ma"
    )
    with pytest.raises(en.RuleError, match=told):
        result_of(Scribbles(where), digits())


@pytest.mark.usefixtures("examples")
def test_the_examples_do_what_they_say():
    from probabilistic import Probabilistic
    from threshold import Threshold

    every = result_of(en.AllSynapses(), digits())
    assert_same(result_of(Threshold(0.0), digits()), every)
    none = result_of(Threshold(1e9), digits())
    assert (none.energy.m0, none.energy.direct.m0) == (0, 0)
    some = result_of(Threshold(1e-3), digits())
    assert 0 < some.energy.m0 < every.energy.m0
    assert some.energy.m1 >= 1e-3 * some.energy.m0

    chosen = result_of(Probabilistic(0.1), untied(), hidden=30)
    expected = 0.1 * chosen.steps * chosen.synapses
    assert 0.8 * expected < chosen.energy.m0 < 1.02 * expected  # less where cut at 1
    alike = result_of(en.RandomSubset(0.1), untied(), hidden=30)
    larger = chosen.energy.m1 / chosen.energy.m0
    assert larger > 1.2 * alike.energy.m1 / alike.energy.m0
    with pytest.raises(en.ConfigError, match=r"fraction must be in \(0, 1\], got 0.0"):
        Probabilistic(0)
